"""Runs of the program that are killed, starved of disk or robbed of permission, in one process.

    python tests/reliability/victim.py SCENARIO MODE COUNT SEED FOLDER

The program is imported and warmed up once; each run is a fork of this process, which has one
thread. MODE is ``random`` (SIGKILL at COUNT random moments), ``points`` (SIGKILL before each
operation that Python reports on a file or folder, in at most COUNT runs), ``size`` (files may not
grow past COUNT different sizes), ``full`` (FOLDER is a small file system, and is filled),
``denied`` (the folders become read-only before an operation), ``together`` (20 at once on the
same folder, with an empty cache, COUNT times). After each run every file must be
the old or the new one, and the next run must mend all and leave nothing else behind. Prints as
JSON how many runs there were and how they ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import select
import shutil
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from scenarios import SCENARIOS, State

from vmcsgen.cli import main
from vmcsgen.writer import TEMPORARY

EVENTS = {"os.rename", "os.remove", "os.mkdir", "fcntl.flock", "tempfile.mkstemp"}
AT_ONCE = 20

PATIENCE = 60
"""Seconds that a run may take to begin its first file."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def read_state(folder: Path) -> State:
    """Every regular file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def lay(folder: Path, state: State) -> None:
    """Make a folder hold these files and no other."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            path.chmod(0o755)
        elif path.relative_to(folder).as_posix() not in state:
            path.unlink()
    for name, content in state.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def fork(arguments: list[str], before: Callable[[], None] = lambda: None) -> int:
    """Run the program in a child that says nothing, after ``before``; the child's id."""
    child = os.fork()
    if child:
        return child
    status = 3
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        before()
        status = main(arguments)
    except BaseException:
        status = 99
    finally:
        os._exit(status)


def wait(child: int) -> int:
    """The exit status of a child, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Judge:
    """What must hold after each run."""

    def __init__(self, folder: Path, arguments: list[str], old: State) -> None:
        self.folder, self.arguments, self.old = folder, arguments, old
        self.endings: Counter[str] = Counter()
        lay(folder, old)
        status = wait(fork(arguments))
        assert status in (0, 1), status
        self.new = read_state(folder)
        assert self.new != old
        assert wait(fork(arguments)) == 0
        assert read_state(folder) == self.new

    def reset(self) -> None:
        """Everything old again."""
        lay(self.folder, self.old)

    def look(self, status: int) -> None:
        """Every file is old or new; nothing else but what the next run sweeps away."""
        found = read_state(self.folder)
        changed = 0
        for name in self.old.keys() | self.new.keys():
            content = found.pop(name, None)
            allowed = (self.old.get(name), self.new.get(name))
            assert content in allowed, f"{name} is neither old nor new"
            changed += content != self.old.get(name)
        left = [name for name in found if not name.endswith(TEMPORARY)]
        assert left == [], left
        part = "none" if not changed else "some"
        total = sum(self.old.get(name) != content for name, content in self.new.items())
        if changed == total:
            part = "all"
        self.endings[f"status {status}, {part} written"] += 1
        self.endings["left a temporary file"] += bool(found)

    def mend(self) -> None:
        """The next run makes everything new, and leaves nothing else."""
        status = wait(fork(self.arguments))
        assert status in (0, 1), status
        found = read_state(self.folder)
        assert found == self.new, sorted(found.keys() ^ self.new.keys())


def at_operation(number: int, act: Callable[[], None]) -> Callable[[], None]:
    """What a child does first, so that ``act`` comes before its operation ``number``."""

    def install() -> None:
        seen = 0

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal seen
            if event in EVENTS or (event == "open" and (arguments[2] or 0) & _WRITING):
                seen += 1
                if seen == number:
                    act()

        sys.addaudithook(hook)

    return install


def die() -> None:
    """End at once, as the kernel's own killer would."""
    os.kill(os.getpid(), signal.SIGKILL)


def operations(judge: Judge) -> int:
    """How many operations one run has."""
    low, high = 1, 1 << 16
    while low < high:
        middle = (low + high) // 2
        judge.reset()
        if wait(fork(judge.arguments, at_operation(middle, die))) < 0:
            low = middle + 1
        else:
            high = middle
    return low - 1


def writing_begins(told: int) -> Callable[[], None]:
    """What a child does first, to tell ``told`` when it makes a temporary file."""

    def install() -> None:
        def hook(event: str, _arguments: object) -> None:
            if event == "tempfile.mkstemp":
                os.write(told, b"%.6f\n" % time.monotonic())

        sys.addaudithook(hook)

    return install


def durations(judge: Judge) -> tuple[float, float]:
    """Seconds that one run takes, and those from its first temporary file to its end."""
    reading, told = os.pipe()
    judge.reset()
    start = time.monotonic()
    wait(fork(judge.arguments, writing_begins(told)))
    end = time.monotonic()
    os.close(told)
    with open(reading, "rb") as stream:
        first = float(stream.readline())
    return end - start, end - first


def kill_at_random(judge: Judge, count: int, source: random.Random) -> None:
    """SIGKILL at random moments: half of them anywhere, half once the first file is begun.

    A run that ends before its moment comes is not counted.
    """
    whole, part = durations(judge)
    killed = 0
    for number in range(4 * count):
        judge.reset()
        reading, told = os.pipe()
        child = fork(judge.arguments, writing_begins(told))
        os.close(told)
        if number % 2:
            select.select([reading], [], [], PATIENCE)
        time.sleep(source.random() * (part if number % 2 else whole))
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        status = wait(child)
        os.close(reading)
        judge.look(status)
        judge.mend()
        killed += status == -signal.SIGKILL
        if status >= 0:  # too late: the machine is less busy than it was
            whole, part = (whole, part * 0.8) if number % 2 else (whole * 0.95, part)
        if killed == count:
            return
    raise AssertionError(f"only {killed} of {4 * count} runs could be killed")


def kill_at_points(judge: Judge, count: int, source: random.Random) -> None:
    """SIGKILL before an operation: before each, if ``count`` is enough."""
    last = operations(judge)
    killed = tried = 0
    for number in sorted(source.sample(range(1, last + 1), min(count, last))):
        judge.reset()
        status = wait(fork(judge.arguments, at_operation(number, die)))
        # A run whose answers are in the cache by now has fewer operations.
        killed, tried = killed + (status == -signal.SIGKILL), tried + 1
        judge.look(status)
        judge.mend()
    assert killed > tried // 2, f"only {killed} of {tried} runs were killed"
    judge.endings["operations of one run"] = last


def limit_size(judge: Judge, count: int, source: random.Random) -> None:
    """No file may grow past a size: writing fails in the middle, as on a full disk."""
    largest = max(map(len, judge.new.values()))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    for _ in range(count):
        judge.reset()
        size = source.randrange(largest)
        bound = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, hard))
        status = wait(fork(judge.arguments, bound))
        assert status in (0, 1, 2), status
        judge.look(status)
        assert not list(judge.folder.rglob(f"*{TEMPORARY}")), "it could have tidied up"
        judge.mend()


def fill_disk(judge: Judge, count: int, source: random.Random) -> None:
    """The file system of the folder is filled up to a random rest."""
    filler = judge.folder.parent / "filler"
    for _ in range(count):
        judge.reset()
        free = os.statvfs(judge.folder)
        room = free.f_bavail * free.f_frsize
        need = max(map(len, judge.new.values())) + sum(map(len, judge.new.values()))
        filler.write_bytes(b"\0" * max(0, room - source.randrange(need)))
        status = wait(fork(judge.arguments))
        assert status in (0, 1, 2), status
        judge.look(status)
        assert not list(judge.folder.rglob(f"*{TEMPORARY}")), "it could have tidied up"
        filler.unlink()
        judge.mend()


def deny(judge: Judge, count: int, source: random.Random) -> None:
    """Every folder becomes read-only before some operation."""
    folders = [judge.folder, *(path for path in judge.folder.rglob("*") if path.is_dir())]

    def lose() -> None:
        for each in folders:
            each.chmod(stat.S_IRUSR | stat.S_IXUSR)

    last = operations(judge)
    for _ in range(count):
        judge.reset()
        status = wait(fork(judge.arguments, at_operation(source.randint(1, last), lose)))
        assert status in (0, 1, 2), status
        judge.look(status)
        for each in folders:
            each.chmod(0o755)
        judge.mend()


def together(judge: Judge, count: int, _source: random.Random) -> None:
    """As many runs as are started at one moment: the right result, nothing left."""
    for _ in range(count):
        judge.reset()
        shutil.rmtree(os.environ["VMCSGEN_CACHE"])
        gate, opened = os.pipe()

        def queue(gate: int = gate, opened: int = opened) -> None:
            os.close(opened)
            os.read(gate, 1)

        children = [fork(judge.arguments, queue) for _ in range(AT_ONCE)]
        os.close(gate)
        os.close(opened)
        statuses = [wait(child) for child in children]
        assert set(statuses) <= {0, 1}, statuses
        found = read_state(judge.folder)
        assert found == judge.new, sorted(found.keys() ^ judge.new.keys())
        judge.endings["right result of 20 at once"] += 1


MODES = {
    "together": together,
    "random": kill_at_random,
    "points": kill_at_points,
    "size": limit_size,
    "full": fill_disk,
    "denied": deny,
}


def run(scenario: str, mode: str, count: int, seed: int, top: Path) -> dict[str, int]:
    """All runs of one scenario in one mode; how often they ended how."""
    os.environ["VMCSGEN_CACHE"] = str(top.parent / f"{top.name}-cache")
    folder = top / "work"
    folder.mkdir(parents=True)
    arguments, old = SCENARIOS[scenario](folder, top.parent / f"{top.name}-prepared")
    judge = Judge(folder, arguments, old)
    MODES[mode](judge, count, random.Random(seed))
    shutil.rmtree(folder)
    return dict(sorted(judge.endings.items()))


if __name__ == "__main__":
    _, name, how, number, chosen, where = sys.argv
    print(json.dumps(run(name, how, int(number), int(chosen), Path(where))))
