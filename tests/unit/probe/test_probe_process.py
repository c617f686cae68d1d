"""A child ends, whatever it does: it finishes, is stopped, or is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from needs import missing
from vmcsgen import Spec
from vmcsgen.probe import process
from vmcsgen.probe.build import Built
from vmcsgen.probe.emulators import Machine
from vmcsgen.probe.survey import survey


def shell(folder: Path, script: str, seconds: float = 20) -> process.Finished:
    return process.run(["sh", "-c", script], folder, seconds)


def test_output_and_status_are_kept(tmp_path: Path) -> None:
    finished = shell(tmp_path, "echo said; echo complained >&2; exit 3")
    assert (finished.status, finished.timed_out) == (3, False)
    assert str(finished) == "ended with status 3"
    assert (tmp_path / "stdout").read_text() == "said\n"
    assert (tmp_path / "stderr").read_text() == "complained\n"


def test_a_child_that_does_not_end_is_stopped_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    finished = shell(tmp_path, "sleep 60 & echo $! > child; wait", 1)
    assert finished.timed_out
    assert time.monotonic() - began < 10
    assert has_ended(int((tmp_path / "child").read_text()))


def has_ended(pid: int) -> bool:
    """Whether a killed process ends; init may not have heard of it yet."""
    for _ in range(100):
        if status_of(pid) in ("", "Z"):
            return True
        time.sleep(0.05)
    return False


def status_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def test_a_killed_child_is_told_by_its_signal(tmp_path: Path) -> None:
    finished = shell(tmp_path, "kill -KILL $$")
    assert str(finished) == "was ended by SIGKILL"


def test_a_child_killed_from_outside_ends_the_wait(tmp_path: Path) -> None:
    def kill_it() -> None:
        pid_file = tmp_path / "pid"
        while not (pid_file.exists() and pid_file.read_text().endswith("\n")):
            time.sleep(0.01)
        os.kill(int(pid_file.read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill_it)
    killer.start()
    finished = shell(tmp_path, "echo $$ > pid; exec sleep 60")
    killer.join()
    assert not finished.timed_out
    assert str(finished) == "was ended by SIGKILL"


def test_a_child_cannot_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "prlimit" not in process.fences():
        missing("needs prlimit: apt-get install util-linux")
    process.fences.cache_clear()
    monkeypatch.setattr(process, "FILE_LIMIT", 1 << 16)
    try:
        shell(tmp_path, "while :; do echo 0123456789; done")
    finally:
        process.fences.cache_clear()
    assert (tmp_path / "stdout").stat().st_size == 1 << 16


def test_the_child_reads_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BXSHARE", "/elsewhere")
    shell(tmp_path, 'cat; echo "$BXSHARE$HOME"')
    assert (tmp_path / "stdout").read_text() == f"{tmp_path}\n"


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        process.run(["no-such-emulator"], tmp_path, 5)


BOCHS = """\
#!/bin/sh
case $1 in --help) echo "Bochs x86 Emulator 2.7"; exit;; esac
echo $$ > {folder}/$$.new && mv {folder}/$$.new {folder}/$$.pid
exec sleep 60
"""


def test_an_interrupt_ends_every_run_of_a_survey(
    spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes to the main thread, but the emulators are waited for in others."""
    program = tmp_path / "bin/bochs"
    program.parent.mkdir()
    program.write_text(BOCHS.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("vmcsgen.probe.survey.processors", lambda: 2)
    image = tmp_path / "probe.img"
    image.touch()
    interrupted: list[float] = []

    def interrupt() -> None:
        while len(list(tmp_path.glob("*.pid"))) < 2:
            time.sleep(0.01)
        interrupted.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    machines = [Machine("bochs", model) for model in ("one", "two", "three")]
    # What a shell starts in the background ignores the signal, and so do its children.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(survey(spec, Built(image, image), machines, seconds=20))
    finally:
        signal.signal(signal.SIGINT, handler)
    assert time.monotonic() - interrupted[0] < 5
    started = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(started) == 2  # the third never began
    assert all(map(has_ended, started))
