"""The command line as facts: verbs, arguments and examples, read off the argument parsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmcsgen.records import Record

if TYPE_CHECKING:
    import argparse


class Argument(Record):
    """An option or a positional argument; ``forms`` are its spellings, such as ``-t TARGET``."""

    forms: tuple[str, ...]
    help: str


class Example(Record):
    """A command as one would type it, and what it does where the help says so."""

    command: str
    remark: str


class Verb(Record):
    """A verb of the command line."""

    name: str
    summary: str
    description: str
    synopsis: str
    arguments: tuple[Argument, ...]
    examples: tuple[Example, ...]


def describe(name: str, summary: str, parser: argparse.ArgumentParser) -> Verb:
    """A verb as its parser has it; the same under every Python version.

    (argparse's own help text differs between versions, so it is not used.)
    """
    actions = [action for action in parser._actions if action.help != "==SUPPRESS=="]
    return Verb(
        name,
        summary,
        " ".join((parser.description or "").split()),
        " ".join(_usage(action) for action in actions if action.dest != "help"),
        tuple(
            Argument(_forms(action), _help(action)) for action in actions if action.dest != "help"
        ),
        _examples(parser.epilog or ""),
    )


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
