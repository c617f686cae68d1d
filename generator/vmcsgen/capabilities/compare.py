"""Two processors or two specs, side by side: what the second has more, less or different."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap

from vmcsgen.capabilities.assess import Assessment
from vmcsgen.capabilities.dump import msr_label
from vmcsgen.capabilities.spec_facts import constants, places
from vmcsgen.core.enumeration import existence, max_index
from vmcsgen.core.requirement import Truth, to_plain
from vmcsgen.core.spec import Field, Spec

WIDTH = 96


@dataclass(frozen=True, slots=True)
class Change:
    """Something that both sides have, but not alike; texts as people read them."""

    what: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is only on the right (``added``), only on the left (``removed``) and different.

    Each is a mapping of a heading (``fields``, ``controls``, ...) to ids; ``changed`` holds values.
    """

    added: Mapping[str, tuple[str, ...]]
    removed: Mapping[str, tuple[str, ...]]
    changed: Mapping[str, tuple[Change, ...]]

    @property
    def differs(self) -> bool:
        """Whether there is any difference."""
        return any((*self.added.values(), *self.removed.values(), *self.changed.values()))

    def lines(self) -> Iterator[str]:
        """The differences for people, ``+`` and ``-`` as in a diff; one line if there is none."""
        for mark, side in (("-", self.removed), ("+", self.added)):
            for heading, ids in side.items():
                if ids:
                    yield f"{mark} {len(ids)} {heading if len(ids) > 1 else heading[:-1]}"
                    yield from (f"{mark}   {line}" for line in folded(ids, WIDTH))
        for heading, changes in self.changed.items():
            if changes:
                yield heading
                yield from _changes(changes)
        if not self.differs:
            yield "no difference"

    def as_plain(self) -> dict[str, object]:
        """The differences as ``diff --format json`` prints them."""
        return {
            "added": {heading: list(ids) for heading, ids in self.added.items()},
            "removed": {heading: list(ids) for heading, ids in self.removed.items()},
            "changed": {
                heading: [
                    {"what": each.what, "left": each.left, "right": each.right} for each in changes
                ]
                for heading, changes in self.changed.items()
            },
        }


def folded(names: Iterable[str], width: int) -> list[str]:
    """The names joined by commas, in lines of at most ``width`` columns."""
    return wrap(", ".join(names), width, break_long_words=False, break_on_hyphens=False)


def _changes(changes: tuple[Change, ...]) -> Iterator[str]:
    """One line a change; three and more of one kind (``no -> ?``) share one."""
    alike: dict[tuple[str, str], list[str]] = {}
    for each in changes:
        alike.setdefault((each.left, each.right), []).append(each.what)
    for (left, right), names in alike.items():
        if len(names) < 3:
            yield from (f"    {name}: {left} -> {right}" for name in names)
        else:
            yield f"    {left} -> {right}"
            yield from (f"        {line}" for line in folded(names, WIDTH - 8))


def compare_processors(spec: Spec, left: Assessment, right: Assessment) -> Comparison:
    """Controls, features, fields, VMCS_ENUM and MSR values of two processors."""
    controls = _truths(left.capabilities.truths, right.capabilities.truths)
    fields = _truths(
        {field.id: existence(field, left.capabilities) for field in spec.confirmed},
        {field.id: existence(field, right.capabilities) for field in spec.confirmed},
    )
    msrs = {**left.processor.msrs, **right.processor.msrs}
    return Comparison(
        {"fields": fields[0], "controls": controls[0]},
        {"fields": fields[1], "controls": controls[1]},
        {
            "undecided on one side": fields[2] + controls[2],
            "VMCS_ENUM": tuple(_vmcs_enum(left, right)),
            "MSRs": tuple(
                Change(msr_label(spec, address), *values)
                for address in sorted(msrs)
                if len(set(values := _values(left, right, address))) > 1
            ),
        },
    )


def _truths(
    left: Mapping[str, Truth], right: Mapping[str, Truth]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Change, ...]]:
    added = tuple(name for name in left if left[name] is False and right[name] is True)
    removed = tuple(name for name in left if left[name] is True and right[name] is False)
    words = {True: "yes", False: "no", None: "?"}
    changed = tuple(
        Change(name, words[left[name]], words[right[name]])
        for name in left
        if left[name] is not right[name] and None in (left[name], right[name])
    )
    return added, removed, changed


def _values(left: Assessment, right: Assessment, address: int) -> tuple[str, str]:
    values = (side.processor.msrs.get(address) for side in (left, right))
    first, second = ("-" if value is None else f"{value:#x}" for value in values)
    return first, second


def _vmcs_enum(left: Assessment, right: Assessment) -> Iterator[Change]:
    derived = [
        ("" if side.enumeration.exact else "at least ") + f"{side.enumeration.vmcs_enum:#x}"
        for side in (left, right)
    ]
    if derived[0] != derived[1]:
        yield Change("derived", *derived)
    if left.reported != right.reported:
        reported = ["-" if s.reported is None else f"{s.reported:#x}" for s in (left, right)]
        yield Change("reported", *reported)


def compare_specs(left: Spec, right: Spec) -> Comparison:
    """What two specs say of hardware, fields by encoding, and the names that projects give it.

    Sources and notes are not compared, nor the facts beside the model (CPUs, errata, ladders).
    """
    fields = _mappings(
        {str(field.encoding): _field_facts(field) for field in left.fields},
        {str(field.encoding): _field_facts(field) for field in right.fields},
    )
    controls = _mappings(_control_facts(left), _control_facts(right))
    features = _mappings(_feature_facts(left), _feature_facts(right))
    groups = _mappings(_group_facts(left), _group_facts(right))
    names = _mappings(_constant_facts(left), _constant_facts(right))
    largest = [f"{max_index(spec.fields) << 1:#x}" for spec in (left, right)]
    titles = {str(f.encoding): f.id for spec in (right, left) for f in spec.fields}
    return Comparison(
        {
            "fields": _called(fields[0], titles),
            "controls": controls[0],
            "features": features[0],
            "constants": names[0],
        },
        {
            "fields": _called(fields[1], titles),
            "controls": controls[1],
            "features": features[1],
            "constants": names[1],
        },
        {
            "fields": fields[2],
            "controls": controls[2],
            "features": features[2],
            "groups": groups[2],
            "constants": names[2],
            "VMCS_ENUM": (Change("largest", *largest),) if largest[0] != largest[1] else (),
        },
    )


def _called(encodings: tuple[str, ...], ids: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{ids[encoding]} ({encoding})" for encoding in encodings)


def _field_facts(field: Field) -> dict[str, str]:
    requires = "unknown" if field.requires is None else str(to_plain(field.requires))
    return {
        "id": field.id,
        "title": field.title,
        "requires": requires,
        "status": field.status,
        "table": field.table,
    }


def _control_facts(spec: Spec) -> dict[str, dict[str, str]]:
    where = places(spec)
    return {
        name: {"title": control.title, "bit": where[name], "status": control.status}
        for name, control in spec.controls.items()
    }


def _feature_facts(spec: Spec) -> dict[str, dict[str, str]]:
    where = places(spec)
    return {each.name: {"title": each.title, "bit": where[each.name]} for each in spec.features}


def _group_facts(spec: Spec) -> dict[str, dict[str, str]]:
    return {
        group.id: {
            "title": group.title,
            "field": group.field,
            "activated by": group.activated_by or "none",
        }
        for group in spec.groups
    }


def _constant_facts(spec: Spec) -> dict[str, dict[str, str]]:
    """``linux EPT_POINTER`` and the like, with their values."""
    return {
        f"{project.id} {name}": {"value": f"{value:#x}"}
        for project in spec.projects
        for name, value in constants(spec, project).items()
    }


def _mappings(
    left: Mapping[str, Mapping[str, str]], right: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Change, ...]]:
    added = tuple(key for key in right if key not in left)
    removed = tuple(key for key in left if key not in right)
    changed = tuple(
        Change(f"{key} {fact}", left[key][fact], right[key][fact])
        for key in left
        if key in right
        for fact in left[key]
        if left[key][fact] != right[key][fact]
    )
    return added, removed, changed
