"""Text to files: atomic, only when the content changes, never outside the output folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from vmcsgen.diagnostics import DiagnosticError, refuse
from vmcsgen.resources import read_regular, shown


def destination(root: Path, relative: str) -> Path:
    """The file ``relative`` below ``root``; DiagnosticError if it would be outside.

    A symlink on the way that leads out of ``root`` is refused too.
    """
    parts = PurePosixPath(relative)
    if parts.is_absolute() or ".." in parts.parts:
        raise refuse(f"{relative!r} leads out of the output folder", shown(root), rule="WRITE001")
    path = root / relative
    try:
        inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:
        raise refuse(f"can't be resolved: {error}", shown(path), rule="WRITE001") from None
    if not inside:
        raise refuse(
            "is a symlink, or below one, that leads out of the output folder",
            shown(path),
            rule="WRITE001",
            hint="remove the symlink",
        )
    return path


def current(path: Path) -> bytes | None:
    """The bytes of a file, or None if there is none; DiagnosticError if it can't be read."""
    try:
        return read_regular(path, -1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _failed(path, error, "read") from None


TEMPORARY = ".vmcsgen-new"
"""How names of temporary files end; a writer that was killed leaves one behind."""


def is_temporary(name: str) -> bool:
    """Whether a writer gave a file this name, which is none of the user's."""
    return name.startswith(".") and name.endswith(TEMPORARY)


def write(path: Path, content: bytes) -> bool:
    """Make ``path`` hold ``content``, durably; True if it had to change."""
    return write_all([(path, content)]) > 0


def write_all(contents: Iterable[tuple[Path, bytes]]) -> int:
    """Make each path hold its content, durably; how many had to change."""
    folders = [_put(path, content) for path, content in contents if current(path) != content]
    for folder in dict.fromkeys(folders):
        _sync_folder(folder)
    return len(folders)


def _put(path: Path, content: bytes) -> Path:
    """Write one file; the folder that it stands in.

    The content goes to a temporary file in the same folder, which then takes the name, so that
    at any instant the file is the old or the new one. Mode bits of an existing file are kept.
    What killed writers left in the folder is removed.
    """
    path = path.resolve() if path.is_symlink() else path
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        mode = _mode(path)
        descriptor, temporary = _temporary(path)
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
            os.replace(temporary, path)  # with the lock on it: what is not locked is swept away
    except BaseException as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, OSError):
            raise _failed(path, error, "written") from None
        raise
    return path.parent


def _temporary(path: Path) -> tuple[int, str]:
    """A new file beside ``path``, open and locked for as long as it is open."""
    while True:
        descriptor, name = tempfile.mkstemp(TEMPORARY, f".{path.name[:60]}.", path.parent)
        with contextlib.suppress(OSError):  # a file system without locks: nobody sweeps there
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, name
        os.close(descriptor)  # swept away before it was locked


def sweep(folder: Path) -> None:
    """Remove the temporary files of writers that are no more: theirs are not locked."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if is_temporary(name):
                _sweep_file(folder / name)


def _sweep_file(path: Path) -> None:
    with contextlib.suppress(OSError):
        flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(path, os.O_RDWR | flags)  # NFS locks nothing else
        except PermissionError:  # it had got the mode of a file that nobody may write to
            descriptor = os.open(path, os.O_RDONLY | flags)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        finally:
            os.close(descriptor)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make new names durable; a file system that can't is no reason to fail."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _failed(path: Path, error: OSError, verb: str) -> DiagnosticError:
    return refuse(
        f"can't be {verb}: {error.strerror or error}",
        shown(path),
        rule="WRITE002",
        hint="this file is as it was" if verb == "written" else "",
    )
