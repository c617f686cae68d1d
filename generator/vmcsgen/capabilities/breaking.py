"""What of a new spec breaks those who use what was generated from the old one.

docs/stability.md has the policy. Users hold on to ids, constants, encodings, conditions and the
VMCS_ENUM of processors; titles, notes, sources and statuses may change.
"""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.capabilities.assess import assess
from vmcsgen.capabilities.breakage import KINDS, Breakage, Compatibility
from vmcsgen.capabilities.breaking_projects import Judged, Pairs, Renamed, of_projects
from vmcsgen.capabilities.sources import processor
from vmcsgen.capabilities.spec_facts import called, closed, constants, places, requirement_text
from vmcsgen.core.encoding import Width
from vmcsgen.core.enumeration import existence
from vmcsgen.core.requirement import Requirement, Term, terms
from vmcsgen.core.spec import Feature, Field, Inference, Spec
from vmcsgen.specfile.cpus import KnownCpus


def compatibility(old: Spec, new: Spec, known: KnownCpus) -> Compatibility:
    """What users of what was generated from ``old`` meet when it is generated from ``new``.

    ``known`` are the CPUs whose fields and VMCS_ENUM are compared, each judged by both specs.
    """
    pairs = _pairs(old, new)
    renamed = dict(_renamed_controls(old, new))
    judged = [
        (cpu, assess(old, processor(cpu), known), assess(new, processor(cpu), known))
        for cpu in known.cpus
    ]
    found = [
        *_fields(old, pairs),
        *_existence(old, new, pairs, renamed, judged),
        *_controls(old, new, renamed),
        *_msrs(old, new),
        *_activation(old, new, renamed),
        *_inferences(old, new, renamed),
        *of_projects(old, new, pairs, renamed, judged),
        *_vmcs_enum(judged),
    ]
    order = list(KINDS)
    return Compatibility(
        tuple(sorted(found, key=lambda each: order.index(each.kind))),
        _new(old, new, pairs, renamed),
    )


def _pairs(old: Spec, new: Spec) -> Pairs:
    """Only what is generated counts: an unconfirmed field is none."""
    by_id = {each.id: each for each in new.confirmed}
    ids = {each.id for each in old.confirmed}
    by_encoding = {each.encoding: each for each in new.confirmed if each.id not in ids}
    pairs = {}
    for each in old.confirmed:
        same = by_id.get(each.id) or by_encoding.get(each.encoding)
        if same is not None:
            pairs[each.id] = same
    return pairs


def _fields(old: Spec, pairs: Pairs) -> Iterator[Breakage]:
    for field in old.confirmed:
        same = pairs.get(field.id)
        if same is None:
            yield Breakage("field_removed", field.id, str(field.encoding))
        elif same.id != field.id:
            yield Breakage("field_renamed", str(field.encoding), field.id, same.id)
        elif same.encoding != field.encoding:
            yield Breakage("encoding_changed", field.id, _layout(field), _layout(same))


def _layout(field: Field) -> str:
    width = field.width.label + ("" if field.width is Width.NATURAL else "-bit")
    return f"{field.encoding} ({width} {field.type.title}, index {field.index})"


def _existence(
    old: Spec, new: Spec, pairs: Pairs, renamed: Renamed, judged: Judged
) -> Iterator[Breakage]:
    """Requirements that are written differently but hold alike break nothing."""
    for field in old.confirmed:
        same = pairs.get(field.id)
        if same is None:
            continue
        before = _alternatives(field.requires, renamed)
        after = _alternatives(same.requires, {})
        if before == after or closed(new, before) == closed(new, after):
            continue
        differing = tuple(
            cpu.id
            for cpu, left, right in judged
            if existence(field, left.capabilities) is not existence(same, right.capabilities)
        )
        yield Breakage(
            "existence_changed",
            field.id,
            requirement_text(before),
            requirement_text(after),
            differing,
        )


def _alternatives(requirement: Requirement | None, renamed: Renamed) -> frozenset[Term]:
    """The minimal terms of a requirement, with the names that the new spec has for them."""
    assert requirement is not None  # the field is confirmed
    return called(terms(requirement), renamed)


def _renamed_controls(old: Spec, new: Spec) -> Iterator[tuple[str, str]]:
    """(old name, new name) of what is the same bit under a name that the old spec did not have."""
    left, right = places(old), places(new)
    fresh = {place: name for name, place in right.items() if name not in left}
    for name, place in left.items():
        if name not in right and place in fresh:
            yield name, fresh[place]


def _controls(old: Spec, new: Spec, renamed: Renamed) -> Iterator[Breakage]:
    left, right = places(old), places(new)
    for name, place in left.items():
        if name in renamed:
            yield Breakage("control_renamed", place, name, renamed[name])
        elif name not in right:
            yield Breakage("control_removed", name, place)
        elif right[name] != place:
            yield Breakage("control_moved", name, place, right[name])


def _msrs(old: Spec, new: Spec) -> Iterator[Breakage]:
    """Capability MSRs by their names, which generated code has for members of VmxCaps."""
    left, right = _msr_names(old), _msr_names(new)
    for msr, name in left.items():
        if msr in right and right[msr] != name:
            yield Breakage("msr_renamed", f"MSR {msr:#x}", name, right[msr])


def _msr_names(spec: Spec) -> dict[int, str]:
    names = {group.msr: group.msr_name for group in spec.groups}
    return names | {
        group.true_msr: group.true_msr_name
        for group in spec.groups
        if group.true_msr is not None and group.true_msr_name is not None
    }


def _activation(old: Spec, new: Spec, renamed: Renamed) -> Iterator[Breakage]:
    for group in old.groups:
        same = new.group_by_id.get(group.id)
        before = renamed.get(group.activated_by or "", group.activated_by)
        if same is not None and same.activated_by != before:
            yield Breakage(
                "activation_changed", group.id, before or "none", same.activated_by or "none"
            )


def _inferences(old: Spec, new: Spec, renamed: Renamed) -> Iterator[Breakage]:
    """What of a feature could be concluded without CPUID, and no longer can."""
    for feature in old.features:
        same = new.feature_by_name.get(renamed.get(feature.name, feature.name))
        there = set() if same is None else set(_conclusions(same, {}))
        for conclusion, wide in _conclusions(feature, renamed):
            if same is not None and not {(conclusion, wide), (conclusion, True)} & there:
                scope = "" if wide else " (processors)"
                yield Breakage("inference_removed", same.name, f"{conclusion}{scope}")


def _conclusions(feature: Feature, renamed: Renamed) -> Iterator[tuple[str, bool]]:
    """Each inference in words, and whether it holds for virtual machines, too."""
    for each in feature.inferences:
        truths = ("no", "yes")
        witness = _witness(each, renamed)
        conclusion = f"{truths[each.conclusion]} if {witness} is {truths[each.when]}"
        yield conclusion, not each.hardware_only


def _witness(inference: Inference, renamed: Renamed) -> str:
    if inference.control is not None:
        return renamed.get(inference.control, inference.control)
    return f"bit {inference.bit} of MSR {inference.msr:#x}"


def _vmcs_enum(judged: Judged) -> Iterator[Breakage]:
    """Raised or lowered: a guest that moves between hypervisors sees another value."""
    changes: dict[tuple[int, int], list[str]] = {}
    for cpu, left, right in judged:
        values = left.enumeration.vmcs_enum, right.enumeration.vmcs_enum
        if values[0] != values[1]:
            changes.setdefault(values, []).append(cpu.id)
    for (before, after), cpus in changes.items():
        yield Breakage(
            "vmcs_enum_changed", "IA32_VMX_VMCS_ENUM", f"{before:#x}", f"{after:#x}", tuple(cpus)
        )


def _new(old: Spec, new: Spec, pairs: Pairs, renamed: Renamed) -> dict[str, tuple[str, ...]]:
    paired = {each.id for each in pairs.values()}
    known_places = places(old).keys() | set(renamed.values())
    new_constants = []
    for project in new.projects:
        before = old.project_by_id.get(project.id)
        known = set() if before is None else set(constants(old, before))
        reached = set() if before is None else set(constants(old, before).values())
        new_constants += [
            f"{project.id} {name}"
            for name, encoding in constants(new, project).items()
            if name not in known and encoding not in reached
        ]
    return {
        "fields": tuple(
            f"{each.id} ({each.encoding})" for each in new.confirmed if each.id not in paired
        ),
        "controls": tuple(name for name in places(new) if name not in known_places),
        "projects": tuple(each.id for each in new.projects if each.id not in old.project_by_id),
        "constants": tuple(new_constants),
    }
