"""The emulators that can run a probe: which CPU models they have, and how each is started."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vmcsgen.diagnostics import did_you_mean, refuse
from vmcsgen.probe.build import Built

_ASKING_SECONDS = 20
_WORD = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.,=+-]{0,200}")
_SETTING = re.compile(r"(cpu|cpuid)\.([0-9a-z_]{1,40})=([0-9A-Za-z_.+-]{1,80})")


@dataclass(frozen=True, slots=True)
class Machine:
    """What to run a probe on: an emulator, its CPU model, and settings such as ``cpuid.vmx=2``."""

    emulator: str
    model: str
    settings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.emulator, self.model, *self.settings))


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to run one machine in a folder of its own: files to put there, and the command.

    ``logs`` are the files in that folder that hold the probe's lines: port 0xE9, serial port.
    """

    files: Mapping[str, bytes]
    command: tuple[str, ...]
    logs: tuple[str, str]


class Emulator(Protocol):
    """What an emulator must tell; each method but ``recipe`` asks the program itself."""

    name: str
    packages: str

    def version(self) -> str:
        """The version, as the program tells it."""

    def models(self) -> tuple[str, ...]:
        """Its CPU models, with VMX or without."""

    def recipe(self, machine: Machine, built: Built) -> Recipe:
        """How to run the machine; DiagnosticError if it makes no sense."""


def _ask(emulator: Emulator, *command: str) -> str:
    """What the program prints, on either output, when asked; DiagnosticError if it is not here."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_ASKING_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise missing(emulator) from None
    except subprocess.TimeoutExpired:
        raise refuse("does not answer", command[0], rule="PROBE002") from None
    return done.stdout.decode("utf-8", "replace")


def choose(emulator: Emulator, wanted: Sequence[str]) -> tuple[str, ...]:
    """The CPU models asked for; ``all`` is all. DiagnosticError if the emulator lacks one.

    What stands behind a comma in a model are its properties, as QEMU takes them.
    """
    known = emulator.models()
    if not known:
        raise refuse("does not list its CPU models", emulator.name, rule="PROBE002")
    if tuple(wanted) == ("all",):
        return known
    for model in wanted:
        name = model.partition(",")[0]
        if name not in known:
            hint = did_you_mean(name, known)
            raise refuse(f"has no CPU model {name!r}", emulator.name, rule="PROBE003", hint=hint)
    return tuple(wanted)


def missing(emulator: Emulator) -> Exception:
    """The error for an emulator that is not installed."""
    return refuse(
        "the emulator is not installed",
        emulator.name,
        rule="PROBE002",
        hint=f"Debian: apt-get install {emulator.packages}",
    )


def _version(emulator: Emulator, pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    if found is None:
        raise refuse("does not tell its version", emulator.name, rule="PROBE002")
    return found[1]


def _checked(machine: Machine, settings: bool) -> Machine:
    """The machine, if its words can stand in a configuration file or command line."""
    problem = ""
    if not _WORD.fullmatch(machine.model):
        problem = f"{machine.model!r} can't be a CPU model"
    for each in machine.settings:
        if not settings:
            problem = f"this emulator takes no settings: put {each!r} into the model"
        elif not _SETTING.fullmatch(each):
            problem = f"{each!r} is no setting"
    if problem:
        hint = "settings are like cpuid.vmx=2 or cpu.cpuid_limit_winnt=1" if settings else ""
        raise refuse(problem, machine.emulator, rule="PROBE003", hint=hint)
    return machine


class Bochs:
    """Bochs, headless: it boots the floppy image, and its VMX needs nothing of the host."""

    name = "bochs"
    packages = "bochs bochs-term bochsbios vgabios"

    def version(self) -> str:
        """Such as ``2.7``."""
        return _version(
            self, r"Bochs x86 Emulator ([0-9][0-9A-Za-z.]*)", _ask(self, "bochs", "--help")
        )

    def models(self) -> tuple[str, ...]:
        """The CPU models of this build."""
        _, _, listed = _ask(self, "bochs", "--help", "cpu").partition("Supported CPU models:")
        return tuple(re.findall(r"^([0-9a-z_]+)\r?$", listed, re.MULTILINE))

    def recipe(self, machine: Machine, built: Built) -> Recipe:
        """The configuration; ``cpu.`` settings go to its cpu line, ``cpuid.`` ones to cpuid."""
        words = [_SETTING.fullmatch(each) for each in _checked(machine, True).settings]
        settings = [each.groups() for each in words if each is not None]
        cpu = "".join(f", {key}={value}" for line, key, value in settings if line == "cpu")
        cpuid = ", ".join(f"{key}={value}" for line, key, value in settings if line == "cpuid")
        config = _BOCHSRC.format(model=machine.model, cpu=cpu)
        if cpuid:
            config += f"cpuid: {cpuid}\n"
        files = {
            "bochsrc": config.encode(),
            # Debian's Bochs is built with its debugger, which waits for a command to start.
            "start": b"continue\n",
            "probe.img": built.image.read_bytes(),
        }
        return Recipe(files, ("bochs", "-q", "-f", "bochsrc", "-rc", "start"), ("stdout", "serial"))


# ips scales emulated time: with few instructions a second, the serial port and the floppy cost
# few instructions. The rfb display waits for nobody (timeout=0).
_BOCHSRC = """\
config_interface: textconfig
display_library: rfb, options="timeout=0"
plugin_ctrl: unmapped=1, speaker=0
romimage: file=$BXSHARE/BIOS-bochs-legacy
vgaromimage: file=$BXSHARE/VGABIOS-lgpl-latest
megs: 32
floppya: 1_44=probe.img, status=inserted
boot: floppy
cpu: model={model}, count=1, ips=2000000, reset_on_triple_fault=0, ignore_bad_msrs=0{cpu}
clock: sync=none, time0=946684800
port_e9_hack: enabled=1
com1: enabled=1, mode=file, dev=serial
panic: action=fatal
error: action=report
log: bochs.log
"""


class Qemu:
    """QEMU: it loads the multiboot kernel. Only -accel kvm has VMX; tcg shows that it boots."""

    name = "qemu"
    packages = "qemu-system-x86"

    def __init__(self, accelerator: str = "tcg") -> None:
        self.accelerator = accelerator

    def version(self) -> str:
        """Such as ``7.2.22``."""
        said = _ask(self, "qemu-system-x86_64", "--version")
        return _version(self, r"version ([0-9][0-9A-Za-z.]*)", said)

    def models(self) -> tuple[str, ...]:
        """The CPU models of this build, with those that only KVM has."""
        listed = _ask(self, "qemu-system-x86_64", "-cpu", "help")
        return tuple(re.findall(r"^x86 (\S+)", listed, re.MULTILINE))

    def recipe(self, machine: Machine, built: Built) -> Recipe:
        """``model`` is all that -cpu takes, such as ``host`` or ``Skylake-Client,vmx=on``."""
        _checked(machine, False)
        command = (
            "qemu-system-x86_64", "-accel", self.accelerator, "-cpu", machine.model,
            "-m", "32", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", "probe.elf", "-debugcon", "file:e9", "-serial", "file:serial",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        )  # fmt: skip
        return Recipe({"probe.elf": built.kernel.read_bytes()}, command, ("e9", "serial"))


EMULATORS: Mapping[str, Emulator] = {
    "bochs": Bochs(),
    "qemu": Qemu(),
    "kvm": Qemu("kvm"),
}
"""By the name that ``--emulator`` takes."""


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put the files of a recipe into its folder."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
