"""SOURCE to Dump: a file, standard input, this machine, a known CPU or a QEMU model."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from vmcsgen.capabilities import (
    aida64,
    json_text,
    libvirt,
    probe_log,
    rdmsr,
    virtualbox,
    vmxcap,
)
from vmcsgen.capabilities.dump import Dump, Identity, Processor
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import refuse
from vmcsgen.specfile.cpus import KnownCpu, KnownCpus

SIZE_LIMIT = 64 << 20
"""Largest dump that is read, in bytes."""

_FORMATS = (
    "rdmsr text, AIDA64/InstLatx64 dumps, VirtualBox logs, vmxcap output, QMP or other JSON, "
    "libvirt XML, logs of the probe"
)


def open_source(source: str, spec: Spec, known: Callable[[], KnownCpus]) -> Dump:
    """What ``source`` tells; DiagnosticError if it can't be read or tells nothing of VMX.

    ``-`` is standard input; ``/dev/cpu``, ``/dev/cpu/N/msr`` and ``live`` are this machine;
    ``qemu:MODEL`` asks QEMU; otherwise it is a file, or else the id of a known CPU. ``@N`` behind
    any of them chooses logical CPU N; where none has a number, kind N, from 0, as ``caps`` shows
    them. ``known`` loads the known CPUs when they are needed.
    """
    plain, mark, number = source.rpartition("@")
    # os.path: Path.exists raises for names that are too long, or behind a locked door.
    if mark and number.isdigit() and len(number) <= 6 and not os.path.exists(source):
        return _only(open_source(plain, spec, known), int(number))
    dump = _open(source, spec, known)
    if not dump.processors:
        faults = "; ".join(fault.message for fault in dump.faults[:3])
        raise refuse(
            "tells nothing of VMX capability MSRs (0x480 to 0x493)" + (faults and f": {faults}"),
            source,
            rule="CAPS005",
            hint=f"known formats: {_FORMATS}; see docs/capability-dumps.md",
        )
    return dump


def _open(source: str, spec: Spec, known: Callable[[], KnownCpus]) -> Dump:
    if source == "-":
        return parse(sys.stdin.buffer.read(SIZE_LIMIT + 1), "<stdin>", spec)
    if source.startswith("qemu:"):
        return _qemu(source, spec)
    if source.startswith("cpu:"):
        return _known(source.removeprefix("cpu:"), source, known())
    path = Path("/dev/cpu" if source == "live" else source)
    from vmcsgen.capabilities import live

    if live.is_device(path):
        return live.read(path, spec)
    try:
        with path.open("rb") as stream:
            raw = stream.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        return _known(source, source, known())
    except IsADirectoryError:
        raise refuse("is a folder, not a dump", source, hint="name the file itself") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise refuse(f"can't be read: {reason}", source) from None
    return parse(raw, source, spec)


def _qemu(source: str, spec: Spec) -> Dump:
    from vmcsgen.capabilities import qemu

    name = source.removeprefix("qemu:")
    if not qemu.valid_name(name):
        raise refuse(
            f"{name[:80]!r} can't be a CPU model", source[:100], rule="CAPS003",
            hint=f"{qemu.COMMAND} -cpu help lists its models",
        )  # fmt: skip
    return qemu.models(spec, [name]).dumps[0]


def _known(name: str, source: str, known: KnownCpus) -> Dump:
    found = known.find(name)
    if found is None:
        close = known.suggestions(name)
        raise refuse(
            "there is no such file, and no known CPU with this id", source, rule="CAPS006",
            hint=f"did you mean {', '.join(close)}?" if close else "vmcsgen cpus lists known CPUs",
        )  # fmt: skip
    return Dump(source, "known CPU", (processor(found),), 1, ())


def processor(cpu: KnownCpu) -> Processor:
    """A known CPU as a source would tell of it."""
    identity = Identity(cpu.vendor, cpu.name, cpu.family, cpu.model, cpu.stepping)
    virtual = cpu.kind != "hardware"
    return Processor(
        cpu.name, (), cpu.msrs, {}, {}, cpu.features or {}, virtual, None, identity, cpu.id
    )


def parse(raw: bytes, source: str, spec: Spec) -> Dump:
    """The dump that ``raw`` holds, its format told by its content.

    DiagnosticError if it is too large; an unknown format gives a dump without processors.
    """
    if len(raw) > SIZE_LIMIT:
        raise refuse(
            f"is larger than {SIZE_LIMIT >> 20} MiB", source, rule="CAPS005",
            hint="cut out the part with the MSRs",
        )  # fmt: skip
    if probe_log.recognises(raw):
        return probe_log.read(raw, source, spec)
    text = decode(raw)
    if json_text.recognises(text):
        return json_text.read(text, source, spec)
    if libvirt.recognises(text):
        return libvirt.read(text, source, spec)
    if vmxcap.recognises(text):
        return vmxcap.read(text, source, spec)
    if virtualbox.recognises(text):
        return virtualbox.read(text, source, spec)
    if aida64.recognises(text):
        return aida64.read(text, source, spec)
    return rdmsr.read(text, source, spec)


def decode(raw: bytes) -> str:
    """The text of a dump: UTF-16 with a byte-order mark (Windows tools), else UTF-8, with or not.

    Bytes that are not UTF-8 become U+FFFD: no reader looks at anything but ASCII.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    return raw.decode("utf-8-sig", "replace")


def _only(dump: Dump, number: int) -> Dump:
    """The dump with the processor that holds logical CPU ``number`` only, or is kind ``number``."""
    numbered = any(each.numbers for each in dump.processors)
    for place, each in enumerate(dump.processors):
        if number in (each.numbers if numbered else (place,)):
            return Dump(f"{dump.source}@{number}", dump.format, (each,), 1, dump.faults)
    unnumbered = f": choose one of its kinds with @0 to @{len(dump.processors) - 1}"
    if len(dump.processors) == 1:
        unnumbered = f": leave out @{number}"
    raise refuse(
        f"tells of no CPU {number}", dump.source, rule="CAPS006",
        hint=f"it tells of {numbers_text(dump)}" + ("" if numbered else unnumbered),
    )  # fmt: skip


def numbers_text(dump: Dump) -> str:
    """The logical CPUs that a dump numbers, as text: ``CPUs 0-15``."""
    numbers = sorted({number for each in dump.processors for number in each.numbers})
    return (
        f"CPU{'s' if len(numbers) > 1 else ''} {ranges(numbers)}" if numbers else "unnumbered CPUs"
    )


def ranges(numbers: list[int] | tuple[int, ...]) -> str:
    """``0-3,8,10-11`` for sorted numbers; no more than 20 ranges are written out."""
    parts: list[tuple[int, int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1] = parts[-1][0], number
        else:
            parts.append((number, number))
    texts = [str(low) if low == high else f"{low}-{high}" for low, high in parts]
    return ",".join(texts[:20]) + (",..." if len(texts) > 20 else "")
