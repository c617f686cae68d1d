"""Where spec/ and templates/ are, and reading files that may be anything."""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = os.path.dirname(os.path.abspath(__file__))
"""The folder of the package's own modules."""

FOREIGN_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".jj", ".pc", ".venv", "node_modules", "__pycache__"}
)
"""What version control, quilt and installers keep for themselves in a tree: copies of sources
included, which are neither checked nor written."""


def share() -> str:
    """The folder that holds spec/ and templates/: the wheel's own, else the checkout's top."""
    packaged = os.path.join(PACKAGE, "share")
    return packaged if os.path.isdir(packaged) else os.path.dirname(os.path.dirname(PACKAGE))


def spec_folder() -> str:
    """The folder of the spec that comes with this installation."""
    return os.path.join(share(), "spec")


def template_folder() -> str:
    """The folder of the targets that come with this installation."""
    return os.path.join(share(), "templates")


def spec_root() -> Path:
    """``spec_folder`` as a Path."""
    from pathlib import Path

    return Path(spec_folder())


def template_root() -> Path:
    """``template_folder`` as a Path."""
    from pathlib import Path

    return Path(template_folder())


def read_regular(path: Path | str, limit: int) -> bytes:
    """The first ``limit`` bytes of a regular file; OSError for anything else, which never blocks.

    With a limit of -1 all bytes. A FIFO or a device is refused before it is read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, "is a directory, not a file")
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "is not a regular file")
        with open(descriptor, "rb", closefd=False) as stream:
            return stream.read(limit)
    finally:
        os.close(descriptor)


def shown(path: Path | str) -> str:
    """``path`` as messages show it: relative to the working directory where it lies below it."""
    text = os.fspath(path)
    try:
        relative = os.path.relpath(text)
    except (ValueError, OSError):
        return text
    outside = relative == os.pardir or relative.startswith(os.pardir + os.sep)
    return text if outside else relative.replace(os.sep, "/")
