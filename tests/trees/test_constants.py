"""The constants and the ladder of real trees against the spec: equal, or a known disagreement."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.core.enumeration import climb

from . import kernel, objects, qemu
from .cache import run
from .qemu_ladder import control_places, state

QEMU_RUNGS = ("cpuid.fred", "exit.activate_secondary_controls", "secondary.use_tsc_scaling")
"""What QEMU's own ladder asks for, highest first; QEMU 7.2 has only the last."""

QEMU_LOWEST = 0x2E

QEMU_LACKS = {0x4E, 0x4C, 0x42, 0x40, 0x3E, 0x3A, 0x36, 0x34, 0x30}
QEMU_LOWEST_IS_HIGH_FOR = {0x2C, 0x2A}


@pytest.fixture(scope="module")
def spec() -> vmcsgen.Spec:
    return vmcsgen.load()


def mistaken(
    spec: vmcsgen.Spec, project: str, constants: Mapping[str, int]
) -> dict[str, tuple[int, int | None]]:
    """The constants whose value is not the spec's: name to the tree's value and ours."""
    ours = expected(spec, project)
    return {
        name: (value, ours.get(name))
        for name, value in constants.items()
        if ours.get(name) != value
    }


def expected(spec: vmcsgen.Spec, project_id: str) -> dict[str, int]:
    """Every constant of a project, with the encoding that the spec gives it."""
    project = spec.project_by_id[project_id]
    ours = {name: spec.by_id[field].encoding.value for field, name in project.fields.items()}
    ours |= {
        name: spec.by_id[field].encoding.value | 1 for field, name in project.high_fields.items()
    }
    for field, names in project.aliases.items():
        ours |= dict.fromkeys(names, spec.by_id[field].encoding.value)
    return ours | {extra.name: extra.encoding for extra in project.extras}


def enumerators(header: Path) -> list[str]:
    """The names in the body of `enum vmcs_field`."""
    body = re.search(
        r"^enum vmcs_field \{\n(.*?)^\};", header.read_text(), re.DOTALL | re.MULTILINE
    )
    assert body, f"{header.name} has no enum vmcs_field"
    return re.findall(r"^\s*([A-Z]\w+)\s*=", body[1], re.MULTILINE)


def test_the_kernels_enum_has_the_values_of_the_spec(
    spec: vmcsgen.Spec, kernel_build: kernel.KernelBuild, tmp_path: Path
) -> None:
    names = enumerators(kernel_build.tree / "arch/x86/include/asm/vmx.h")

    def compile_file(source: Path, output: Path) -> Path:
        return kernel.compile_like(kernel_build, f"{kernel.VMX}/vmcs12.o", source, output)

    values = objects.constants(names, ["<asm/vmx.h>"], tmp_path, compile_file)
    assert len(values) > 160
    assert mistaken(spec, "linux", values) == {}


def test_the_selftests_enum_has_the_values_of_the_spec(
    spec: vmcsgen.Spec, kernel_build: kernel.KernelBuild, tmp_path: Path
) -> None:
    tests = kernel_build.tree / "tools/testing/selftests/kvm"
    (header,) = (path for path in tests.rglob("vmx.h") if "include" in path.parts)
    names = enumerators(header)
    # The header pulls in the selftests' whole library; the enum alone is plain C.
    body = re.search(r"^enum vmcs_field \{.*?^\};", header.read_text(), re.DOTALL | re.MULTILINE)
    assert body
    alone = tmp_path / "vmcs_field.h"
    alone.write_text(body[0])
    values = objects.constants(names, [f'"{alone}"'], tmp_path, compile_plainly)
    assert len(values) > 140
    assert mistaken(spec, "linux-selftests", values) == {}


def test_qemus_hvf_list_has_the_values_of_the_spec(
    spec: vmcsgen.Spec, qemu_build: qemu.QemuBuild, tmp_path: Path
) -> None:
    header = qemu_build.tree / "target/i386/hvf/vmcs.h"
    defined = re.findall(
        r"^#define (VMCS_\w+)\s+0x[0-9A-Fa-f]{8}$", header.read_text(), re.MULTILINE
    )
    names = [name for name in defined if name != "VMCS_INVALID_ENCODING"]
    # The system headers that it includes are macOS's; none is needed for numbers.
    for macos in ("hv.h", "hv_vmx.h"):
        (tmp_path / "Hypervisor").mkdir(exist_ok=True)
        (tmp_path / "Hypervisor" / macos).touch()

    def compile_file(source: Path, output: Path) -> None:
        compile_plainly(source, output, f"-I{tmp_path}")

    values = objects.constants(names, [f'"{header}"'], tmp_path, compile_file)
    assert len(values) > 140
    assert mistaken(spec, "qemu", values) == {}


def compile_plainly(source: Path, output: Path, *flags: str) -> None:
    run(["gcc", "-Wall", "-Werror", *flags, "-c", source, "-o", output])


def test_qemus_ladder_differs_only_as_the_disagreements_say(
    spec: vmcsgen.Spec, qemu_build: qemu.QemuBuild, unpatched_qemu: qemu.Qemu
) -> None:
    places = control_places(spec, unpatched_qemu.feature_words())
    rungs = vmcsgen.ladder(spec)
    ours_needs = {name for rung in rungs for term in rung.alternatives for name in term}
    known = sorted(name for name in ours_needs if name in places)
    theirs = [name for name in QEMU_RUNGS if name in places]
    if qemu_build.origin.series < (9, 0):
        theirs = ["secondary.use_tsc_scaling"]
    assert len(known) > 5

    sets = [spec.closure(frozenset(some)) for some in subsets(known)]
    states = [state(places, some) for some in sets]
    differing = set()
    for supported, answer in zip(sets, unpatched_qemu.vmcs_enums(states), strict=True):
        capabilities = vmcsgen.Capabilities.of(spec, supported)
        asked = [name for name in theirs if name in supported]
        highest = rung_value(spec, asked[0]) if asked else QEMU_LOWEST
        # What docs/disagreements.md says of QEMU's ladder ...
        assert answer == highest, sorted(supported)
        top = climb(rungs, capabilities)
        assert top is not None
        if top.vmcs_enum != answer:
            differing.add(top.vmcs_enum)
    # ... and where it says that this is wrong.
    lacking = QEMU_LACKS | QEMU_LOWEST_IS_HIGH_FOR
    if qemu_build.origin.series < (9, 0):
        lacking |= {rung_value(spec, name) for name in QEMU_RUNGS[:-1]}
    assert differing <= lacking
    assert differing >= QEMU_LOWEST_IS_HIGH_FOR


def rung_value(spec: vmcsgen.Spec, name: str) -> int:
    """The VMCS_ENUM of the rung that needs nothing but `name`."""
    (rung,) = (rung for rung in vmcsgen.ladder(spec) if frozenset({name}) in rung.alternatives)
    return rung.vmcs_enum


def subsets(names: list[str]) -> Iterable[tuple[str, ...]]:
    """Every subset of up to three names, and every one without up to two of them."""
    for size in range(4):
        yield from itertools.combinations(names, size)
    for size in range(3):
        for left_out in itertools.combinations(names, size):
            yield tuple(name for name in names if name not in left_out)
