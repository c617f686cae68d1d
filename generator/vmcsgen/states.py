"""What was made of files once, kept with how they looked, so that a start need not read them.

As git does for its index: a file whose size, inode and times (of its bytes and of its inode) are
those of last time holds the bytes of last time. Two changes within one tick of a file system's
clock look alike, so nothing is kept of files that changed a moment before they were read.
"""

from __future__ import annotations

import os
import time

from vmcsgen.cache import keep, recall

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    Made = TypeVar("Made", bound="str | int")

SETTLED = 3_000_000_000
"""Nanoseconds after which a change is told from the next: FAT, the coarsest, counts in 2 s."""


def remembered(what: str, paths: Iterable[str], make: Callable[[], Made | None]) -> Made | None:
    """What ``make`` makes of files, from the cache if they look as they did when it was made.

    ``what`` names what is made, and holds all that decides it besides the bytes of ``paths``. A
    None is not kept. Without a cache this is ``make()``.
    """
    began = time.time_ns()
    found = states(paths)
    match recall("state", what):
        case [then, kept] if then == found:
            known: Made = kept
            return known
    made = make()
    if made is not None and all(
        settled(mtime, ctime, began) for _, _, mtime, ctime in found.values()
    ):
        keep("state", what, [found, made])
    return made


def settled(mtime: int, ctime: int, now: int) -> bool:
    """Whether a file can be seen and changed so long ago (ns) that a change now would be told.

    Both times count: a copy, or ``touch``, may give bytes of a moment ago the time of last year.
    """
    return 0 < max(mtime, ctime) < now - SETTLED


def states(paths: Iterable[str]) -> dict[str, list[int]]:
    """How files look from outside: size, inode, times (ns) of the last changes of bytes and inode.

    A symbolic link looks as what it leads to; a file that can't be seen is all zeros.
    """
    found = {}
    for path in paths:
        try:
            seen = os.stat(path)
        except OSError:
            found[path] = [0, 0, 0, 0]
        else:
            found[path] = [seen.st_size, seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns]
    return found
