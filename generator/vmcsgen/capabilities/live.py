"""The machine itself: MSRs and CPUID through Linux's /dev/cpu/N/msr and /dev/cpu/N/cpuid."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from vmcsgen.capabilities.dump import Collector, Dump
from vmcsgen.core.capabilities import CAPABILITY_MSRS, IA32_VMX_BASIC
from vmcsgen.core.processor import Leaf, leaves
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import DiagnosticError, refuse

NAME = "live machine"
DEVICES = Path("/dev/cpu")

ReadAt = Callable[[int, int, int], bytes]
"""``os.pread``: file descriptor, number of bytes, offset."""


def is_device(path: Path) -> bool:
    """Whether ``path`` is /dev/cpu, /dev/cpu/N or /dev/cpu/N/msr."""
    parts = path.parts
    base = DEVICES.parts
    if parts[: len(base)] != base:
        return False
    rest = parts[len(base) :]
    return not rest or (rest[0].isdigit() and rest[1:] in ((), ("msr",)))


def read(
    path: Path, spec: Spec, cpuinfo: Path = Path("/proc/cpuinfo"), read_at: ReadAt = os.pread
) -> Dump:
    """The logical CPUs below ``path`` (all, or one).

    DiagnosticError says what is missing: root, the msr module, or VMX.
    """
    source = str(path)
    collector = Collector(source, spec)
    asked = leaves(spec)
    for number, folder in _folders(path, source, cpuinfo):
        collector.select(number)
        _read_msrs(collector, folder, source, cpuinfo, read_at)
        _read_cpuid(collector, folder, asked, read_at)
    return collector.finish(NAME)


def _folders(path: Path, source: str, cpuinfo: Path) -> list[tuple[int, Path]]:
    folder = path.parent if path.name == "msr" else path
    if folder.name.isdigit():
        return [(int(folder.name), folder)]
    try:
        numbers = sorted(int(name) for name in os.listdir(folder) if name.isdigit())
    except OSError:
        numbers = []
    if not numbers:
        raise _no_module(source, cpuinfo)
    return [(number, folder / str(number)) for number in numbers]


def _no_module(source: str, cpuinfo: Path) -> DiagnosticError:
    if _has_vmx(cpuinfo) is False:
        return _no_vmx(source)
    return refuse(
        "the kernel offers no MSRs here: the msr module is not loaded", source, rule="CAPS004",
        hint="run modprobe msr as root",
    )  # fmt: skip


def _no_vmx(source: str) -> DiagnosticError:
    return refuse(
        "this processor has no VMX, or a hypervisor or the firmware hides it", source,
        rule="CAPS004",
        hint="in a virtual machine, nested virtualization must be on; docs/capability-dumps.md",
    )  # fmt: skip


def _has_vmx(cpuinfo: Path) -> bool | None:
    """Whether the kernel lists the vmx flag; None where it can't be known."""
    try:
        with cpuinfo.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if line.startswith("flags"):
                    return "vmx" in line.split()
    except OSError:
        return None
    return None


def _read_msrs(
    collector: Collector, folder: Path, source: str, cpuinfo: Path, read_at: ReadAt
) -> None:
    device = folder / "msr"
    try:
        descriptor = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _no_module(source, cpuinfo) from None
    except PermissionError:
        raise refuse(
            f"reading {device} needs root", source, rule="CAPS004",
            hint="sudo vmcsgen caps, or save the output of rdmsr and read that",
        ) from None  # fmt: skip
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.EIO):
            return  # An offline CPU: there is nothing to read.
        raise refuse(
            f"{device} can't be opened: {error.strerror}", source, rule="CAPS004"
        ) from None
    try:
        for address in CAPABILITY_MSRS:
            raw = _read_register(descriptor, 8, address, read_at)
            if raw is None and address == IA32_VMX_BASIC:
                raise _no_vmx(source)
            if raw is not None:
                collector.msr(address, f"{int.from_bytes(raw, 'little'):x}")
    finally:
        os.close(descriptor)


def _read_register(descriptor: int, size: int, offset: int, read_at: ReadAt) -> bytes | None:
    """The bytes of a register; None where the kernel answers EIO: there is no such register."""
    try:
        raw = read_at(descriptor, size, offset)
    except OSError:
        return None
    return raw if len(raw) == size else None


def _read_cpuid(collector: Collector, folder: Path, asked: Iterable[Leaf], read_at: ReadAt) -> None:
    try:
        descriptor = os.open(folder / "cpuid", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # The cpuid module is a convenience; MSRs decide nearly everything.
    try:
        for leaf, subleaf in asked:
            raw = _read_register(descriptor, 16, subleaf << 32 | leaf, read_at)
            if raw is not None:
                eax, ebx, ecx, edx = (
                    int.from_bytes(raw[at : at + 4], "little") for at in (0, 4, 8, 12)
                )
                collector.current.cpuid[leaf, subleaf] = eax, ebx, ecx, edx
    finally:
        os.close(descriptor)
