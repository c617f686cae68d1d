"""Writing: atomic, only on change, never outside, never through a symlink that leads out."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest

from vmcsgen import DiagnosticError
from vmcsgen.writer import TEMPORARY, destination, sweep, write


def test_a_new_file_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a/b/c.h"
    assert write(path, b"text\n")
    assert path.read_bytes() == b"text\n"


def test_a_file_that_is_current_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "c.h"
    write(path, b"text\n")
    os.utime(path, (1, 1))
    assert not write(path, b"text\n")
    assert path.stat().st_mtime == 1


def test_mode_bits_survive(tmp_path: Path) -> None:
    path = tmp_path / "gen.sh"
    path.write_text("old")
    path.chmod(0o751)
    write(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o751


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o026)
    try:
        write(tmp_path / "c.h", b"new")
        assert stat.S_IMODE((tmp_path / "c.h").stat().st_mode) == 0o640
        assert os.umask(0o026) == 0o026
    finally:
        os.umask(before)


def test_all_of_the_content_is_on_the_disk_before_the_file_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, bool]] = []

    def seen(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_size, (tmp_path / "c.h").exists()))

    monkeypatch.setattr("os.fsync", seen)
    write(tmp_path / "c.h", b"new")
    assert synced[0] == (3, False)
    assert [named for _, named in synced] == [False, True]  # the file, then its folder


def test_nothing_is_left_behind_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.h"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiagnosticError, match="No space left"):
        write(path, b"new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["c.h"]


@pytest.mark.parametrize("relative", ["../c.h", "/etc/c.h", "a/../../c.h"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, relative: str) -> None:
    with pytest.raises(DiagnosticError, match="' leads out of the output folder"):
        destination(tmp_path, relative)


def test_a_symlink_that_leads_out_is_refused(tmp_path: Path) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    out.mkdir()
    (out / "c").symlink_to(outside)
    with pytest.raises(DiagnosticError, match="symlink"):
        destination(out, "c/vmcs.h")


def test_a_symlink_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.h").write_text("old")
    (tmp_path / "link.h").symlink_to("real.h")
    write(destination(tmp_path, "link.h"), b"new")
    assert (tmp_path / "link.h").is_symlink()
    assert (tmp_path / "real.h").read_bytes() == b"new"


def test_a_place_that_can_not_be_written_is_named() -> None:
    with pytest.raises(DiagnosticError, match="can't be written"):
        write(Path("/proc/vmcsgen/c.h"), b"text")


def test_what_a_killed_writer_left_is_swept_away(tmp_path: Path) -> None:
    left = tmp_path / f".c.h.abc{TEMPORARY}"
    left.write_text("half")
    write(tmp_path / "d.h", b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["d.h"]


def test_the_file_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    living = tmp_path / f".c.h.abc{TEMPORARY}"
    with living.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        sweep(tmp_path)
        assert living.exists()
    sweep(tmp_path)
    assert not living.exists()


def test_sweeping_follows_no_symlink_and_removes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("mine")
    (tmp_path / f".link{TEMPORARY}").symlink_to("real")
    (tmp_path / f"name{TEMPORARY}").write_text("mine")
    (tmp_path / ".gitignore").write_text("mine")
    os.mkfifo(tmp_path / f".fifo{TEMPORARY}")
    sweep(tmp_path)
    assert (tmp_path / "real").read_text() == "mine"
    assert (tmp_path / f"name{TEMPORARY}").exists()
    assert (tmp_path / ".gitignore").exists()
    assert (tmp_path / f".link{TEMPORARY}").is_symlink()


def test_a_writer_whose_file_was_swept_before_it_was_locked_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Path] = []
    lock = fcntl.flock

    def swept_first(descriptor: int, kind: int) -> None:
        if not taken:
            (each,) = tmp_path.glob(f".*{TEMPORARY}")
            each.unlink()
            taken.append(each)
        lock(descriptor, kind)

    monkeypatch.setattr(fcntl, "flock", swept_first)
    assert write(tmp_path / "c.h", b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["c.h"]
    assert taken
