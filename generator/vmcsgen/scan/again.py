"""What a check of named files said last time, to be said again while nothing has changed.

A hook checks the same header at every commit. Everything its answer depends on (the spec, our
code, the arguments, the files and the settings that apply to them) is told by size, times and
inode, and what was printed is kept under that. Imports next to nothing.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from vmcsgen import cache
from vmcsgen.resources import PACKAGE, spec_folder
from vmcsgen.specfile.inputs import fingerprint, model_key
from vmcsgen.states import settled

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_FILES_LIMIT = 16

SETTINGS = ("vmcsgen.toml", "pyproject.toml")
"""Files with settings, looked for beside what is checked and in the folders above."""


def subject_of(arguments: argparse.Namespace) -> str:
    """All that the answer to these arguments depends on; empty if it must not be kept."""
    wanted = vars(arguments)
    paths = wanted["paths"]
    if (
        not 0 < len(paths) <= _FILES_LIMIT
        or wanted["fix"]
        or wanted["baseline"]
        or wanted["format"] not in ("text", "github")
        or sys.stdout.isatty()
    ):
        return ""
    spec = model_key(wanted["spec"] or spec_folder())
    states = [_state(path) for path in paths]
    if not spec or not all(states):
        return ""
    settings = [path for path in settings_above(paths[0]) if os.path.lexists(path)]
    above = [[path, _state(path)] for path in settings]
    if not all(state for _, state in above):
        return ""  # one that changed just now is not as good as none
    code = [os.path.join(PACKAGE, room) for room in ("", "scan", "commands")]
    return repr((
        spec, fingerprint(*code), sys.version_info[:3], os.getcwd(), sorted(wanted.items()),
        states, above,
    ))  # fmt: skip


def settings_above(path: str) -> Iterator[str]:
    """Where settings for ``path`` may be: its folder and those above, up to a repository's top."""
    folder = os.path.abspath(path if os.path.isdir(path) else os.path.dirname(path))
    while True:
        yield from (os.path.join(folder, name) for name in SETTINGS)
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return
        folder = parent


def _state(path: str) -> str:
    """Size, times and inode of a regular file that has settled; empty for anything else."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    times = found.st_mtime_ns, found.st_ctime_ns
    if not stat.S_ISREG(found.st_mode) or not settled(*times, now=time.time_ns()):
        return ""
    return f"{found.st_size} {times} {found.st_ino}"


def recall(subject: str) -> tuple[str, int] | None:
    """What was printed, and the exit status; None if nothing is kept."""
    match cache.recall("said", subject) if subject else None:
        case [str(text), int(status)]:
            return text, status
    return None


def remember(subject: str, text: str, status: int) -> None:
    """Keep what was printed and the exit status."""
    if subject and status in (0, 1):
        cache.keep("said", subject, [text, status])
