"""Which files of a source tree carry marks: asked of git where it is a git tree, else by a walk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from vmcsgen.diagnostics import refuse
from vmcsgen.resources import FOREIGN_FOLDERS, shown

FILE_LIMIT = 8 << 20
"""Bytes; a larger file is no source file and is not looked into."""

_WORDS = (b"vmcsgen begin", b"vmcsgen end")

# What a tree's own .git/config says must neither run programs nor hide files.
_GIT = (
    "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
    "-c", "submodule.recurse=false", "-c", "grep.fullName=false",
)  # fmt: skip


def source_tree(top: Path) -> Path:
    """``top`` itself; DiagnosticError if it is no folder."""
    if not top.is_dir():
        raise refuse("is no folder", shown(top), hint="name the top of a source tree")
    return top


def marked_files(top: Path) -> tuple[str, ...]:
    """The files below ``top`` that hold a mark, as ordered paths relative to it.

    In a git tree the files that git ignores are left out. DiagnosticError if ``top`` is no
    folder.
    """
    if (source_tree(top) / ".git").exists():
        # With --untracked git leaves out tracked files that .gitignore names (Debian's kernel
        # trees ignore everything), so both are asked.
        tracked, new = _by_git(top), _by_git(top, "--untracked")
        if tracked is not None and new is not None:
            return tuple(sorted({*tracked, *new}))
    return tuple(sorted(_by_walk(top)))


def _by_git(top: Path, *options: str) -> list[str] | None:
    """What ``git grep`` finds, or None if git isn't there or doesn't want this folder."""
    command = [*_GIT, "grep", *options, "-zlF", "--no-color", "--no-textconv"]
    command += [part for word in _WORDS for part in ("-e", word.decode())]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [*command, "--", "."], cwd=top, env=environment, capture_output=True, check=False
        )
    except OSError:
        return None
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
        except OSError:
            continue
        for entry in entries:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in FOREIGN_FOLDERS:
                    pending.append(relative)
            elif entry.is_file(follow_symlinks=False) and _holds_mark(entry.path):
                yield relative


def _holds_mark(path: str) -> bool:
    try:
        with open(path, "rb", buffering=0) as stream:
            content = stream.read(FILE_LIMIT)
    except OSError:
        return False
    return b"vmcsgen" in content and any(word in content for word in _WORDS)
