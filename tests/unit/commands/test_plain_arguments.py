"""Arguments read without argparse are those that argparse reads, or are left to it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from vmcsgen.cli import VERBS, parsers
from vmcsgen.plain_arguments import NotPlain, PlainArguments

PARSERS = parsers()
WORDS = ("0x2032", "a.txt", "b", "-", "", "linux", "json", "text", "4", "x=y", "bash", "--", "-x")


def plainly(verb: str, arguments: list[str]) -> dict[str, Any] | None:
    declared: Any = PlainArguments()
    try:
        import_module(f"vmcsgen.commands.{verb.replace('-', '_')}").configure(declared)
        return vars(declared.read(arguments))
    except NotPlain:
        return None


@some.composite
def command_lines(draw: some.DrawFn) -> tuple[str, list[str]]:
    verb = draw(some.sampled_from(sorted(VERBS)))
    options = [name for action in PARSERS[verb]._actions for name in action.option_strings]
    shortened = [name[:-1] for name in options if len(name) > 4]
    joined = [f"{name}=json" for name in options]
    known = some.sampled_from([*options, *WORDS])
    anything = some.sampled_from([*options, *shortened, *joined, *WORDS])
    return verb, draw(some.lists(known | anything, max_size=5))


@given(command_lines())
def test_the_same_as_argparse(line: tuple[str, list[str]]) -> None:
    verb, arguments = line
    read = plainly(verb, arguments)
    if read is not None:
        assert read == vars(PARSERS[verb].parse_args(arguments))


@pytest.mark.parametrize(
    "line",
    [
        "check vmx.h", "check --format json a.h b.h", "gen", "gen --check", "gen -o o -t c -t csv",
        "gen --tree linux --diff", "show 0x2032", "list --where width=64 --where type=guest",
        "caps -", "diff old new --breaking", "validate", "adopt linux linux/ --all",
        "patch qemu qemu/ -s", "annotate", "completion bash", "check --jobs 2 .",
    ],
)  # fmt: skip
def test_what_people_type_takes_no_argparse(line: str) -> None:
    verb, *arguments = line.split()
    assert plainly(verb, arguments) == vars(PARSERS[verb].parse_args(arguments))


@pytest.mark.parametrize(
    "line",
    [
        "show", "show --help", "gen --out=x", "gen --chec", "check --jobs two", "check --format x",
        "check --format", "check a --fix b", "gen -- x", "completion fish zsh", "gen -oout",
        "probe run --cpu x", "show --nonsense 1", "check --jobs -1 .",
    ],
)  # fmt: skip
def test_the_rest_is_left_to_argparse(line: str) -> None:
    verb, *arguments = line.split()
    assert plainly(verb, arguments) is None
