"""Edits as diffs: hunks found by their lines, once or not at all, done only once."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.targets.hunks import Hunk, UnfitError, apply, read_hunks

HEAD = "Prose about it.\n\n--- a/x.c\n+++ b/x.c\n"


def hunks(folder: Path, text: str) -> tuple[Hunk, ...]:
    path = folder / "x.diff"
    path.write_text(text)
    return read_hunks(path)


def edited(folder: Path, body: str, text: str) -> str:
    (hunk,) = hunks(folder, f"{HEAD}@@ somewhere\n{body}")
    return apply(hunk, text)


def test_a_hunk_applies_wherever_its_lines_are(tmp_path: Path) -> None:
    body = " one\n-two\n+2\n three\n"
    for before in ("", "a\nb\n"):
        assert edited(tmp_path, body, f"{before}one\ntwo\nthree\n") == f"{before}one\n2\nthree\n"


def test_once_applied_it_changes_nothing(tmp_path: Path) -> None:
    for body, text in (
        (" one\n-two\n+2\n", "one\ntwo\n"),
        (" one\n+new\n two\n", "one\ntwo\n"),
        (" one\n+new\n", "one\ntwo\n"),
        ("+new\n two\n", "one\ntwo\n"),
        (" one\n-a line that goes away\n", "one\na line that goes away\n"),
    ):
        made = edited(tmp_path, body, text)
        assert made != text
        assert edited(tmp_path, body, made) == made


@pytest.mark.parametrize("text", ["nothing\n", "one\ntwo\none\ntwo\n", "one\n\ntwo\n"])
def test_lines_that_are_missing_or_there_twice_do_not_fit(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnfitError, match=r"nowhere|2 times"):
        edited(tmp_path, " one\n-two\n+2\n", text)


def test_a_deletion_is_not_taken_for_done_where_only_its_context_is(tmp_path: Path) -> None:
    with pytest.raises(UnfitError):
        edited(tmp_path, "-a line that goes away\n-\n /*\n", "a line that goes away\n\nx\n/*\n")


def test_a_gap_stands_for_any_lines(tmp_path: Path) -> None:
    text = "head\nbegin\n1\n2\nend\ntail\n"
    assert edited(tmp_path, " head\n-begin\n-...\n-end\n+table\n", text) == "head\ntable\ntail\n"
    assert edited(tmp_path, " begin\n ...\n-end\n+END\n", text) == text.replace("end", "END")


def test_a_hunk_without_changes_is_a_condition(tmp_path: Path) -> None:
    assert edited(tmp_path, " one\n", "one\none\n") == "one\none\n"
    with pytest.raises(UnfitError):
        edited(tmp_path, " one\n", "two\n")


def test_crlf_stays(tmp_path: Path) -> None:
    assert edited(tmp_path, " one\n-two\n+2\n", "one\r\ntwo\r\n") == "one\r\n2\r\n"


def test_every_line_keeps_its_own_end(tmp_path: Path) -> None:
    body, text = " one\n-two\n+zwei", "zero\r\none\ntwo\nthree\r\n"
    assert edited(tmp_path, body, text) == "zero\r\none\nzwei\nthree\r\n"
    text = "zero\none\r\ntwo\nthree\n"
    assert edited(tmp_path, body, text) == "zero\none\r\nzwei\r\nthree\n"


def test_a_diff_may_have_several_files_and_hunks(tmp_path: Path) -> None:
    found = hunks(
        tmp_path, f"{HEAD}@@\n a\n-b\n@@ two\n-c\n+d\n--- a/y.c\n+++ b/y.c\n@@ three\n e\n+f\n"
    )
    assert [(each.path, each.old, each.new) for each in found] == [
        ("x.c", ("a", "b"), ("a",)),
        ("x.c", ("c",), ("d",)),
        ("y.c", ("e",), ("e", "f")),
    ]
    assert [each.origin.line for each in found] == [5, 8, 13]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@@\n one\n", "belongs to no file"),
        (f"{HEAD}@@\n*one\n", "begins with"),
        (f"{HEAD}@@\n-one\n", "no line that stays"),
        (f"{HEAD}@@\n+one\n", "no line that stays"),
    ],
)
def test_malformed_diffs_are_errors(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DiagnosticError, match=message):
        hunks(tmp_path, text)


def test_every_diff_beside_the_templates_can_be_read(checkout: Path) -> None:
    found = sorted((checkout / "templates").glob("*/*.diff"))
    assert len(found) > 8
    for path in found:
        assert read_hunks(path)
