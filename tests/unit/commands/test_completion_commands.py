"""The command line as completion has it: what each option and argument takes."""

from __future__ import annotations

import argparse

from vmcsgen.completion.commands import Kind, Option, Value, commands, walk


def parser_of_every_kind() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--twice", action="append", metavar="TARGET", help="given   again\n50%%")
    parser.add_argument("-q", "--quiet", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--spec", metavar="SPEC")
    parser.add_argument("--jobs", metavar="N", type=int)
    parser.add_argument("--level", choices=(1, 2))
    parser.add_argument("first", metavar="A")
    parser.add_argument("rest", metavar="PATH", nargs="*")
    return parser


def test_what_options_and_arguments_take() -> None:
    known = {"TARGET": ("c", "rust"), "A": ("i9-12900k",)}
    (found,) = commands({"verb": parser_of_every_kind()}, {"verb": "does  it"}, known)
    assert (found.path, found.summary, found.below) == (("verb",), "does it", ())
    assert found.options[1:] == (
        Option(("--twice",), "given again 50%", Value(Kind.WORDS, "target", ("c", "rust")), True),
        Option(("-q", "--quiet"), "show help", None, False),
        Option(("--spec",), "", Value(Kind.FOLDERS, "spec"), False),
        Option(("--jobs",), "", Value(Kind.OTHER, "n"), False),
        Option(("--level",), "", Value(Kind.WORDS, "level", ("1", "2")), False),
    )
    assert found.arguments == (
        Value(Kind.FILES, "a", ("i9-12900k",)),
        Value(Kind.FILES, "path"),
    )


def test_which_last_argument_may_be_given_again() -> None:
    repeats = {}
    for nargs in ("*", "+", "?", None):
        parser = argparse.ArgumentParser()
        parser.add_argument("some", metavar="PATH", nargs=nargs)
        (found,) = commands({"verb": parser}, {"verb": ""}, {})
        repeats[nargs] = found.repeats
    assert repeats == {"*": True, "+": True, "?": False, None: False}


def test_actions_of_a_verb_stand_below_it_with_what_they_do() -> None:
    parser = argparse.ArgumentParser()
    actions = parser.add_subparsers()
    actions.add_parser("build", help="makes the guest")
    actions.add_parser("run")
    (found,) = commands({"probe": parser}, {"probe": "asks"}, {})
    assert [(each.path, each.summary) for each in walk((found,))] == [
        (("probe",), "asks"),
        (("probe", "build"), "makes the guest"),
        (("probe", "run"), ""),
    ]
