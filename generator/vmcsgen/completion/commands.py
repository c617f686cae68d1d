"""What can be typed after ``vmcsgen``: verbs, their options and arguments, and what those take."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

PROGRAM = "vmcsgen"


class Kind(Enum):
    """What an option or argument takes."""

    WORDS = "words"
    FILES = "files"
    FOLDERS = "folders"
    OTHER = "other"
    """Something of which nothing can be told, such as a number."""


@dataclass(frozen=True, slots=True)
class Value:
    """What can stand somewhere; ``words`` are all that can, or for files the other choices."""

    kind: Kind
    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """An option by all its spellings; ``value`` is None for a switch."""

    flags: tuple[str, ...]
    help: str
    value: Value | None
    repeats: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A verb, or an action of one: ``path`` is what is typed to reach it."""

    path: tuple[str, ...]
    summary: str
    options: tuple[Option, ...]
    arguments: tuple[Value, ...]
    repeats: bool
    """The last argument may be given again."""
    below: tuple[Command, ...]


_FOLDERS = {"DIR", "SPEC"}
_OR_FILES = {"A", "B", "SOURCE"}
_OTHER = {"AUTHOR", "KEY=VALUE", "LINE.NAME=VALUE", "MODEL", "N", "NAME", "SECONDS"}


def commands(
    parsers: Mapping[str, argparse.ArgumentParser],
    summaries: Mapping[str, str],
    known: Mapping[str, tuple[str, ...]],
) -> tuple[Command, ...]:
    """Every verb. ``known`` has the words that can stand for a metavar, such as ``TARGET``."""
    return tuple(
        _command((verb,), parser, summaries[verb], known) for verb, parser in parsers.items()
    )


def _command(
    path: tuple[str, ...],
    parser: argparse.ArgumentParser,
    summary: str,
    known: Mapping[str, tuple[str, ...]],
) -> Command:
    options, arguments, below = [], [], []
    repeats = False
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {each.dest: each.help or "" for each in action._choices_actions}
            below += [
                _command((*path, name), each, told.get(name, ""), known)
                for name, each in action.choices.items()
            ]
        elif action.option_strings:
            options.append(_option(action, known))
        else:
            arguments.append(_value(action, known))
            repeats = action.nargs in ("*", "+")
    return Command(path, _plain(summary), tuple(options), tuple(arguments), repeats, tuple(below))


def _option(action: argparse.Action, known: Mapping[str, tuple[str, ...]]) -> Option:
    value = None if action.nargs == 0 else _value(action, known)
    again = isinstance(action, argparse._AppendAction)
    told = "show help" if action.help == argparse.SUPPRESS else action.help or ""
    return Option(tuple(action.option_strings), _plain(told), value, again)


def _value(action: argparse.Action, known: Mapping[str, tuple[str, ...]]) -> Value:
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if action.choices is not None:
        return Value(Kind.WORDS, name.lower(), tuple(map(str, action.choices)))
    if name in known:
        kind = Kind.FILES if name in _OR_FILES else Kind.WORDS
        return Value(kind, name.lower(), known[name])
    kind = Kind.FOLDERS if name in _FOLDERS else Kind.OTHER if name in _OTHER else Kind.FILES
    return Value(kind, name.lower())


def _plain(text: str) -> str:
    """A help text on one line."""
    return " ".join(text.replace("%%", "%").split())


def walk(found: tuple[Command, ...]) -> Iterator[Command]:
    """Every command, each before those below it."""
    for each in found:
        yield each
        yield from walk(each.below)


def function_name(command: Command) -> str:
    """The name of a shell function for a command."""
    return re.sub(r"\W", "_", "_".join((f"_{PROGRAM}", *command.path)))


def single_quoted(text: str) -> str:
    """``text`` as one word of bash or zsh."""
    return "'" + text.replace("'", "'\\''") + "'"
