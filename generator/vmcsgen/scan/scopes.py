"""Numbers by the scopes that their names were given them in: modules, classes, enums, functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import takewhile

Scope = tuple[str, ...]
"""The names around a place, outermost first."""

Numbers = tuple[int, ...]
"""What a name was given: nothing that could be evaluated, one number, or two that differ."""

_SELVES = ("Self", "self", "super", "crate")
"""Rust: what a path may begin with that is no name of a scope."""

_LEVELS = 16
"""So many scopes around a place are looked through."""


class Scopes:
    """What names stand for; a name that has several numbers where it is looked up has none."""

    def __init__(self) -> None:
        self.inside: dict[Scope, dict[str, Numbers]] = {}
        self.of_owner: dict[str, Numbers] = {}
        self.anywhere: dict[str, Numbers] = {}
        self.changing: set[tuple[str, Scope]] = set()

    def declare(self, name: str, scope: Scope) -> None:
        """Let ``name`` be something in ``scope``, whose number is not known yet."""
        self.inside.setdefault(scope, {}).setdefault(name, ())

    def learn(self, name: str, value: int | None, scope: Scope, local: bool = False) -> None:
        """Let ``name`` stand for ``value`` in ``scope``; if ``local``, nowhere else."""
        self.declare(name, scope)
        if value is None:
            return
        _add(self.inside[scope], name, value)
        if not local:
            _add(self.anywhere, name, value)
            if scope:
                _add(self.of_owner, f"{scope[-1]}::{name}", value)

    def assign(self, name: str, value: int | None, scope: Scope) -> None:
        """As ``learn``, where what was there before counts no longer."""
        before = self.inside.setdefault(scope, {}).pop(name, None)
        self.learn(name, value, scope)
        if before is not None and before != (value,):
            self.changing.add((name, scope))

    def forget_order(self) -> None:
        """From now on, what was assigned different numbers one after the other has none."""
        for name, scope in self.changing:
            self.inside[scope][name] = ()

    def find(self, path: str, here: Scope, everywhere: bool = True) -> int | str | None:
        """What a name, or a path such as ``guest::CR0``, stands for in the scope ``here``.

        The innermost scope that has it counts; a name that none of them has may be imported, and
        is looked for ``everywhere``. A text instead of a number says why there is none; None:
        nothing is called so.
        """
        owner, _, name = path.rpartition("::")
        if owner in _SELVES:
            owner = ""
        for level in range(len(here), max(-1, len(here) - _LEVELS), -1):
            scope = (*here[:level], owner) if owner else here[:level]
            numbers = self.inside.get(scope, _NOTHING).get(name)
            if numbers is not None:
                return _one(name, numbers)
        if not everywhere:
            return None
        numbers = self.of_owner.get(f"{owner}::{name}") or self.anywhere.get(name)
        return None if numbers is None else _one(name, numbers)

    def at(self, here: Scope, everywhere: bool = True) -> Mapping[str, int | str]:
        """All that ``find`` finds in the scope ``here``."""
        return _Here(self, here, everywhere)


_NOTHING: Mapping[str, Numbers] = {}


def _add(known: dict[str, Numbers], name: str, value: int) -> None:
    numbers = known.get(name, ())
    if value not in numbers:
        known[name] = (*numbers[:1], value)


def _one(name: str, numbers: Numbers) -> int | str:
    return numbers[0] if len(numbers) == 1 else f"{name} is not one number in this file"


def of_function(start: int) -> str:
    """What a function is called in a scope: by where it begins, which no name is."""
    return f"({start})"


@lru_cache(maxsize=256)
def in_function(scope: Scope) -> tuple[str, Scope]:
    """The innermost function of a scope ("": none), and the names of what is around it there."""
    named = tuple(takewhile(lambda each: each[:1] != "(", reversed(scope)))[::-1]
    return scope[len(scope) - len(named) - 1] if len(named) < len(scope) else "", named


class _Here(Mapping[str, "int | str"]):
    """Scopes as they look from one of them."""

    def __init__(self, scopes: Scopes, here: Scope, everywhere: bool) -> None:
        self.scopes = scopes
        self.here = here
        self.everywhere = everywhere

    def __getitem__(self, name: str) -> int | str:
        found = self.scopes.find(name, self.here, self.everywhere)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.scopes.anywhere)

    def __len__(self) -> int:
        return len(self.scopes.anywhere)
