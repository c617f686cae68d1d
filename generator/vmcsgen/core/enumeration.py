"""What follows from a capability set: existing fields, the highest index, VMCS_ENUM, the ladder.

IA32_VMX_VMCS_ENUM (MSR 0x48A) reports in bits 9:1 the highest index value used in the encoding
of any field that the processor supports (SDM A.9); bit 0 and bits 63:10 are reserved, zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vmcsgen.core.capabilities import Capabilities
from vmcsgen.core.requirement import Requirement, Term, Truth, evaluate, from_terms, terms
from vmcsgen.core.spec import Field, Spec

IA32_VMX_VMCS_ENUM = 0x48A


@dataclass(frozen=True, slots=True)
class Enumeration:
    """The highest index over the existing fields, and what undecided fields could make of it.

    ``index`` is a lower bound where fields are undecided; ``upper_index`` is what it would be if
    all of them existed; None means that no field exists at all.
    """

    index: int | None
    upper_index: int | None

    @property
    def exact(self) -> bool:
        """Whether no undecided field could raise the maximum."""
        return self.index == self.upper_index

    @property
    def vmcs_enum(self) -> int:
        """The raw value of IA32_VMX_VMCS_ENUM: the highest index shifted left by one."""
        return (self.index or 0) << 1

    @property
    def upper_vmcs_enum(self) -> int:
        """The raw value if every undecided field existed."""
        return (self.upper_index or 0) << 1


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder: if ``requires`` holds and no higher rung's does, the maximum is
    ``index``."""

    index: int
    requires: Requirement
    alternatives: tuple[Term, ...]
    """The minimal terms of ``requires``."""
    fields: tuple[Field, ...]
    """The fields with this index that are the reason for the rung."""

    @property
    def vmcs_enum(self) -> int:
        """The raw value of IA32_VMX_VMCS_ENUM on this rung."""
        return self.index << 1


def existence(field: Field, capabilities: Capabilities) -> Truth:
    """Whether the field exists; an unconfirmed field never does."""
    return False if field.requires is None else evaluate(field.requires, capabilities.supports)


def existing_fields(spec: Spec, capabilities: Capabilities) -> tuple[Field, ...]:
    """The fields that are known to exist, ascending by encoding."""
    return _with_truth(spec, capabilities, True)


def undecided_fields(spec: Spec, capabilities: Capabilities) -> tuple[Field, ...]:
    """The fields whose existence the capability set leaves unknown, ascending by encoding."""
    return _with_truth(spec, capabilities, None)


def _with_truth(spec: Spec, capabilities: Capabilities, truth: Truth) -> tuple[Field, ...]:
    found = [
        field
        for requirement, fields in spec.by_requirement.items()
        if evaluate(requirement, capabilities.supports) is truth
        for field in fields
    ]
    return tuple(sorted(found, key=lambda field: field.encoding.value))


def enumerate_fields(fields: Iterable[Field], capabilities: Capabilities) -> Enumeration:
    """The highest index over those of ``fields`` that exist, with its upper bound."""
    lower = upper = -1
    for each in fields:
        truth = existence(each, capabilities)
        if truth is not False:
            upper = max(upper, each.index)
            if truth:
                lower = max(lower, each.index)
    return Enumeration(None if lower < 0 else lower, None if upper < 0 else upper)


def max_index(fields: Iterable[Field]) -> int:
    """The highest index over all of ``fields`` that are confirmed, whatever they require.

    0 for no field.
    """
    return max((each.index for each in fields if each.confirmed), default=0)


def ladder(spec: Spec, fields: Iterable[Field] | None = None) -> tuple[Rung, ...]:
    """Requirement -> highest index, highest first, without dominated rungs.

    ``fields`` defaults to all confirmed fields. For every capability set the maximum is that of
    the first rung whose requirement holds. A term is dominated, and left out, if it can't hold
    without a higher rung holding (supporting a control presupposes its activating control).
    """
    by_index: dict[int, list[Field]] = {}
    for each in spec.confirmed if fields is None else fields:
        if each.confirmed:
            by_index.setdefault(each.index, []).append(each)
    rungs: list[Rung] = []
    kept: list[Term] = []
    for index in sorted(by_index, reverse=True):
        candidates: dict[Term, list[Field]] = {}
        for each in by_index[index]:
            assert each.requires is not None
            for term in terms(each.requires):
                candidates.setdefault(term, []).append(each)
        closed = {term: spec.closure(term) for term in candidates}
        alternatives = tuple(
            sorted(
                (
                    term
                    for term in candidates
                    if not any(other <= closed[term] for other in kept)
                    and not any(
                        other != term
                        and other <= closed[term]
                        and not (term <= closed[other] and sorted(term) < sorted(other))
                        for other in candidates
                    )
                ),
                key=lambda term: (len(term), sorted(term)),
            )
        )
        if alternatives:
            reasons = {each.encoding: each for term in alternatives for each in candidates[term]}
            rungs.append(
                Rung(
                    index,
                    from_terms(alternatives),
                    alternatives,
                    tuple(reasons[encoding] for encoding in sorted(reasons)),
                )
            )
            kept.extend(alternatives)
        if frozenset() in kept:
            break
    return tuple(rungs)


def climb(rungs: Iterable[Rung], capabilities: Capabilities) -> Rung | None:
    """The first rung whose requirement is known to hold; None if none is."""
    for rung in rungs:
        if evaluate(rung.requires, capabilities.supports):
            return rung
    return None


def requirement_groups(spec: Spec) -> tuple[Requirement, ...]:
    """The distinct requirements of all confirmed fields; the position is the group number.

    Group 0 is ``always``; the others come in the order of the first field that has them. One bit
    each in a vCPU's mask says which fields exist.
    """
    return tuple(spec.by_requirement)
