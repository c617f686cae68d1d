"""How machines are described, without any emulator: words, settings, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.probe.build import Built
from vmcsgen.probe.emulators import EMULATORS, Machine


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """Files in the place of a probe's."""
    for name in ("probe.elf", "probe.img"):
        (tmp_path / name).write_bytes(name.encode())
    return Built(tmp_path / "probe.elf", tmp_path / "probe.img")


def test_settings_go_to_their_lines_of_bochsrc(built: Built) -> None:
    machine = Machine(
        "bochs", "bx_generic", ("cpuid.vmx=2", "cpu.cpuid_limit_winnt=1", "cpuid.apic=x2apic")
    )
    recipe = EMULATORS["bochs"].recipe(machine, built)
    config = recipe.files["bochsrc"].decode().splitlines()
    (cpu,) = [line for line in config if line.startswith("cpu:")]
    assert cpu.startswith("cpu: model=bx_generic, ")
    assert cpu.endswith(", cpuid_limit_winnt=1")
    assert config[-1] == "cpuid: vmx=2, apic=x2apic"
    assert recipe.files["probe.img"] == b"probe.img"


def test_qemu_gets_the_kernel_and_the_model_as_it_is(built: Built) -> None:
    recipe = EMULATORS["kvm"].recipe(Machine("kvm", "host,vmx=on"), built)
    words = dict(zip(recipe.command, recipe.command[1:], strict=False))
    assert words["-cpu"] == "host,vmx=on"
    assert words["-accel"] == "kvm"
    assert recipe.files == {"probe.elf": b"probe.elf"}


@pytest.mark.parametrize(
    "machine",
    [
        Machine("bochs", "tigerlake\nfloppyb: 1_44=/etc/passwd"),
        Machine("bochs", ""),
        Machine("bochs", "-f"),
        Machine("bochs", "bx_generic", ("cpuid.vmx=2, x=1",)),
        Machine("bochs", "bx_generic", ("floppyb.image=x",)),
        Machine("bochs", "bx_generic", ("vmx=2",)),
        Machine("qemu", "max", ("cpuid.vmx=2",)),
        Machine("qemu", "-drive"),
    ],
)
def test_words_that_could_mean_something_else_are_refused(machine: Machine, built: Built) -> None:
    with pytest.raises(DiagnosticError):
        EMULATORS[machine.emulator].recipe(machine, built)
