"""Help fits a screen and shows examples that work."""

from __future__ import annotations

import argparse
import re
import shlex

import pytest

from vmcsgen.cli import VERBS, main, parsers

LINES, COLUMNS = 24, 80
"""A terminal as it opens."""


@pytest.fixture(scope="module")
def verbs() -> dict[str, argparse.ArgumentParser]:
    return parsers()


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits_a_screen(verb: str, verbs: dict[str, argparse.ArgumentParser]) -> None:
    lines = verbs[verb].format_help().splitlines()
    assert len(lines) <= LINES
    assert [line for line in lines if len(line) >= COLUMNS] == []


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_examples_that_the_parser_takes(
    verb: str, verbs: dict[str, argparse.ArgumentParser]
) -> None:
    """What follows two blanks is a remark; a line may end in a pipe or a redirection."""
    shown = verbs[verb].format_help().partition("\nexamples:\n")[2]
    commands = re.findall(r"^  (?:.*?\b)?vmcsgen (.+)$", shown, re.M)
    assert commands, f"{verb} shows no example"
    seen = set()
    for command in commands:
        typed = re.split(r"\s{2,}|[|>;)]", command)[0]
        name, *arguments = shlex.split(typed)
        verbs[name].parse_args(arguments)
        seen.add(name)
    assert verb in seen


def test_the_list_of_verbs_fits_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= LINES
    assert [line for line in lines if len(line) >= COLUMNS] == []


def test_a_mistake_shows_one_line_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["gen", "--nonsense"])
    assert caught.value.code == 2
    usage, message, hint = capsys.readouterr().err.splitlines()
    assert usage == "usage: vmcsgen gen [OPTION]..."
    assert "--nonsense" in message
    assert hint == "  = help: vmcsgen gen --help lists the options"


def test_required_options_and_arguments_are_in_the_usage(
    verbs: dict[str, argparse.ArgumentParser], capsys: pytest.CaptureFixture[str]
) -> None:
    assert verbs["adopt"].format_usage() == "usage: vmcsgen adopt [OPTION]... TARGET DIR\n"
    assert verbs["show"].format_usage() == "usage: vmcsgen show [OPTION]... FIELD...\n"
    assert verbs["validate"].format_usage() == "usage: vmcsgen validate [OPTION]... [SPEC]\n"
    with pytest.raises(SystemExit):
        main(["probe", "run", "--help"])
    assert "vmcsgen probe run [OPTION]... --cpu MODEL\n" in capsys.readouterr().out
