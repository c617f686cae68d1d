"""Which files are read: walking trees, languages by name, the filter in front of the parsers."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from itertools import takewhile

from vmcsgen.records import Record
from vmcsgen.resources import FOREIGN_FOLDERS
from vmcsgen.scan.patterns import lazy

SIZE_LIMIT = 8 << 20
"""Largest file that is parsed, in bytes; a parse tree takes some 50 times that in memory."""

SIZE_LIMITS = {"python": 1 << 20, "yaml": 4 << 20}
"""Lower limits, for languages whose parsers take more memory (130 bytes a byte) or time."""

_CHUNK = 1 << 20

LANGUAGES = {
    ".c": "c", ".h": "c", ".inc": "c", ".def": "c", ".cc": "c++", ".cpp": "c++", ".cxx": "c++",
    ".hh": "c++", ".hpp": "c++", ".hxx": "c++", ".inl": "c++", ".ipp": "c++", ".tcc": "c++",
    ".rs": "rust", ".py": "python", ".pyi": "python", ".s": "assembler", ".S": "assembler",
    ".asm": "assembler", ".nasm": "assembler", ".mac": "assembler",
    ".yaml": "yaml", ".yml": "yaml", ".json": "json",
}  # fmt: skip
"""File name ending -> language; other files of a tree are not read."""


UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How a file begins that some editors of Windows have saved."""


class Entry(Record):
    """A file to read; ``explicit``: named on the command line, so read it whatever it is.

    ``stamp`` is size, mtime, ctime and inode: what tells that its content is the one seen before.
    """

    path: str
    explicit: bool
    stamp: tuple[int, int, int, int]


class Trouble(Record):
    """A file or folder that can't be read, and why."""

    path: str
    reason: str


def language(path: str, content: bytes = b"") -> str | None:
    """The language of a file, by its name and, for headers, its content; None if unknown."""
    found = LANGUAGES.get(os.path.splitext(path)[1])
    if found == "c" and path.endswith((".h", ".inc", ".def")):
        if path.endswith(".inc") and _ASSEMBLER().search(content):
            return "assembler"
        if _CPP().search(content):
            return "c++"
    return found


_CPP = lazy(
    rb"^[ \t]*(?:namespace\b|template[ \t]*<|class[ \t]+\w+[^;]*[{:]|enum[ \t]+class\b|constexpr\b"
    rb"|inline[ \t]+constexpr\b|static[ \t]+constexpr\b|using[ \t]+\w|public:|private:)",
    re.MULTILINE,
)
_ASSEMBLER = lazy(
    rb"^[ \t]*(?:\.(?:equ|set|globl|section)\b|\w+[ \t]+equ[ \t]|%(?:define|ifn?def|macro)\b)",
    re.M | re.I,
)


def sniff(path: str, content: bytes) -> str:
    """The language of a file that was named: by name, else by what it begins with."""
    found = language(path, content)
    if found is not None:
        return found
    head = content[:4096]
    if re.match(rb"#!.*python", head):
        return "python"
    if head.lstrip()[:1] in (b"{", b"["):
        return "json"
    if re.search(
        rb"^\s*(?:pub\s+)?(?:const|mod|use)\s+\w+\s*(?::\s*u(?:16|32|64)\b|\{)", head, re.M
    ):
        return "rust"
    return "c++" if _CPP().search(content) else "c"


def walk(paths: Sequence[str], troubles: list[Trouble]) -> Iterator[Entry]:
    """Every file below ``paths`` whose language is known, and every path that is a file itself.

    Symbolic links are followed only where they are named; below a folder they are left alone, so
    that a cycle can't trap the walk. What can't be read is added to ``troubles``.
    """
    for path in paths:
        try:
            status = os.stat(path)
        except OSError as error:
            troubles.append(Trouble(path, error.strerror or str(error)))
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _below(path, troubles)
        elif stat.S_ISREG(status.st_mode):
            yield Entry(path, True, _stamp(status))
        else:
            troubles.append(Trouble(path, "is neither a file nor a folder"))


def _below(root: str, troubles: list[Trouble]) -> Iterator[Entry]:
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            entries = os.scandir(folder)
        except OSError as error:
            troubles.append(Trouble(folder, error.strerror or str(error)))
            continue
        with entries:
            for entry in entries:
                path = entry.name if folder == os.curdir else entry.path
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in FOREIGN_FOLDERS:
                        pending.append(path)
                elif os.path.splitext(entry.name)[1] in LANGUAGES and entry.is_file(
                    follow_symlinks=False
                ):
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue  # it went away while we walked
                    yield Entry(path, False, _stamp(status))


def _stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def shared_folders(path: str, other: str) -> int:
    """How many leading folders two paths share."""
    pairs = zip(path.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


_GUEST_RIP = lazy(rb"\b(?:0x0*681e|0*681eh)\b")
_HOST_RIP = lazy(rb"\b(?:0x0*6c16|0*6c16h)\b")


def promising(content: bytes) -> bool:
    """Whether a file can concern the VMCS at all: a search for bytes, much faster than a parser.

    It does if it has the word; a list without it still has the encodings of guest RIP and host
    RIP. Every further needle costs a second on a kernel tree.
    """
    if content.startswith(UTF_16):
        content = content.replace(b"\0", b"")
    lowered = content.lower()
    if b"vmcs" in lowered:
        return True
    return b"681e" in lowered and bool(_GUEST_RIP().search(lowered) and _HOST_RIP().search(lowered))


def read(path: str) -> tuple[bytes, bool]:
    """The bytes of a file, or those of its promising part, and whether that is all of it.

    A file past the size limit is searched in pieces; of it, only whether it is promising counts:
    the bytes are then empty if it is not. OSError if it can't be read.
    """
    # Without O_NONBLOCK, opening a FIFO that replaced the file meanwhile would wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "is not a regular file")
        content = os.read(descriptor, min(status.st_size, SIZE_LIMIT) + 1)
        while len(content) <= SIZE_LIMIT:
            more = os.read(descriptor, _CHUNK)
            if not more:
                return content, True
            content += more
        rest = content
        while rest:
            if promising(rest):
                return rest[:_CHUNK], False
            rest = rest[-16:] + more if (more := os.read(descriptor, _CHUNK)) else b""
        return b"", False
    finally:
        os.close(descriptor)
