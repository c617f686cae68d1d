"""The user's cache: JSON under what it was made from. Imports next to nothing.

Losing, corrupting or sharing the cache costs time only: an entry carries a checksum of itself,
and one that doesn't fit is ignored. Entries are data, never code. A folder that another user owns
or may write to is not used: anybody can make a checksum fit.
"""

from __future__ import annotations

import json
import os
import stat
from zlib import crc32

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from typing import Any

_ENTRY_LIMIT = 64 << 20
_ENTRIES_KEPT = 32
_TEMPORARY_SECONDS = 3600


def folder() -> str | None:
    """Where entries are kept: $VMCSGEN_CACHE, else vmcsgen below $XDG_CACHE_HOME or ~/.cache.

    None if there is no such place or caching is switched off (VMCSGEN_CACHE set to nothing). A
    HOME that is not there is not made: Debian builds packages with such a one.
    """
    chosen = os.environ.get("VMCSGEN_CACHE")
    if chosen is not None:
        return chosen or None
    base = os.environ.get("XDG_CACHE_HOME")
    if base and os.path.isabs(base):
        return os.path.join(base, "vmcsgen")
    home = os.environ.get("HOME")
    if home and os.path.isabs(home) and os.path.isdir(home):
        return os.path.join(home, ".cache", "vmcsgen")
    return None


def recall(family: str, subject: str) -> Any:
    """The JSON value that ``keep`` kept of ``subject``, or None."""
    match read_entry(_name(family, subject)):
        case [str(about), value] if about == subject:
            return value
    return None


def keep(family: str, subject: str, value: Any) -> None:
    """Keep a JSON value under ``subject``: all that it was made from, in words.

    Subjects whose checksums are the same put each other out; a digest would tell them apart, but
    hashlib costs a quarter of a bare start to import.
    """
    write_entry(_name(family, subject), [subject, value])


def _name(family: str, subject: str) -> str:
    return f"{family}-{crc32(subject.encode('utf-8', 'surrogateescape')):08x}.json"


def read_entry(name: str) -> Any:
    """The JSON value kept under ``name``, or None if there is none that is whole."""
    where = folder()
    if where is None or not _ours(where):
        return None
    try:
        # Whatever stands there: a FIFO reads as empty, and never blocks.
        descriptor = os.open(os.path.join(where, name), os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as stream:
            raw = stream.read(_ENTRY_LIMIT)
        checksum, body = raw[:8], raw[9:]
        if _checksum(body) != checksum:
            return None
        return json.loads(body)
    except (OSError, ValueError, RecursionError):
        return None


def write_entry(name: str, value: Any) -> None:
    """Keep a JSON value under ``name``; quietly does nothing where it can't."""
    where = folder()
    if where is None:
        return
    body = json.dumps(value, separators=(",", ":")).encode()
    temporary = os.path.join(where, f".{name}.{os.getpid()}")
    try:
        os.makedirs(where, mode=0o700, exist_ok=True)
        if not _ours(where):
            return
        with open(temporary, "wb") as stream:
            stream.write(_checksum(body) + b"\n" + body)
        os.replace(temporary, os.path.join(where, name))
        _prune(where, name.partition("-")[0])
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            return


def _checksum(body: bytes) -> bytes:
    """CRC-32 in hexadecimal: against accidents, for which hashlib is slow to import."""
    return b"%08x" % crc32(body)


def _ours(where: str) -> bool:
    """Whether nobody but this user (and root) can have written what stands in a folder."""
    try:
        found = os.stat(where)
    except OSError:
        return False
    others = stat.S_IWGRP | stat.S_IWOTH
    return found.st_uid == os.geteuid() and not found.st_mode & others


def _prune(where: str, family: str) -> None:
    """Keep the newest entries of a family, and nothing of its writers that were killed long ago.

    The folder may hold other things: only names that are written here are touched.
    """
    import re

    entry = re.compile(rf"{family}-[0-9a-f-]{{8,}}\.json")
    temporary = re.compile(rf"\.{entry.pattern}\.[0-9]+")
    with os.scandir(where) as listed:
        found = sorted(listed, key=lambda each: each.stat().st_mtime)
    kept = [each for each in found if entry.fullmatch(each.name)]
    old = found[-1].stat().st_mtime - _TEMPORARY_SECONDS
    left = [e for e in found if temporary.fullmatch(e.name) and e.stat().st_mtime < old]
    for each in (*kept[:-_ENTRIES_KEPT], *left):
        os.unlink(each.path)
