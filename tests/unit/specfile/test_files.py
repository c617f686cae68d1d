"""Files that are no spec files: each gets one clear line, and nothing hangs or grows."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from vmcsgen import DiagnosticError, load
from vmcsgen.specfile.inputs import SIZE_LIMIT
from vmcsgen.specfile.load import validate
from vmcsgen.specfile.nodes import FAULTS_LIMIT, parse


@pytest.fixture
def small(tmp_path: Path, checkout: Path) -> Path:
    """A private copy of the small valid spec of tests/golden."""
    return Path(shutil.copytree(checkout / "tests/golden/spec", tmp_path / "spec"))


def only_error(small: Path) -> str:
    diagnostics = validate(small).diagnostics
    assert len(diagnostics) == 1
    return f"{diagnostics[0].location}: {diagnostics[0].message} [{diagnostics[0].rule}]"


def test_a_file_of_one_gigabyte_is_refused_unread(small: Path) -> None:
    with (small / "fields/b04.yaml").open("wb") as stream:
        stream.truncate(1 << 30)
    assert only_error(small).endswith("fields/b04.yaml: is larger than 1 MiB [SPEC001]")


def test_a_byte_that_is_not_utf8_is_pointed_at(small: Path) -> None:
    path = small / "fields/b04.yaml"
    path.write_bytes(path.read_bytes().replace(b"TSC mult", b"TSC \xff mult"))
    assert only_error(small).endswith("b04.yaml:12:16: byte 0xff is not valid UTF-8 [SPEC002]")


def test_a_folder_in_place_of_a_file_is_named(small: Path) -> None:
    (small / "fields/b08.yaml").unlink()
    (small / "fields/b08.yaml").mkdir()
    assert "fields/b08.yaml: is a directory, not a file" in only_error(small)


def test_a_file_that_nothing_would_read_is_an_error(small: Path) -> None:
    (small / "fields/b12.yml").write_text("table: B-12\n")
    assert "fields/b12.yml: is in a spec folder but nothing reads it" in only_error(small)


def test_a_fifo_does_not_hang(small: Path) -> None:
    import os

    (small / "fields/b04.yaml").unlink()
    os.mkfifo(small / "fields/b04.yaml")
    assert "is not a regular file" in only_error(small)


@pytest.mark.parametrize("name", ["nowhere", "spec/VERSION"])
def test_what_is_no_folder_is_no_spec(small: Path, name: str) -> None:
    assert "[SPEC008]" in only_error(small.parent / name)


def test_a_folder_without_fields_is_no_spec(tmp_path: Path) -> None:
    assert "holds no field file" in only_error(tmp_path)


def test_a_missing_or_odd_version_is_named(small: Path) -> None:
    (small / "VERSION").write_text("1.0\n")
    assert only_error(small).endswith("VERSION:1:1: not a calendar version [SPEC010]")
    (small / "VERSION").unlink()
    assert "VERSION: can't be read" in only_error(small)


def test_faults_of_all_files_are_shown_in_one_run(small: Path) -> None:
    for name in ("fields/b04.yaml", "fields/b08.yaml", "projects/demo.yaml"):
        (small / name).write_text("[")
    assert len({each.location.path for each in validate(small).diagnostics}) == 3


def test_load_raises_all_of_them(small: Path) -> None:
    (small / "fields/b04.yaml").write_text("[")
    with pytest.raises(DiagnosticError) as caught:
        load(small, cache=False)
    assert caught.value.diagnostics[0].rule == "SPEC003"


def test_windows_line_ends_and_a_byte_order_mark_are_accepted(small: Path) -> None:
    path = small / "fields/b04.yaml"
    text = path.read_text().replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert validate(small).diagnostics == ()


@pytest.mark.parametrize("before", ["", "é", "ééé: 😀", "é\nab: ", "\ufeff"])
def test_a_control_character_is_found_where_it_stands(before: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        parse(f"{before}\x01b", "file.yaml")
    (found,) = caught.value.diagnostics
    assert (found.rule, found.message) == ("SPEC003", "character U+0001 is not allowed in YAML")
    line, _, rest = (f"{before}\x01").rpartition("\n")
    assert (found.location.line, found.location.column) == (1 + bool(line), len(rest))


FIELD = """\
table: B-4
title: 64-bit control fields
width: 64
type: control
fields:
  - id: tsc_multiplier
    title: TSC multiplier
    encoding: 0x2032
    requires: always
"""


@pytest.mark.parametrize(
    ("head", "item"),
    [
        (FIELD + "    sources: [{a: 0}, ", "a-{0},"),
        (FIELD + "    sources: [", "a-{0},"),
        ("fields: [", "{{}},"),
        ("{", "key_{0}: 0,"),
        ("{", "key: 0,"),
    ],
    ids=["texts and a mapping", "texts", "nothing in them", "unknown keys", "one key"],
)
def test_a_file_as_large_as_may_be_is_checked_in_seconds(small: Path, head: str, item: str) -> None:
    """A list is compared with itself in linear time, and faults are not looked for without end."""
    count = (SIZE_LIMIT - len(head) - 2) // len(item.format(100_000))
    content = "".join(map(item.format, range(100_000, 100_000 + count)))
    (small / "fields/b04.yaml").write_text(f"{head}{content}{']' if '[' in head else '}'}\n")
    began = time.process_time()
    diagnostics = validate(small).diagnostics
    assert time.process_time() - began < 10  # twice as long as promised: machines differ
    assert len(diagnostics) <= 2 * FAULTS_LIMIT


def test_more_faults_than_are_told(small: Path) -> None:
    path = small / "fields/b04.yaml"
    path.write_text("".join(f"key_{number}: 0\n" for number in range(FAULTS_LIMIT + 1)))
    first, *others = validate(small).diagnostics
    assert (first.rule, first.message) == (
        "SPEC009",
        "more than 200 faults: the others are not told",
    )
    assert len(others) == FAULTS_LIMIT
    path.write_text("".join(f"key_{number}: 0\n" for number in range(FAULTS_LIMIT - 5)))
    assert len(validate(small).diagnostics) == FAULTS_LIMIT  # five keys are missing
