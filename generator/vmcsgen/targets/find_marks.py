"""Which files of a source tree carry marks: asked of git where it is a git tree, else by a walk."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from vmcsgen.diagnostics import DiagnosticError, refuse
from vmcsgen.resources import FOREIGN_FOLDERS, read_regular, shown
from vmcsgen.writer import is_temporary

FILE_LIMIT = 8 << 20
"""Bytes; a larger file is no source file and is not looked into."""

UNREAD = ("error: ", "warning: could not open directory ")
"""How git begins to say that it could not look into something; else it goes on in silence."""

_WORDS = (b"vmcsgen begin", b"vmcsgen end")

# What a tree's own .git/config says must neither run programs nor hide files.
_GIT = (
    "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "submodule.recurse=false",
)  # fmt: skip
# Nor may git fetch what a partial clone lacks, with a program that .git/config names.
_ENVIRONMENT = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_OPTIONAL_LOCKS": "0"}


def source_tree(top: Path) -> Path:
    """``top`` itself; DiagnosticError if it is no folder, or one that can't be looked into."""
    if not os.path.isdir(top):  # Path.is_dir raises for names that are too long
        raise refuse("is no folder", shown(top), hint="name the top of a source tree")
    if not os.access(top, os.R_OK | os.X_OK):
        raise _unread(top, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    return top


def marked_files(top: Path) -> tuple[str, ...]:
    """The files below ``top`` that hold a mark, as ordered paths relative to it.

    In a git tree the files that git ignores are left out; in any, those of FOREIGN_FOLDERS, those
    that are too large, and those that a writer has not finished. DiagnosticError if ``top`` is no
    folder, or if something can't be read that may hold a mark.
    """
    found: Iterable[str] | None = None
    if (source_tree(top) / ".git").exists():
        # With --untracked git leaves out tracked files that .gitignore names (Debian's kernel
        # trees ignore everything), so both are asked.
        tracked, new = _by_git(top), _by_git(top, "--untracked")
        if tracked is not None and new is not None:
            found = {*tracked, *new}
    if found is None:
        found = _by_walk(top)
    return tuple(sorted(path for path in found if _is_source(top, path)))


def _is_source(top: Path, path: str) -> bool:
    """Whether a file is one to write into: not what another run writes, or wrote when it died."""
    *folders, name = path.split("/")
    if FOREIGN_FOLDERS.intersection(folders) or is_temporary(name):
        return False
    try:
        return os.lstat(top / path).st_size <= FILE_LIMIT
    except FileNotFoundError:
        return False  # gone since it was found, or git was told to take it for unchanged


def _by_git(top: Path, *options: str) -> list[str] | None:
    """What ``git grep`` finds, or None if git isn't there or doesn't want this folder."""
    command = [*_GIT, "grep", *options, "-zlF", "--no-color", "--no-textconv"]
    command += [part for word in _WORDS for part in ("-e", word.decode())]
    # GIT_DIR and its kin, which hooks are given, would make it another tree than the one named.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**plain, **_ENVIRONMENT, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [*command, "--", "."], cwd=top, env=environment, capture_output=True, check=False
        )
    except OSError:
        return None
    said = os.fsdecode(done.stderr).splitlines()
    unread = [line for line in said if done.returncode < 2 and line.startswith(UNREAD)]
    if unread:
        raise refuse(f"can't be read: git says {unread[0]!r}", shown(top), rule="WRITE002")
    if done.returncode > 1 or (done.returncode and done.stderr):
        return None
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def _by_walk(top: Path) -> Iterator[str]:
    """The same without git: every regular file is read once; symlinks are not followed."""
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(top / folder))
        except FileNotFoundError:
            continue  # gone since its own folder was listed
        except OSError as error:
            raise _unread(top / folder, error) from None
        for entry in entries:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in FOREIGN_FOLDERS:
                    pending.append(relative)
            elif entry.is_file(follow_symlinks=False) and _holds_mark(entry.path):
                yield relative


def _holds_mark(path: str) -> bool:
    try:
        content = read_regular(path, FILE_LIMIT)
    except FileNotFoundError:
        return False  # gone since its folder was listed
    except OSError as error:
        raise _unread(path, error) from None
    return b"vmcsgen" in content and any(word in content for word in _WORDS)


def _unread(path: Path | str, error: OSError) -> DiagnosticError:
    """A look that missed what may hold a mark is no pass."""
    return refuse(f"can't be read: {error.strerror}", shown(path), rule="WRITE002")
