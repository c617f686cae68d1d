"""Work that helper processes share: always the result of doing it alone, whatever they meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vmcsgen import helpers

PIECES = 40


def done_by(body: str, processors: int = 3, count: int = PIECES, before: str = "") -> str:
    """What a fresh process prints: it has one thread, as the command has."""
    program = f"""
import os, signal, sys, threading, time
from vmcsgen import helpers
helpers.processors = lambda: {processors}
first = os.getpid()
files = os.listdir("/proc/self/fd")
{before}
def work(piece):
{body}
    return [piece, os.getpid()]
try:
    made = helpers.spread(work, [0] * {count})
    assert [piece for piece, _ in made] == list(range({count})), made
    print(len(set(process for _, process in made)))
except LookupError as error:
    print(error.args[0])
if len(os.listdir("/proc/self/fd")) > len(files):
    print("left a file open")
try:
    os.waitpid(-1, os.WNOHANG)
    print("left a process")
except ChildProcessError:
    pass
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_every_process_does_its_part() -> None:
    assert done_by("    time.sleep(0.02)") == "3"
    assert done_by("    time.sleep(0.02)", processors=64) == "4"
    assert done_by("    time.sleep(0.002)", count=helpers.PIECES_LIMIT) == "3"


@pytest.mark.parametrize("count", [0, 1, 300])
def test_alone_where_helpers_would_not_pay(count: int) -> None:
    assert done_by("    pass", count=count) == str(min(count, 1))


def test_alone_on_one_processor_or_beside_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    assert done_by("    time.sleep(0.001)", processors=1) == "1"
    monkeypatch.setattr(helpers, "processors", lambda: 3)

    def work(_piece: int) -> int:
        time.sleep(0.01)
        return os.getpid()

    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert helpers.spread(work, [0] * 20) == [os.getpid()] * 20
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "loss",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os._exit(3)",
        "sys.exit(3)",
        "os.close(first)",
        "1/0",
    ],
)
def test_lost_helper_costs_time_only(loss: str) -> None:
    body = f"    if os.getpid() != first and piece > 2: {loss}\n    time.sleep(0.002)"
    assert int(done_by(body)) in (1, 2, 3)


def test_answer_that_is_cut_short_counts_for_nothing(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    for text, found in (('[[0, "a"]]', {0: "a"}), ('[[0, "a"', {}), ("", {})):
        answer.write_text(text)
        descriptor = os.open(answer, os.O_RDONLY)
        assert helpers._answer(descriptor) == found
        os.close(descriptor)


@pytest.mark.parametrize("slow", ["==", "!="])
def test_first_failure_in_order_is_raised(slow: str) -> None:
    """Though another process meets a later one sooner."""
    body = (
        f"    if piece < 10 and os.getpid() {slow} first: time.sleep(0.1)\n"
        "    if piece in (1, 12): raise LookupError(f'piece {piece}')"
    )
    assert done_by(body) == "piece 1"


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "lost: 2 SIGSEGV"),
        ("sys.exit(0)", "lost: 2"),
        ("1/0", "lost: 2"),
        ("pass", "made: 3"),
    ],
)
def test_work_apart_is_lost_alone(end: str, told: str) -> None:
    program = f"""
import os, signal, sys
from vmcsgen import helpers
def work():
    yield 0
    yield os.getpid()
    {end}
    yield 2
try:
    made = helpers.apart(work)
    print("made:", len(made))
    assert made[1] != os.getpid()
except helpers.LostError as lost:
    print("lost:", lost.made, lost.signal)
print(len(os.listdir("/proc/self/fd")))
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("nothing left")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    first, files, last = done.stdout.splitlines()
    assert (first.strip(), files, last) == (told, "4", "nothing left")


def test_without_more_processes_one_does_all_the_work() -> None:
    denied = "def fork(): raise BlockingIOError(11, 'Resource temporarily unavailable')"
    assert done_by("    pass", before=f"{denied}\nos.fork = fork") == "1"


def test_large_answers_travel() -> None:
    body = "    if piece == 5: return [piece, 'x' * 1_000_000]\n    time.sleep(0.005)"
    assert int(done_by(body)) in (2, 3, 4)


def test_interrupt_ends_helpers_too(tmp_path: Path) -> None:
    program = f"""
import os, signal, time
from vmcsgen import helpers
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
helpers.processors = lambda: 3
def work(piece):
    open({str(tmp_path)!r} + f"/{{os.getpid()}}", "w").close()
    time.sleep(60)
helpers.spread(work, [0] * 40)
"""
    running = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)
    until = time.monotonic() + 30
    while len(list(tmp_path.iterdir())) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    processes = [int(each.name) for each in tmp_path.iterdir()]
    assert len(processes) == 3
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert b"KeyboardInterrupt" in errors
    assert errors.count(b"Traceback") == 1, "a helper spoke"
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def runs(process: int) -> bool:
    """Whether a process is there, and has not ended without anybody's having asked how."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_helpers_of_a_killed_process_end_though_nobody_takes_their_answers(tmp_path: Path) -> None:
    program = f"""
import os, signal, time
from vmcsgen import helpers
helpers.processors = lambda: 3
first = os.getpid()
def work(piece):
    if os.getpid() != first:
        open({str(tmp_path)!r} + f"/{{os.getpid()}}", "w").close()
        time.sleep(0.1)
        return "x" * 1_000_000
    while len(os.listdir({str(tmp_path)!r})) < 2:
        time.sleep(0.01)
    os.kill(first, signal.SIGKILL)
helpers.spread(work, [0] * 5)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    processes = [int(each.name) for each in tmp_path.iterdir()]
    assert len(processes) == 2
    until = time.monotonic() + 30
    while any(map(runs, processes)) and time.monotonic() < until:
        time.sleep(0.01)
    left = [process for process in processes if runs(process)]
    for process in left:
        os.kill(process, signal.SIGKILL)
    assert not left


def test_the_heaviest_piece_is_begun_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helpers, "processors", lambda: 1)
    assert helpers.spread(str, [1, 3, 2]) == ["0", "1", "2"]
    begun: list[int] = []
    assert helpers._shared(begun.append, [1, 3, 2, 3], 0) == {0: None, 1: None, 2: None, 3: None}
    assert begun == [1, 3, 2, 0]
