"""What must be supported for a field to exist: boolean expressions in three-valued logic.

Requirements are monotone (there is no "not"), so every one equals the "or" of a few minimal
terms, each a set of names that must all be supported. Implication, the feature groups and the
ladder are built on that form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

Truth: TypeAlias = bool | None
"""Yes, no, or unknown (None)."""

Term: TypeAlias = frozenset[str]
"""Names of controls and features that must all be supported; the empty term always holds."""


@dataclass(frozen=True, slots=True)
class Always:
    """The requirement of a field that every processor with VMX has."""

    def __str__(self) -> str:
        return "always"


@dataclass(frozen=True, slots=True)
class Supports:
    """The 1-setting of one control, or one CPUID feature, is supported."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Combination:
    """``any`` or ``all`` of some requirements."""

    operator: Literal["any", "all"]
    operands: tuple[Requirement, ...]

    def __str__(self) -> str:
        return f"{self.operator}({', '.join(map(str, self.operands))})"


Requirement: TypeAlias = Always | Supports | Combination

ALWAYS = Always()


def evaluate(requirement: Requirement, supports: Callable[[str], Truth]) -> Truth:
    """Whether the requirement holds, in Kleene's three-valued logic.

    ``supports`` answers yes, no or unknown for the name of a control or feature.
    """
    match requirement:
        case Always():
            return True
        case Supports(name):
            return supports(name)
        case Combination(operator, operands):
            decisive = operator == "any"
            unknown = False
            for operand in operands:
                truth = evaluate(operand, supports)
                if truth is decisive:
                    return decisive
                unknown = unknown or truth is None
            return None if unknown else not decisive


def names(requirement: Requirement) -> Iterator[str]:
    """Every control and feature name in the requirement, in order, repeats included."""
    match requirement:
        case Supports(name):
            yield name
        case Combination(_, operands):
            for operand in operands:
                yield from names(operand)


@lru_cache(maxsize=256)
def terms(requirement: Requirement) -> tuple[Term, ...]:
    """The minimal terms of the requirement, shortest first, then by name.

    The requirement holds exactly when every name of at least one term is supported.
    """
    return tuple(sorted(_minimal(_expand(requirement)), key=lambda term: (len(term), sorted(term))))


def _expand(requirement: Requirement) -> set[Term]:
    match requirement:
        case Always():
            return {frozenset()}
        case Supports(name):
            return {frozenset((name,))}
        case Combination("any", operands):
            return {term for operand in operands for term in _expand(operand)}
        case Combination(_, operands):
            product: set[Term] = {frozenset()}
            for operand in operands:
                alternatives = _expand(operand)
                product = _minimal({left | right for left in product for right in alternatives})
            return product


def _minimal(candidates: set[Term]) -> set[Term]:
    return {term for term in candidates if not any(other < term for other in candidates)}


def from_terms(alternatives: tuple[Term, ...]) -> Requirement:
    """The requirement in normal form that has these minimal terms, in the order given."""
    operands = tuple(_conjunction(term) for term in alternatives)
    return operands[0] if len(operands) == 1 else Combination("any", operands)


def _conjunction(term: Term) -> Requirement:
    if not term:
        return ALWAYS
    operands = tuple(Supports(name) for name in sorted(term))
    return operands[0] if len(operands) == 1 else Combination("all", operands)


def to_plain(requirement: Requirement) -> str | dict[str, list[object]]:
    """The requirement as a spec file and JSON write it."""
    match requirement:
        case Combination(operator, operands):
            return {operator: [to_plain(operand) for operand in operands]}
        case _:
            return str(requirement)


def from_plain(plain: object) -> Requirement:
    """The requirement that a validated spec file or JSON writes; ValueError for other shapes."""
    if plain == "always":
        return ALWAYS
    if isinstance(plain, str):
        return Supports(plain)
    if isinstance(plain, dict) and len(plain) == 1:
        operator, operands = next(iter(plain.items()))
        if operator in ("any", "all") and isinstance(operands, list) and operands:
            return Combination(operator, tuple(map(from_plain, operands)))
    raise ValueError(f"not a requirement: {plain!r}")
