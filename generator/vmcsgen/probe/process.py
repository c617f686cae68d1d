"""A child process that can't outlive its time limit, fill the disk, or open a port to the world."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE_LIMIT = 64 << 20
"""Bytes that the child may write to any one file."""

GRACE = 5
"""Seconds after our own time limit at which ``timeout`` kills the child if we no longer can."""


_LOOK = 0.02
"""Seconds between two looks at the child."""


class StoppedError(Exception):
    """Nobody wants the child's answer any more."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended: exit status (negative: by that signal), seconds, whether we stopped it."""

    status: int
    seconds: float
    timed_out: bool

    def __str__(self) -> str:
        if self.timed_out:
            return f"was stopped after {self.seconds:.0f} s"
        number = self.status - 128 if self.status > 128 else -self.status
        if number > 0:
            with contextlib.suppress(ValueError):
                return f"was ended by {signal.Signals(number).name}"
        return f"ended with status {self.status}"


@cache
def fences() -> tuple[str, ...]:
    """The commands that go in front of the child's, as far as this machine has them.

    ``unshare`` gives it a network of its own: Bochs' rfb display listens on port 5900 of every
    interface, and two Bochs that start at once can make each other give up on it.
    """
    found: list[str] = []
    if shutil.which("prlimit"):
        found += ["prlimit", f"--fsize={FILE_LIMIT}", "--core=0"]
    unshare = ["unshare", "--user", "--map-root-user", "--net"]
    if shutil.which("unshare") and _works([*unshare, "true"]):
        found += unshare
    return tuple(found)


def _works(command: Sequence[str]) -> bool:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0


def run(
    command: Sequence[str], folder: Path, seconds: float, stop: threading.Event | None = None
) -> Finished:
    """Run ``command`` in ``folder``, its output in the files ``stdout`` and ``stderr`` there.

    It is killed, with all that it started, after ``seconds``, or when we are interrupted: an
    interrupt reaches the main thread only, which tells the others by ``stop``; StoppedError says
    that it did. Should we die ourselves, ``timeout`` ends it. FileNotFoundError if there is no such
    command.
    """
    stop = threading.Event() if stop is None else stop
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(command[0])
    guard: list[str] = []
    if shutil.which("timeout"):
        guard = ["timeout", "--signal=KILL", str(int(seconds) + GRACE)]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LC_ALL": "C",
    }
    began = time.monotonic()
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as errors:
        child = subprocess.Popen(
            [*guard, *fences(), *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            env=environment,
            start_new_session=True,
        )
        try:
            while (running := child.poll() is None) and time.monotonic() - began < seconds:
                if stop.wait(_LOOK):
                    raise StoppedError
        finally:
            if child.poll() is None:
                # The child leads the process group of all that stands behind it.
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    return Finished(child.returncode, time.monotonic() - began, timed_out=running)
