"""The harness itself: trees are what they say, copies build alike, KVM and QEMU really answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from . import kernel, kvm, objects, qemu
from .cache import Unavailable, made_once, need, run

VMCS_ENUM = 0x48A
SECONDARY = 0x48B
TSC_MULTIPLIER = 0x2032
GUEST_SYSENTER_CS = 0x482A
EPT_POINTER = 0x201A


def test_a_kernel_tree_has_the_version_of_its_package(kernel_build: kernel.KernelBuild) -> None:
    makefile = (kernel_build.tree / "Makefile").read_text()
    numbers = dict(re.findall(r"^(VERSION|PATCHLEVEL) = (\d+)$", makefile, re.MULTILINE))
    assert kernel_build.origin.series == (int(numbers["VERSION"]), int(numbers["PATCHLEVEL"]))


def test_a_qemu_tree_has_the_version_of_its_package(qemu_build: qemu.QemuBuild) -> None:
    version = (qemu_build.tree / "VERSION").read_text().strip()
    assert version.startswith(".".join(map(str, qemu_build.origin.series)))


@pytest.mark.parametrize("arch", kernel.ARCHITECTURES)
def test_a_private_copy_builds_the_same_objects(scratch: Path, arch: str) -> None:
    build = kernel.prepared("6.12", arch)
    copy = kernel.private_copy(build, scratch / "linux")
    for name in kernel.OBJECTS:
        (copy.folder / name).unlink()
    for name, built in kernel.build_objects(copy).items():
        assert objects.facts(built) == objects.facts(build.folder / name)


def test_replacing_a_file_of_a_private_copy_leaves_the_cache_alone(scratch: Path) -> None:
    build = kernel.prepared("6.12", "x86_64")
    copy = kernel.private_copy(build, scratch / "linux")
    name = f"{kernel.VMX}/vmcs12.c"
    before = (build.tree / name).read_text()
    draft = copy.tree / f"{name}.new"
    draft.write_text(before.replace("FIELD(HOST_RIP, host_rip)", "FIELD(HOST_RIP, host_rsp)"))
    draft.replace(copy.tree / name)
    built = kernel.build_objects(copy, [f"{kernel.VMX}/vmcs12.o"])[f"{kernel.VMX}/vmcs12.o"]
    assert (build.tree / name).read_text() == before
    assert objects.facts(built) != objects.facts(build.folder / f"{kernel.VMX}/vmcs12.o")


def test_the_table_of_offsets_has_the_size_that_its_sparse_index_takes(
    kernel_build: kernel.KernelBuild, unpatched_kvm: kvm.Kvm
) -> None:
    found = kvm.fields(unpatched_kvm.ask([kvm.ALL.request, "fields"])[1])
    # ROL16(encoding, 6), in vmcs.h: the slot of a field.
    highest = max((field << 6 | field >> 10) & 0xFFFF for field in found)
    sizes = objects.facts(kernel_build.folder / f"{kernel.VMX}/vmcs12.o").symbols
    assert sizes["vmcs12_field_offsets"] == 2 * (highest + 1)


def test_kvm_with_every_feature_has_the_tsc_multiplier_as_highest_index(
    unpatched_kvm: kvm.Kvm,
) -> None:
    answers = unpatched_kvm.ask([kvm.ALL.request, f"get {VMCS_ENUM:x}", "fields"])
    assert answers[:2] == ["ok", "32"]
    found = kvm.fields(answers[2])
    assert {TSC_MULTIPLIER, TSC_MULTIPLIER | 1, EPT_POINTER, GUEST_SYSENTER_CS} <= found.keys()
    assert found[TSC_MULTIPLIER | 1] == found[TSC_MULTIPLIER] + 4


def test_only_newer_kernels_follow_the_host(
    kernel_build: kernel.KernelBuild, unpatched_kvm: kvm.Kvm
) -> None:
    answers = unpatched_kvm.ask([kvm.NOTHING.request, f"get {VMCS_ENUM:x}", "fields"])
    follows = kernel_build.origin.series >= (7, 2)
    assert (TSC_MULTIPLIER in kvm.fields(answers[2])) is not follows
    assert answers[1] == ("2e" if follows else "32")


def test_hosts_follow_one_another_in_one_process(unpatched_kvm: kvm.Kvm) -> None:
    hosts = [kvm.ALL, kvm.NOTHING, kvm.ALL]
    first, _, third = unpatched_kvm.ask(
        [line for host in hosts for line in (host.request, "fields")]
    )[1::2]
    assert first == third


def test_kvm_finds_no_field_behind_a_malformed_encoding(unpatched_kvm: kvm.Kvm) -> None:
    malformed = (0x8000, *(1 << bit | TSC_MULTIPLIER for bit in (12, 15, 16, 32, 63)))
    answers = unpatched_kvm.ask([kvm.ALL.request, *(f"lookup {field:x}" for field in malformed)])
    assert answers[1:] == [str(kvm.ENOENT)] * len(malformed)


def test_user_space_sets_and_gets_the_vcpus_msrs(unpatched_kvm: kvm.Kvm) -> None:
    answers = unpatched_kvm.ask(
        [
            kvm.ALL.request,
            f"set {VMCS_ENUM:x} ffffffffffffffff",
            f"get {VMCS_ENUM:x}",
            f"set {SECONDARY:x} 0",
            f"get {SECONDARY:x}",
            f"set {SECONDARY:x} ffffffffffffffff",
        ]
    )
    assert answers == ["ok", "0", "f" * 16, "0", "0", "-22"]


def test_shadowed_fields_are_fields(unpatched_kvm: kvm.Kvm) -> None:
    _, found, shadow = unpatched_kvm.ask([kvm.ALL.request, "fields", "shadow"])
    read, write = kvm.shadowed(shadow)
    assert write < read <= kvm.fields(found).keys()
    assert GUEST_SYSENTER_CS not in read


def test_instructions_of_a_look_up_are_counted(unpatched_kvm: kvm.Kvm) -> None:
    present = unpatched_kvm.instructions(kvm.ALL, TSC_MULTIPLIER)
    malformed = unpatched_kvm.instructions(kvm.ALL, 1 << 20)
    assert 10 < present < 40
    assert 3 < malformed < present


def test_a_wrong_request_is_an_error(unpatched_kvm: kvm.Kvm) -> None:
    with pytest.raises(RuntimeError, match="no such request: nonsense"):
        unpatched_kvm.ask(["nonsense"])


def test_what_objects_lack_becomes_zeros_with_a_name(tmp_path: Path) -> None:
    source, program = tmp_path / "main.c", tmp_path / "main"
    source.write_text(
        """
        #include <string.h>
        #include "harness.h"
        extern int lacking[4];
        int main(void) {
            return stub_count != 1 || strcmp(stubs[0].name, "lacking")
                || stubs[0].start != (const char *)lacking || lacking[3];
        }
        """
    )
    run(["gcc", "-fno-pie", f"-I{kvm.HERE}", "-c", source, "-o", tmp_path / "main.o"])
    run([objects.link_with_stubs([tmp_path / "main.o"], program)])


def test_qemu_climbs_its_own_ladder(qemu_build: qemu.QemuBuild, unpatched_qemu: qemu.Qemu) -> None:
    words = {word.msr: word for word in unpatched_qemu.feature_words()}
    secondary = words[SECONDARY]
    scaling = 1 << secondary.properties.index("vmx-tsc-scaling")
    everything = {word.index: 2**64 - 1 for word in unpatched_qemu.feature_words()}
    highest = 0x52 if qemu_build.origin.series >= (9, 0) else 0x32
    assert unpatched_qemu.vmcs_enums([{}, {secondary.index: scaling}, everything]) == [
        0x2E,
        0x32,
        highest,
    ]


def test_qemus_own_object_compiles_without_warnings(
    qemu_build: qemu.QemuBuild, scratch: Path
) -> None:
    copy = qemu.private_copy(qemu_build, scratch / "qemu")
    built = qemu.compile_source(copy, qemu.KVM, scratch / "kvm.o")
    assert "kvm_arch_init_vcpu" in objects.facts(built).symbols


def test_every_cpu_model_of_qemu_tells_its_vmx_features() -> None:
    models = qemu.cpu_models()
    assert len(models) > 50
    assert models["Skylake-Client-v1"]["vmx-secondary-ctls"]
    assert not models["Nehalem-v1"]["vmx-tsc-scaling"]


def test_a_folder_is_made_once_and_again_after_a_failure(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(place: Path) -> None:
        made.append(place)
        (place / "half").touch()
        if len(made) == 1:
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        made_once(tmp_path / "thing", make)
    for _ in range(2):
        assert made_once(tmp_path / "thing", make) == tmp_path / "thing"
    assert len(made) == 2


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(Unavailable, match="install the Debian packages: of-that-name"):
        need({"sh": "dash", "no-such-program": "of-that-name"})
