"""A subset of fields kept in a struct: its dense two-level index, groups and ladder.

That is what KVM needs for ``struct vmcs12``: which member a field is, and whether a virtual CPU
with these capabilities has it, as one bit test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vmcsgen.core.encoding import FieldType, Width
from vmcsgen.core.enumeration import Rung, ladder
from vmcsgen.core.project import Project, Subset, Word
from vmcsgen.core.requirement import Term, terms
from vmcsgen.core.spec import Field, Spec
from vmcsgen.diagnostics import refuse
from vmcsgen.records import Record
from vmcsgen.targets.words import BitView, Words, WordView

if TYPE_CHECKING:
    from vmcsgen.targets.shapes import ControlView, FieldView
    from vmcsgen.targets.tree_facts import TreeFacts
    from vmcsgen.targets.view import View

GROUP_LIMIT = 63
"""Groups that a 64-bit mask has room for, group 0 (never) and one bit of its owner's besides."""


class GroupOfSubset(Record):
    """The fields of a subset that exist together; bit ``number`` of the mask says whether."""

    number: int
    constant: str
    title: str
    """What its controls are called in the SDM."""
    words: str
    """The requirement in the SDM's manner, to complete "exists ..."."""
    always: bool
    alternatives: tuple[tuple[BitView, ...], ...]
    """The group exists if all bits of one alternative are set; none: it never does here."""
    fields: tuple[FieldOfSubset, ...]

    @property
    def condition(self) -> tuple[str, ...]:
        """The condition as lines of C, joined by "or"; empty for a group without alternatives."""
        last = len(self.alternatives) - 1
        return tuple(_all_set(bits, number, last) for number, bits in enumerate(self.alternatives))


def _all_set(bits: Sequence[BitView], number: int, last: int) -> str:
    tests = [
        f"{bit.variable} & {bit.spelled if bit.named else f'BIT_ULL({bit.position})'}"
        for bit in bits
    ]
    text = " && ".join(f"({each})" if last or len(bits) > 1 else each for each in tests)
    return f"{f'({text})' if last and len(bits) > 1 else text}{' ||' if number < last else ''}"


class FieldOfSubset(Record):
    """A field of a subset: its constant in the project, its member in the struct."""

    name: str
    member: str
    index: int
    group: str
    """The group's constant."""
    field: FieldView


class RowOfSubset(Record):
    """One width-and-type class: the cells ``first`` to ``first + count - 1``, by index."""

    number: int
    """Bits 14:10 of the encodings."""
    hex: str
    constant: str
    title: str
    first: int
    count: int
    halves: bool
    """Whether the fields have high halves: those of the 64-bit rows."""
    fields: tuple[FieldOfSubset, ...]


class RungOfSubset(Record):
    """One step of the ladder over the fields of the subset; it holds if any group exists."""

    vmcs_enum: int
    hex: str
    always: bool
    groups: tuple[GroupOfSubset, ...]
    fields: tuple[FieldView, ...]


class SubsetTable(Record):
    """Everything that a project's look-up by encoding needs."""

    id: str
    title: str
    struct: str
    capability_struct: str
    groups: tuple[GroupOfSubset, ...]
    """Numbered from 1; group 0 is the empty cell's and never exists."""
    rows: tuple[RowOfSubset, ...]
    """The rows that have fields, by number."""
    cells: int
    words: tuple[WordView, ...]
    """The words that groups ask for, activating ones first."""
    rungs: tuple[RungOfSubset, ...]
    missing: tuple[ControlView, ...]
    """Controls that groups ask for and no word holds."""


def subset_table(view: View, project: Project, name: str, tree: TreeFacts | None) -> SubsetTable:
    """The table of subset ``name``: of the fields that a tree's struct has, else of all.

    DiagnosticError if the struct has a member that is no known field, or groups don't fit.
    """
    subset = project.subsets[name]
    if subset.struct is None or subset.capability_struct is None:
        raise KeyError(f"subset {name} of {project.id} names no struct")
    members = _members(view.spec, project, subset, tree)
    words = Words(view, replace(project, words=_words(subset, tree)))
    missing: dict[str, ControlView] = {}
    named = _constants(view.spec, members)
    groups: dict[tuple[Term, ...], GroupOfSubset] = {}
    in_group: dict[tuple[Term, ...], list[Field]] = {}
    for each in members:
        assert each.requires is not None
        in_group.setdefault(terms(each.requires), []).append(each)
    by_field: dict[str, FieldOfSubset] = {}
    for number, (alternatives, fields) in enumerate(_always_first(in_group), 1):
        if number >= GROUP_LIMIT:
            raise refuse(f"subset {name} has more groups than a mask has bits", project.id)
        kept = []
        for term in alternatives:
            lacking = [each for each in view.spec.closure(term) if not words.hold(each)]
            missing.update((each, view.control[each]) for each in lacking)
            if not lacking:
                kept.append(term)
        for each in fields:
            by_field[each.id] = FieldOfSubset(
                project.name_for(each) or "", members[each], each.index, named[alternatives],
                view.field[each.id],
            )  # fmt: skip
        requires = fields[0].requires
        groups[alternatives] = GroupOfSubset(
            number, named[alternatives], _title(view.spec, alternatives),
            view.spec.words(requires), frozenset() in alternatives,
            words.alternatives(kept) if frozenset() not in alternatives else (),
            tuple(by_field[each.id] for each in fields),
        )  # fmt: skip
    rows = tuple(_rows(by_field.values()))
    return SubsetTable(
        name, subset.title, subset.struct, subset.capability_struct, tuple(groups.values()), rows,
        sum(row.count for row in rows), words.used(),
        tuple(_rung(view, rung, groups) for rung in ladder(view.spec, members)),
        tuple(sorted(missing.values(), key=lambda control: (control.group, control.bit))),
    )  # fmt: skip


def _members(
    spec: Spec, project: Project, subset: Subset, tree: TreeFacts | None
) -> dict[Field, str]:
    """The fields of the subset, ascending by encoding, each with its member.

    In a tree they are those that its struct has members for.
    """
    called = {
        each: subset.members.get(each.id, (project.name_for(each) or "").lower())
        for each in spec.confirmed
    }
    if tree is None or subset.struct is None:
        return {each: called[each] for each in spec.confirmed if each.id in subset.fields}
    there = tree.members(subset.struct)
    unknown = [m for m in there if m not in called.values() and m not in subset.other_members]
    if unknown:
        raise refuse(
            f"struct {subset.struct} has members that no field is called: {', '.join(unknown)}",
            f"spec/projects/{project.id}.yaml", rule="TREE004",
            hint="say what they are in `members` or `other_members` of the subset",
        )  # fmt: skip
    return {each: member for each, member in called.items() if member in there}


def _words(subset: Subset, tree: TreeFacts | None) -> dict[str, Word]:
    if tree is None or subset.capability_struct is None:
        return {group: word for group, word in subset.capability_words.items() if not word.planned}
    there = tree.members(subset.capability_struct)
    return {
        group: replace(word, planned=False)
        for group, word in subset.capability_words.items()
        if word.name in there
    }


def _always_first(
    in_group: dict[tuple[Term, ...], list[Field]],
) -> list[tuple[tuple[Term, ...], list[Field]]]:
    return sorted(in_group.items(), key=lambda item: frozenset() not in item[0])


def _constants(spec: Spec, members: Iterable[Field]) -> dict[tuple[Term, ...], str]:
    """A name for each group: its controls' ids, with their group's id where two share one."""
    shared = Counter(control.id for control in spec.controls.values())

    def short(name: str) -> str:
        group, _, identity = name.partition(".")
        return identity if shared[identity] == 1 else f"{group}_{identity}"

    found: dict[tuple[Term, ...], str] = {}
    for each in members:
        assert each.requires is not None
        alternatives = terms(each.requires)
        text = "_or_".join("_and_".join(map(short, sorted(term))) for term in alternatives)
        found[alternatives] = (text or "always").upper()
    return found


def _title(spec: Spec, alternatives: tuple[Term, ...]) -> str:
    """The titles of a group's controls, with their group's where two share one."""
    shared = Counter(control.title for control in spec.controls.values())

    def title(name: str) -> str:
        control = spec.controls.get(name)
        if control is None:
            return spec.feature_by_name[name].title
        group = spec.group_by_id[control.group].title
        return control.title if shared[control.title] == 1 else f"{control.title} ({group})"

    return " or ".join(" and ".join(map(title, sorted(term))) for term in alternatives)


def _rows(fields: Iterable[FieldOfSubset]) -> Iterable[RowOfSubset]:
    rows: dict[int, list[FieldOfSubset]] = {}
    for each in sorted(fields, key=lambda entry: entry.field.encoding):
        rows.setdefault(each.field.encoding >> 10, []).append(each)
    first = 0
    for number, members in rows.items():
        width, kind = Width(number >> 3), FieldType(number & 3)
        title = f"{width.label}{'-width' if width is Width.NATURAL else '-bit'} {kind.title}"
        count = max(each.index for each in members) + 1
        constant = f"{kind.label}_{width.label}".upper()
        yield RowOfSubset(
            number, f"{number:#04x}", constant, title, first, count, width is Width.W64,
            tuple(members),
        )  # fmt: skip
        first += count


def _rung(view: View, rung: Rung, groups: dict[tuple[Term, ...], GroupOfSubset]) -> RungOfSubset:
    reasons = []
    for each in rung.fields:
        assert each.requires is not None
        reasons.append(groups[terms(each.requires)])
    unique = tuple({each.number: each for each in reasons}.values())
    return RungOfSubset(
        rung.vmcs_enum, f"{rung.vmcs_enum:#x}", any(each.always for each in unique), unique,
        tuple(view.field[each.id] for each in rung.fields),
    )  # fmt: skip
