"""Writing: atomic, only on change, never outside, never through a symlink that leads out."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest

from vmcsgen import DiagnosticError
from vmcsgen.writer import TEMPORARY, current, destination, sweep, write, write_all


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


@pytest.mark.parametrize("mode", [0o751, 0o2755])
def test_mode_bits_survive(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "gen.sh"
    path.write_text("old")
    path.chmod(mode)
    write(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


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
    with pytest.raises(DiagnosticError, match="symlink") as caught:
        destination(out, "c/vmcs.h")
    assert caught.value.diagnostics[0].hint == "remove the symlink"


def test_a_symlink_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.h").write_text("old")
    (tmp_path / "link.h").symlink_to("real.h")
    write(destination(tmp_path, "link.h"), b"new")
    assert (tmp_path / "link.h").is_symlink()
    assert (tmp_path / "real.h").read_bytes() == b"new"


def test_a_place_that_can_not_be_written_is_named() -> None:
    with pytest.raises(DiagnosticError, match="can't be written"):
        write(Path("/proc/vmcsgen/c.h"), b"text")


def test_a_symlink_that_leads_in_circles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DiagnosticError, match=r"can't be (resolved|read|written)"):
        write(destination(tmp_path, "loop/c.h"), b"text")


def test_what_is_no_file_is_told_from_what_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    assert current(tmp_path / "none") is None
    assert current(tmp_path / "file/c.h") is None
    with pytest.raises(DiagnosticError, match="can't be read: is a directory") as caught:
        current(tmp_path)
    (found,) = caught.value.diagnostics
    assert found.hint == ""


def test_a_file_that_could_not_be_written_is_said_to_be_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(DiagnosticError, match="can't be written: File exists") as caught:
        write(tmp_path / "file/c.h", b"text")
    (found,) = caught.value.diagnostics
    assert (found.rule, found.hint) == ("WRITE002", "this file is as it was")
    assert (tmp_path / "file").read_text() == "text"


def test_how_many_files_had_to_change_is_counted(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.h", "b.h", "sub/c.h")]
    write(paths[2], b"text")
    assert write_all((path, b"text") for path in paths) == 2
    assert write_all((path, b"text") for path in paths) == 0


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


def test_another_run_sweeps_away_nothing_until_the_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.replace

    def swept_first(temporary: str, path: Path) -> None:
        sweep(tmp_path)
        rename(temporary, path)

    monkeypatch.setattr("os.replace", swept_first)
    assert write(tmp_path / "c.h", b"new")
    assert (tmp_path / "c.h").read_bytes() == b"new"


def test_writing_leaves_no_file_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    (tmp_path / f".c.h.abc{TEMPORARY}").write_text("half")
    write(tmp_path / "c.h", b"new")
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_name_as_long_as_names_can_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("c" * 253 + ".h")
    assert write(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
def test_nothing_is_left_behind_by_an_interrupt(
    kind: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: int) -> None:
        raise kind

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(kind):
        write(tmp_path / "c.h", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_synced_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def of_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        sync(descriptor)

    monkeypatch.setattr("os.fsync", of_files_only)
    assert write(tmp_path / "c.h", b"new")
