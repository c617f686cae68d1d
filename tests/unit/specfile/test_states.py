"""Files that look as they did are not read again, and one that changed always is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vmcsgen import states
from vmcsgen.cli import main
from vmcsgen.states import remembered

LONG_AGO = -3_600_000_000_000


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMCSGEN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change so far counts as one of long ago."""
    monkeypatch.setattr(states, "SETTLED", LONG_AGO)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("one")
    return path


def text_of(path: Path, what: str = "text") -> str | None:
    return remembered(what, [str(path)], path.read_text)


def never() -> str:
    raise AssertionError("made again")


def rewrite_at_once(path: Path) -> None:
    """Another text of the same length, at what every clock takes for the same time."""
    before = path.stat()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("two")
    before = path.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def grow(path: Path) -> None:
    path.write_text("longer")


def remove(path: Path) -> None:
    path.unlink()


@pytest.mark.usefixtures("settled")
def test_what_was_made_of_settled_files_is_not_made_again(file: Path) -> None:
    assert text_of(file) == "one"
    assert remembered("text", [str(file)], never) == "one"


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("change", [rewrite_at_once, replace, grow])
def test_a_change_is_seen_though_times_of_bytes_are_set_back(
    file: Path, change: Callable[[Path], None]
) -> None:
    text_of(file)
    change(file)
    assert text_of(file) == file.read_text() != "one"


@pytest.mark.usefixtures("settled")
def test_a_file_that_went_or_came_is_seen(file: Path) -> None:
    text_of(file)
    remove(file)
    assert remembered("text", [str(file)], lambda: "none") == "none"
    file.write_text("new")
    assert text_of(file) == "new"


@pytest.mark.usefixtures("settled")
def test_what_is_made_of_more_or_other_files_is_made(file: Path, tmp_path: Path) -> None:
    text_of(file)
    other = tmp_path / "other"
    other.write_text("!")
    both = [str(file), str(other)]
    assert remembered("text", both, lambda: "both") == "both"
    assert text_of(file, "another text") == "one"


def test_two_changes_in_one_tick_of_the_clock_are_told_apart(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system's clock is so coarse that states tell nothing."""
    before = states.states([str(file)])
    monkeypatch.setattr(states, "states", lambda paths: before)
    assert text_of(file) == "one"
    rewrite_at_once(file)
    assert text_of(file) == "two"


@pytest.mark.usefixtures("settled")
def test_none_is_not_kept(file: Path) -> None:
    assert remembered("text", [str(file)], lambda: None) is None
    assert text_of(file) == "one"


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("spoil", ["output", "template", "spec"])
def test_a_check_that_reads_nothing_still_sees_every_change(
    tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str], spoil: str
) -> None:
    spec = Path(shutil.copytree(checkout / "tests/golden/spec", tmp_path / "spec"))
    templates = tmp_path / "templates"
    shutil.copytree(checkout / "templates/csv", templates / "csv")
    options = ["-o", str(tmp_path / "out"), "--spec", str(spec), "--templates", str(templates)]
    assert main(["gen", *options]) == 0
    for _ in range(2):
        assert main(["gen", "--check", *options]) == 0
    changed = {
        "output": tmp_path / "out/csv/fields.csv",
        "template": templates / "csv/fields.csv.j2",
        "spec": spec / "fields/b04.yaml",
    }[spoil]
    text, before = changed.read_text(), changed.stat()
    wrong = text.replace("TSC multiplier", "TSC multiplyer")
    changed.write_text(wrong if wrong != text else text.replace("title", "tilte", 1))
    assert changed.stat().st_size == before.st_size
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert main(["gen", "--check", *options]) == 1
    assert "stale" in capsys.readouterr().out
