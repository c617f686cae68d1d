"""The cache of downloads, unpacked trees and prepared builds: outside the checkout, made once."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

LAST_LINES = 15
"""How much of a failed command's output an error repeats."""


class Unavailable(Exception):
    """A tree, tool or network that a tree test needs and this machine lacks; says what mends it."""


def root() -> Path:
    """The folder that holds everything: VMCSGEN_TREES, or a place in the user's cache folder."""
    if own := os.environ.get("VMCSGEN_TREES"):
        return Path(own).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).resolve() / "vmcsgen" / "trees"


@contextlib.contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold the lock of `place` (a file beside it), so that two test runs never make it at once."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with beside(place, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def beside(place: Path, what: str) -> Path:
    """The file that says `what` of the folder `place`, hidden beside it."""
    return place.with_name(f".{place.name}.{what}")


def made_once(place: Path, make: Callable[[Path], None]) -> Path:
    """The folder `place`, filled by `make(place)` unless an earlier run finished doing so.

    It is made where it will stay, because build trees hold their own path; a file beside it
    says that it is complete. What an interrupted run left is removed.
    """
    done = beside(place, "done")
    if done.exists() and place.is_dir():
        return place
    with locked(place):
        if not (done.exists() and place.is_dir()):
            done.unlink(missing_ok=True)
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            make(place)
            done.touch()
    return place


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    feed: str | None = None,
) -> str:
    """Run `command` to its end and return its standard output.

    A failure raises RuntimeError with the command and the end of what it printed.
    """
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C", **(env or {})},
        input=feed,
        stdin=None if feed is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:]
        line = " ".join(str(word) for word in command)
        raise RuntimeError("\n".join([f"exit status {done.returncode} of: {line}", *said]))
    return done.stdout


def need(packages: Mapping[str, str]) -> None:
    """Check that programs are there; each is given with the Debian package that holds it."""
    lacking = [package for tool, package in packages.items() if not shutil.which(tool)]
    if lacking:
        raise Unavailable(f"install the Debian packages: {' '.join(lacking)}")


def need_library(name: str, package: str) -> None:
    """Check that pkg-config knows a library of a Debian package."""
    need({"pkg-config": "pkg-config"})
    try:
        run(["pkg-config", "--exists", name])
    except RuntimeError as error:
        raise Unavailable(f"install the Debian package {package}") from error


def need_header(header: str, package: str) -> None:
    """Check that a C header of a Debian package can be included."""
    # The compiler knows where it looks, multiarch folders included.
    try:
        run(["gcc", "-fsyntax-only", "-x", "c", "-include", header, os.devnull])
    except RuntimeError as error:
        raise Unavailable(f"install the Debian package {package}") from error


def hard_linked(tree: Path, copy: Path) -> Path:
    """A copy of `tree` whose files share the disk with it: made in a second or two.

    Files of the copy may be replaced (git, patch, the atomic writer), never written in place.
    """
    run(["cp", "-al", tree, copy])
    return copy


def own_copy(tree: Path, copy: Path) -> Path:
    """A copy of `tree` with files of its own (shared where the file system can clone)."""
    run(["cp", "-a", "--reflink=auto", tree, copy])
    return copy
