"""Copies a log, with the names of VMCS fields beside the encodings it recognises.

Everything else passes byte for byte. An encoding is recognised where a word that says so stands
before it, on a line that is about VMCSs:

    kvm: vmread failed: field=2032                                   Linux
    vmwrite error: reg 2032 value 1 (err 12)                         Linux before 5.2, illumos
    accessing unsupported EVMCS field 2032                           Linux on Hyper-V
    HVM/VMX: vmread of vmcs field 2032 failed!                       Xen
    vmread: VMCS field 0x2032 invalid -> VMFail                      VirtualBox
    VMWRITE: write to read only field 0x00006400                     Bochs
    PASS: field 2032: shadow VMCS value (0) is as expected           kvm-unit-tests
    Skipping read-only field 6400                                    kvm-unit-tests

The number is hexadecimal, with or without 0x. One that is no encoding of the spec is left alone.
KVM's and Xen's dumps of a VMCS name the fields themselves: there is nothing to add.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import BinaryIO

from vmcsgen.core.spec import Spec

CHUNK = 1 << 20
"""Bytes that are read at a time."""

LINE_LIMIT = 1 << 16
"""A line that is longer passes as it is: no tool prints an encoding on one."""

_ABOUT = (
    b"vmread", b"vmwrite", b"vmcs", b"pass: ", b"fail: ", b"skip: ", b"xfail: ", b"xpass: ",
    b"skipping ",
)  # fmt: skip
"""What a line that is about VMCSs holds, in lower case; the last six begin it."""

_FIRST_STATUS = 3
_ENCODING = re.compile(
    rb"(?P<before>\b(?:field|encoding|enc|reg)(?:[ \t]{0,3}[=:#][ \t]{0,3}|[ \t]{1,3}))"
    rb"(?P<number>(?:0x)?[0-9a-f]{1,16})(?![0-9a-z_])(?![ \t]?\(encoding)",
    re.IGNORECASE,
)


def names(spec: Spec, project: str | None = None) -> dict[int, bytes]:
    """What to write beside each encoding: field ids, or a project's constants where it has them.

    The high half of a field has ``_high`` behind its id.
    """
    found: dict[int, bytes] = {}
    chosen = spec.project_by_id[project] if project is not None else None
    for encoding, match in spec.by_encoding.items():
        name = match.field.id + ("_high" if match.high else "")
        if chosen is not None:
            constants = chosen.high_fields if match.high else chosen.fields
            name = constants.get(match.field.id, name)
        found[encoding] = name.encode()
    return found


def annotate(
    source: BinaryIO,
    sink: BinaryIO,
    beside: Mapping[int, bytes],
    show: Callable[[bytes], bytes] | None = None,
) -> int:
    """Copy ``source`` to ``sink`` line by line; the number of names that were added.

    ``show`` makes a line fit for a terminal. Memory does not grow with the log or its lines; what
    has been read is written before more is waited for, so that a growing log can be followed.
    DiagnosticError if the source can't be read on.
    """
    count = 0
    rest = bytearray()
    passing = False  # Inside of a line that is too long.
    while chunk := _more(source):
        end = chunk.rfind(b"\n") + 1
        if not end:
            rest += chunk
            if passing or len(rest) > LINE_LIMIT:
                passing = True
                _write(sink, bytes(rest), show)
                rest.clear()
            continue
        block = bytes(rest) + chunk[:end]
        rest[:] = chunk[end:]
        if passing:
            first = block.find(b"\n") + 1
            _write(sink, block[:first], show)
            block, passing = block[first:], False
        block, added = annotate_block(block, beside)
        count += added
        _write(sink, block, show)
    if rest:
        tail, added = (bytes(rest), 0) if passing else annotate_block(bytes(rest), beside)
        count += added
        _write(sink, tail, show)
    return count


def _more(source: BinaryIO) -> bytes:
    try:
        return bytes(getattr(source, "read1", source.read)(CHUNK))
    except OSError as error:
        from vmcsgen.diagnostics import refuse

        raise refuse(f"can't be read on: {error.strerror}", str(source.name)) from None


def _write(sink: BinaryIO, block: bytes, show: Callable[[bytes], bytes] | None) -> None:
    sink.write(block if show is None else show(block))
    sink.flush()


def annotate_block(block: bytes, beside: Mapping[int, bytes]) -> tuple[bytes, int]:
    """Whole lines with names added, and how many were."""
    pieces: list[bytes] = []
    count = position = 0
    for start, end in _candidates(block):
        line, added = annotate_line(block[start:end], beside)
        if added:
            pieces += [block[position:start], line]
            position = end
            count += added
    return (b"".join([*pieces, block[position:]]), count) if count else (block, 0)


def _candidates(block: bytes) -> list[tuple[int, int]]:
    """Start and end of the lines that may hold an encoding, in order.

    A search for fixed words is what keeps a log of gigabytes from taking minutes.
    """
    lowered = block.lower()
    found: set[tuple[int, int]] = set()
    for number, word in enumerate(_ABOUT):
        at = lowered.find(word)
        while at >= 0:
            start = lowered.rfind(b"\n", 0, at) + 1
            end = lowered.find(b"\n", at)
            end = len(block) if end < 0 else end
            if end - start <= LINE_LIMIT and (number < _FIRST_STATUS or start == at):
                found.add((start, end))
            at = lowered.find(word, end)
    return sorted(found)


def annotate_line(line: bytes, beside: Mapping[int, bytes]) -> tuple[bytes, int]:
    """A line that is about VMCSs, with names added, and how many were."""
    count = 0

    def add(found: re.Match[bytes]) -> bytes:
        nonlocal count
        name = beside.get(int(found["number"], 16))
        if name is None:
            return found[0]
        count += 1
        return found[0] + b" [" + name + b"]"

    return _ENCODING.sub(add, line), count


def for_terminal(block: bytes) -> bytes:
    r"""The block with everything that could steer a terminal written as ``\xNN``, but line ends."""
    from vmcsgen.diagnostics import printable

    text = block.decode("utf-8", "backslashreplace")
    return "\n".join(map(printable, text.split("\n"))).encode("utf-8", "backslashreplace")
