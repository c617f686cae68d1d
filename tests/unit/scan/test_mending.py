"""--fix and --baseline at their edges: what is left alone, what counts once, what is refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from vmcsgen.scan.baseline import BaselineError, key, read, unknown
from vmcsgen.scan.findings import Finding, Fix, respell
from vmcsgen.scan.fix import apply, replace


def finding(fix: Fix | None = None, path: str = "vmx.h", line: int = 1) -> Finding:
    return Finding("VMCS101", path, line, 1, 1, "GUEST_RIP", 1, 2, None, "wrong", fix=fix)


def test_pieces_are_replaced_where_they_are_what_was_seen() -> None:
    content = b"one two three"
    one, two, three = Fix(0, 3, "one", "1"), Fix(4, 7, "two", "2"), Fix(8, 13, "three", "3")
    assert replace(content, [three, one, two, one]) == (b"1 2 3", 3)
    assert replace(content, [one, two._replace(old="TWO")]) == (b"1 two three", 1)
    assert replace(content, [one, Fix(2, 5, "e t", "-"), two]) == (b"1 2 three", 2)
    assert replace(content, [one, Fix(3, 4, " ", "+"), two]) == (b"1+2 three", 3)
    assert replace(b"\xff!", [Fix(0, 2, "\udcff!", "\udcfe?")]) == (b"\xfe?", 1)


def test_files_are_written_where_something_was_mended(tmp_path: Path) -> None:
    file, other, link = tmp_path / "vmx.h", tmp_path / "other.h", tmp_path / "link.h"
    file.write_text("0x1 0x2\n")
    other.write_text("0x9\n")
    link.symlink_to(file)
    wrong = [
        finding(Fix(0, 3, "0x1", "0x3"), str(link)), finding(Fix(4, 7, "0x2", "0x4"), str(link)),
        finding(Fix(0, 3, "0x1", "0x3"), str(other)), finding(None, str(other)),
    ]  # fmt: skip
    assert apply(wrong) == {str(link): 2}
    assert (file.read_text(), other.read_text()) == ("0x3 0x4\n", "0x9\n")
    assert link.is_symlink()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0x681c", "0x681e"), ("0X0000681CUL", "0X0000681EUL"), ("(0x681c)", "(0x681e)"),
        ("26652u", "26654u"), ("0x681C_u32", "0x681E_u32"), ("0x681cusize", "0x681eusize"),
        ("26652_u32", "26654_u32"), ("26_652", "26654"), ("0x68'1c", None), ("0x68_1c_u32", None),
        ("064034", None), ("BASE", None), ("0x681c + 1", None), ("681Ch", None),
    ],
)  # fmt: skip
def test_values_are_spelled_as_the_old_ones(old: str, new: str | None) -> None:
    assert respell(old, 0x681E) == new


def test_a_known_finding_counts_as_often_as_it_was_known() -> None:
    known = Counter({key("VMCS101", "vmx.h", "GUEST_RIP", 1): 2})
    found = [finding(line=number) for number in (1, 2, 3)]
    assert unknown(found, known) == (found[2],)
    assert unknown(found[:1], known) == ()
    assert unknown([finding(path="other.h")], known) == (finding(path="other.h"),)
    assert known.total() == 2  # it may be asked again


def test_a_known_finding_is_known_by_any_path_to_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spelled = ["src/vmx.h", "./src/vmx.h", "other/../src/vmx.h", str(tmp_path / "src/vmx.h")]
    for written in spelled:
        entry = {"rule": "VMCS101", "path": written, "name": "GUEST_RIP", "value": 1}
        (tmp_path / "known.json").write_text(json.dumps({"findings": [entry]}))
        known = read("known.json")
        assert [unknown([finding(path=path)], known) for path in spelled] == [()] * len(spelled)
        assert len(unknown([finding(path="vmx.h")], known)) == 1


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"findings": 1}', '{"findings": [{}]}', '{"findings": [1]}',
     '{"findings": [{"rule": [], "path": 1, "name": 1, "value": 1}]}', "[" * 100_000, "\xff"],
    ids=["empty", "cut", "list", "no findings", "number", "no rule", "no finding", "no key", "deep",
         "latin-1"],
)  # fmt: skip
def test_what_is_no_baseline_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BaselineError, match="is not the output of `vmcsgen check --format json`"):
        read(str(path))


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="can't be read: No such file"):
        read(str(tmp_path / "known.json"))
