"""The command line as facts: verbs, arguments and examples, read off the argument parsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmcsgen.records import Record

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


class Argument(Record):
    """An option or a positional argument; ``forms`` are its spellings, such as ``-t TARGET``."""

    forms: tuple[str, ...]
    help: str


class Example(Record):
    """A command as one would type it, and what it does where the help says so."""

    command: str
    remark: str


class Verb(Record):
    """A verb of the command line, or an action of one, such as ``probe build``."""

    name: str
    summary: str
    description: str
    synopsis: str
    arguments: tuple[Argument, ...]
    examples: tuple[Example, ...]


def describe(name: str, summary: str, parser: argparse.ArgumentParser) -> Iterator[Verb]:
    """A verb as its parser has it, then its actions; the same under every Python version.

    (argparse's own help text differs between versions, so it is not used.)
    """
    from argparse import SUPPRESS, _SubParsersAction

    told: list[argparse.Action] = []
    below: list[Verb] = []
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for each in action._choices_actions:
                inner = action.choices[each.dest]
                below += describe(f"{name} {each.dest}", each.help or "", inner)
        elif action.help != SUPPRESS and action.dest != "help":
            told.append(action)
    yield Verb(
        name,
        summary,
        " ".join((parser.description or f"{summary[:1].upper()}{summary[1:]}.").split()),
        " ".join(map(_usage, told)),
        tuple(Argument(_forms(action), _help(action)) for action in told),
        _examples(parser.epilog or ""),
    )
    yield from below


def _metavar(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return action.dest.upper() if action.option_strings else action.dest


def _forms(action: argparse.Action) -> tuple[str, ...]:
    metavar = _metavar(action)
    if not action.option_strings:
        return (metavar,)
    return tuple(f"{option} {metavar}".rstrip() for option in action.option_strings)


def _usage(action: argparse.Action) -> str:
    form = _forms(action)[0]
    if not action.option_strings:
        return {"+": f"{form}...", "*": f"[{form}...]", "?": f"[{form}]"}.get(
            str(action.nargs), form
        )
    return form if action.required else f"[{form}]"


def _help(action: argparse.Action) -> str:
    """What the help says; an option that only chooses explains itself, but for its default."""
    if not action.help and action.choices is not None:
        return f"{action.default} unless given"
    return " ".join((action.help or "").replace("%%", "%").split())


def _examples(epilog: str) -> tuple[Example, ...]:
    """The lines of an epilog that show a command: ``  vmcsgen ...`` and a remark after blanks."""
    found = []
    for line in epilog.splitlines():
        if line.startswith("  ") and line.strip():
            command, _, remark = line.strip().partition("  ")
            found.append(Example(command, remark.strip()))
    return tuple(found)
