"""Diagnostics as people see them: colours where they are wanted, and an excerpt that fits."""

from __future__ import annotations

import io

import pytest

from vmcsgen.diagnostics import (
    ERRORS_SHOWN,
    Diagnostic,
    Location,
    Severity,
    report,
    wants_color,
)
from vmcsgen.excerpt import did_you_mean, rendered


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("no_color", "term", "wanted"),
    [(None, None, True), (None, "xterm", True), ("", "xterm", True), ("1", "xterm", False),
     (None, "dumb", False)],
)  # fmt: skip
def test_colours_are_for_terminals_that_have_them(
    no_color: str | None, term: str | None, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("NO_COLOR", no_color), ("TERM", term)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert wants_color(Terminal()) is wanted
    assert not wants_color(io.StringIO())
    terminal = Terminal()
    report([Diagnostic(Severity.ERROR, "SPEC101", "wrong", Location("a.yaml", 1))], terminal)
    assert ("\x1b[" in terminal.getvalue()) is wanted


def test_colours_add_nothing_but_themselves() -> None:
    def shown(color: bool) -> str:
        return rendered(
            "a.yaml:1:3", "error", "SPEC101", "wrong", hint="mend it", text="\tx: 1", line=1,
            column=2, length=4, color=color,
        )  # fmt: skip

    plain = shown(False)
    assert plain.splitlines() == [
        "a.yaml:1:3: error: wrong [SPEC101]",
        "     1 |  x: 1",
        "       |  ^~~~",
        "  = help: mend it",
    ]
    coloured = shown(True)
    assert coloured.startswith("\x1b[1ma.yaml:1:3:\x1b[0m ")
    for code in ("\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[1;31m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


@pytest.mark.parametrize("column", [1, 100, 5000, 9990])
def test_of_a_long_line_the_place_is_shown(column: int) -> None:
    text = "".join(f"{number:04}," for number in range(2000))
    said = rendered("a", "error", "R", "m", text=text, line=1, column=column, length=3)
    _, line, caret = said.splitlines()
    assert len(line) < 300
    start = caret.index("^")
    assert caret[start:] == "^~~"
    assert line[start : start + 3] == text[column - 1 : column + 2]


def test_of_many_errors_the_first_are_shown_and_the_others_counted() -> None:
    many = [
        Diagnostic(Severity.ERROR, "R", f"wrong {number}.", Location("a")) for number in range(60)
    ]
    said = io.StringIO()
    report(many, said)
    *shown, last = said.getvalue().splitlines()
    assert shown == [f"a: error: wrong {number}. [R]" for number in range(ERRORS_SHOWN)]
    assert last == f"... and {60 - ERRORS_SHOWN} more"
    said = io.StringIO()
    report(many[:ERRORS_SHOWN], said)
    assert "more" not in said.getvalue()


def test_of_too_many_names_those_of_like_length_are_compared() -> None:
    names = [*("a" * 70 for _ in range(5000)), "tsc_multiplier"]
    assert did_you_mean("tsc_multiplyer", names) == "did you mean 'tsc_multiplier'?"
    assert did_you_mean("a" * 69, names, "none") == f"did you mean {'a' * 70!r}?"
    assert did_you_mean("b" * 80, ["c" * 79] * 5000, "none") == "none"
