"""Where spec/ and templates/ are: inside an installed wheel, or at the top of a checkout."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def share() -> Path:
    """The folder that holds spec/ and templates/: the wheel's own, else the checkout's top."""
    packaged = _PACKAGE / "share"
    return packaged if packaged.is_dir() else _PACKAGE.parent.parent


def spec_root() -> Path:
    """The folder of the spec that comes with this installation."""
    return share() / "spec"


def template_root() -> Path:
    """The folder of the targets that come with this installation."""
    return share() / "templates"


def package_root() -> Path:
    """The folder of the package's own modules."""
    return _PACKAGE


def read_regular(path: Path, limit: int) -> bytes:
    """The first ``limit`` bytes of a regular file; OSError for anything else, which never blocks.

    A FIFO or a device is refused before it is read.
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


def shown(path: Path) -> str:
    """``path`` as messages show it: relative to the working directory where it lies below it."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)
