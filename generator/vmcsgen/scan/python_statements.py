"""Python statements that give names values, in the order in which they are executed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from vmcsgen.records import Record
from vmcsgen.scan.scopes import Scope

Branch = tuple[tuple[int, int], ...]


class Assigned(Record):
    """A name and the value that it gets; None: one that only running the program tells.

    ``shared``: other names get the same one. ``scope`` is the classes around, ``branch`` the arms
    of statements of which one is executed, as in a Constant.
    """

    target: ast.Name
    value: ast.expr | None
    shared: bool
    scope: Scope
    branch: Branch


def assigned(
    body: Sequence[ast.stmt], scope: Scope = (), branch: Branch = ()
) -> Iterator[Assigned]:
    """What a module's statements assign, in its classes as well, but not in its functions."""
    for statement in body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                for each in targets:
                    if isinstance(each, ast.Name):
                        yield Assigned(each, value, len(targets) > 1, scope, branch)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                yield Assigned(target, value, False, scope, branch)
            case ast.AugAssign(target=ast.Name() as target):
                yield Assigned(target, None, False, scope, branch)
            case ast.For(target=ast.Name() as target):
                yield Assigned(target, None, False, scope, branch)
            case ast.ClassDef(name=name, body=inner):
                yield from assigned(inner, (*scope, name), branch)
            case ast.With(body=inner):
                yield from assigned(inner, scope, branch)
            case _:
                for number, arm in _arms(statement):
                    yield from assigned(arm, scope, _arm(branch, statement, number))


def _arms(statement: ast.stmt) -> Iterator[tuple[int, Sequence[ast.stmt]]]:
    """The bodies of a statement that may be executed; those of one number in one run."""
    match statement:
        case ast.If():
            yield from enumerate(_choices(statement))
        case ast.Try(body=inner, handlers=handlers, orelse=other, finalbody=last):
            yield 0, [*inner, *other]
            yield from ((number, each.body) for number, each in enumerate(handlers, 1))
            yield 0, last


def _choices(statement: ast.If) -> Iterator[Sequence[ast.stmt]]:
    """The bodies of if, elif and else, but for those of a condition that is written as false."""
    while True:
        test, other = statement.test, statement.orelse
        if not isinstance(test, ast.Constant) or test.value:
            yield statement.body
        if isinstance(test, ast.Constant) and test.value:
            return
        if len(other) != 1 or not isinstance(other[0], ast.If):
            yield other
            return
        statement = other[0]  # a loop, because a chain of elif nests as deeply as it is long


def _arm(branch: Branch, statement: ast.stmt, number: int) -> Branch:
    return (*branch, (statement.lineno << 20 | statement.col_offset, number))
