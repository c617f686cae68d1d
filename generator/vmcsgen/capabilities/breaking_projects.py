"""What of a new spec breaks those who use a code base's names: constants, controls, subsets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vmcsgen.capabilities.assess import Assessment
from vmcsgen.capabilities.breakage import Breakage
from vmcsgen.capabilities.spec_facts import called, closed, meanings, places, requirement_text
from vmcsgen.core.enumeration import enumerate_fields, ladder
from vmcsgen.core.project import Project, Subset
from vmcsgen.core.requirement import Term
from vmcsgen.core.spec import Field, Match, Spec
from vmcsgen.specfile.cpus import KnownCpu

Pairs = Mapping[str, Field]
"""Id of an old field -> the new field that it is: the one with its id, else with its encoding."""

Judged = Sequence[tuple[KnownCpu, Assessment, Assessment]]
"""Known CPUs, each as the old and as the new spec judge it."""

Renamed = Mapping[str, str]
"""Old -> new name of controls and features that are called otherwise."""


def of_projects(
    old: Spec, new: Spec, pairs: Pairs, renamed: Renamed, judged: Judged
) -> Iterator[Breakage]:
    """All of it. What follows from a field or control that is gone or moved is reported with it."""
    for project in old.projects:
        same = new.project_by_id.get(project.id)
        if same is None:
            yield Breakage("project_removed", project.id, project.title)
            continue
        yield from _constants(old, new, project, same, pairs)
        yield from _controls(new, project, same, renamed)
        for name, subset in project.subsets.items():
            what = f"{project.id} {name}"
            after = same.subsets.get(name)
            if after is None:
                yield Breakage("subset_removed", what, subset.title)
                continue
            yield from _fields(what, subset, after, pairs)
            yield from _members(what, (project, subset), (same, after), pairs)
            yield from _ladder(what, (old, subset), (new, after), renamed, judged)


def _constants(
    old: Spec, new: Spec, project: Project, same: Project, pairs: Pairs
) -> Iterator[Breakage]:
    after = meanings(new, same)
    names = {(match.field.id, match.high): name for name, match in reversed(after.items())}
    for name, before in meanings(old, project).items():
        value = before.field.encoding.value | before.high
        field = pairs.get(before.field.id)
        what = f"{project.id} {name}"
        if name in after:
            if (after[name].field, after[name].high) != (field, before.high):
                yield Breakage("constant_changed", what, _meaning(before), _meaning(after[name]))
        elif field is not None:
            other = names.get((field.id, before.high))
            if other is None:
                yield Breakage("constant_removed", what, f"{value:#x}")
            else:
                yield Breakage("constant_renamed", f"{project.id} {value:#x}", name, other)


def _meaning(match: Match) -> str:
    half = ", high half" if match.high else ""
    return f"{match.field.id} ({match.field.encoding.value | match.high:#x}{half})"


def _controls(new: Spec, project: Project, same: Project, renamed: Renamed) -> Iterator[Breakage]:
    """Macros, feature words, properties and labels of the controls that are still there."""
    there = places(new)
    for control, names in project.controls.items():
        now = renamed.get(control, control)
        if now not in there:
            continue
        after = same.controls.get(now, {})
        for kind, name in names.items():
            what = f"{project.id} {kind} of {now}"
            if kind not in after:
                yield Breakage("control_name_removed", what, name)
            elif after[kind] != name:
                yield Breakage("control_name_changed", what, name, after[kind])


def _fields(what: str, subset: Subset, after: Subset, pairs: Pairs) -> Iterator[Breakage]:
    for field in subset.fields:
        if field in pairs and pairs[field].id not in after.fields:
            yield Breakage("subset_field_removed", what, field)


def _members(
    what: str, left: tuple[Project, Subset], right: tuple[Project, Subset], pairs: Pairs
) -> Iterator[Breakage]:
    """Members of the subset's struct, where it is one."""
    (project, subset), (same, after) = left, right
    for field in subset.fields if subset.struct and after.struct else ():
        if field in pairs and pairs[field].id in after.fields:
            members = _member(project, subset, field), _member(same, after, pairs[field].id)
            if members[0] != members[1]:
                yield Breakage("member_renamed", f"{what} {field}", *members)


def _member(project: Project, subset: Subset, field: str) -> str:
    return subset.members.get(field, project.fields.get(field, "").lower())


def _ladder(
    what: str,
    left: tuple[Spec, Subset],
    right: tuple[Spec, Subset],
    renamed: Renamed,
    judged: Judged,
) -> Iterator[Breakage]:
    """VMCS_ENUM over the fields of the subset: what KVM reports to a nested hypervisor."""
    fields = [
        [each for each in spec.confirmed if each.id in subset.fields]
        for spec, subset in (left, right)
    ]
    rungs = [
        {
            (rung.vmcs_enum, closed(right[0], alternatives)): requirement_text(alternatives)
            for rung in ladder(spec, these)
            for alternatives in (called(rung.alternatives, names),)
        }
        for spec, these, names in ((left[0], fields[0], renamed), (right[0], fields[1], {}))
    ]
    texts = _rungs(rungs[0], rungs[1]), _rungs(rungs[1], rungs[0])
    if texts == ("none", "none"):
        return
    differing = tuple(
        cpu.id
        for cpu, before, after in judged
        if enumerate_fields(fields[0], before.capabilities).vmcs_enum
        != enumerate_fields(fields[1], after.capabilities).vmcs_enum
    )
    yield Breakage("subset_ladder_changed", what, *texts, differing)


_Rungs = Mapping[tuple[int, frozenset[Term]], str]
"""Value and closed terms of each rung -> the terms as people write them, highest first."""


def _rungs(rungs: _Rungs, others: _Rungs) -> str:
    """What is in ``rungs`` only; "none" if nothing is."""
    own = [f"{rung[0]:#x} if {terms}" for rung, terms in rungs.items() if rung not in others]
    return "; ".join(own) or "none"
