"""Patched KVM against the Python library: which fields a vCPU has, and its VMCS_ENUM."""

from __future__ import annotations

import pytest

from vmcsgen.core.encoding import Width
from vmcsgen.specfile.load import load

from . import kvm, vcpus

RANDOM_SETS = 100_000
VMCS_ENUM = 0x48A
SECONDARY = 0x48B
TRUE_PIN = 0x48D
TSC_SCALING = 1 << 25
PREEMPTION_TIMER = 1 << 6
TSC_MULTIPLIER = 0x2032
GUEST_PML_INDEX = 0x812
ENABLE_PML = 1 << 17


def full_encodings(client: kvm.Kvm) -> list[int]:
    """The fields of this kernel's struct vmcs12."""
    answers = client.ask([kvm.ALL.request, vcpus.ALL.request, "fields"])
    return sorted(field for field in kvm.fields(answers[2]) if not field & 1)


def ask(
    client: kvm.Kvm, sets: list[vcpus.Vcpu], fields: list[int]
) -> list[tuple[frozenset[int], int]]:
    """For each vCPU which of `fields` KVM finds, and what it reports as VMCS_ENUM."""
    padded = [*fields, *[0x8000] * (-len(fields) % 4)]
    among = "among " + " ".join(f"{field:x}" for field in padded)
    lines = [kvm.ALL.request, among, *(each.request for each in sets)]
    answers = []
    for answer in client.ask(lines)[2:]:
        digits, vmcs_enum = answer.split()
        bits = f"{int(digits, 16):0{len(padded)}b}"
        there = frozenset(field for field, bit in zip(fields, bits, strict=False) if bit == "1")
        answers.append((there, int(vmcs_enum, 16)))
    return answers


@pytest.fixture(scope="module")
def random_answers() -> dict[str, list[tuple[frozenset[int], int]]]:
    """The library's answers, worked out once for all kernels with the same fields."""
    return {}


def test_with_every_feature_it_is_what_kvm_had_before(
    unpatched_kvm: kvm.Kvm, patched_kvm: kvm.Kvm
) -> None:
    before = unpatched_kvm.ask([kvm.ALL.request, "fields", f"get {VMCS_ENUM:x}"])[1:]
    after = patched_kvm.ask([kvm.ALL.request, vcpus.ALL.request, "fields", f"get {VMCS_ENUM:x}"])[
        2:
    ]
    assert kvm.fields(before[0]) == kvm.fields(after[0])
    assert before[1] == after[1] == "32"


def test_every_encoding_of_every_shape_agrees_with_the_library(patched_kvm: kvm.Kvm) -> None:
    """All 32,768 encodings, for vCPUs with everything, nothing, each control, and real CPUs."""
    spec = load()
    fields = full_encodings(patched_kvm)
    sets = [vcpus.ALL, vcpus.NOTHING, *vcpus.single_controls(), *vcpus.real_cpus()]
    assert len(sets) > 700
    lines = [kvm.ALL.request]
    for each in sets:
        lines += [each.request, "fields", f"get {VMCS_ENUM:x}"]
    answers = patched_kvm.ask(lines)[1:]
    wanted = vcpus.expected(sets, fields)
    for each, (there, vmcs_enum), found, value in zip(
        sets, wanted, answers[1::3], answers[2::3], strict=True
    ):
        halves = {
            encoding | 1
            for encoding in there
            if spec.by_encoding[encoding].field.width is Width.W64
        }
        assert kvm.fields(found).keys() == there | halves, each
        assert int(value, 16) == vmcs_enum, each


def test_random_vcpus_agree_with_the_library(
    patched_kvm: kvm.Kvm, random_answers: dict[str, list[tuple[frozenset[int], int]]]
) -> None:
    fields = full_encodings(patched_kvm)
    sets = vcpus.random_vcpus(RANDOM_SETS, seed=4)
    key = repr(fields)
    if key not in random_answers:
        random_answers[key] = vcpus.expected(sets, fields)
    wanted = random_answers[key]
    assert len({there for there, _ in wanted}) > RANDOM_SETS // 4
    assert len({vmcs_enum for _, vmcs_enum in wanted}) == 4
    assert ask(patched_kvm, sets, fields) == wanted


def test_vmcs_enum_follows_the_msrs_that_user_space_sets(patched_kvm: kvm.Kvm) -> None:
    answers = patched_kvm.ask([
        kvm.ALL.request,
        f"get {VMCS_ENUM:x}",
        f"lookup {TSC_MULTIPLIER:x}",
        f"get {SECONDARY:x}",
    ])  # fmt: skip
    assert answers[1] == "32"
    assert int(answers[2]) > 0
    without = int(answers[3], 16) & ~(TSC_SCALING << 32)
    answers = patched_kvm.ask([
        kvm.ALL.request,
        f"set {SECONDARY:x} {without:x}",
        f"get {VMCS_ENUM:x}",
        f"lookup {TSC_MULTIPLIER:x}",
        f"get {TRUE_PIN:x}",
    ])  # fmt: skip
    assert answers[1:4] == ["0", "2e", str(kvm.ENOENT)]
    timerless = int(answers[4], 16) & ~(PREEMPTION_TIMER << 32)
    answers = patched_kvm.ask([
        kvm.ALL.request,
        f"set {SECONDARY:x} 0",
        f"set {TRUE_PIN:x} {timerless:x}",
        f"get {VMCS_ENUM:x}",
    ])  # fmt: skip
    assert answers[1:3] == ["0", "0"]
    assert answers[3] in ("2a", "2c"), "2c where L1 is offered CET"


@pytest.mark.parametrize("value", ["0", "f" * 16, "2e", "52"])
def test_what_user_space_writes_to_vmcs_enum_wins(patched_kvm: kvm.Kvm, value: str) -> None:
    answers = patched_kvm.ask([
        kvm.ALL.request,
        f"set {VMCS_ENUM:x} {value}",
        f"get {VMCS_ENUM:x}",
        f"set {SECONDARY:x} 0",
        f"get {VMCS_ENUM:x}",
        f"lookup {TSC_MULTIPLIER:x}",
        kvm.ALL.request,
        f"get {VMCS_ENUM:x}",
    ])  # fmt: skip
    assert answers[1:6] == ["0", value, "0", value, str(kvm.ENOENT)]
    assert answers[7] == "32", "a new vCPU starts from the rule again"


def test_emulated_fields_follow_the_vcpu(patched_kvm: kvm.Kvm) -> None:
    """KVM emulates PML and the preemption timer whatever the host has."""
    offered = patched_kvm.ask([kvm.ALL.request, f"get {SECONDARY:x}"])[1]
    without = int(offered, 16) & ~(ENABLE_PML << 32)
    answers = patched_kvm.ask([
        kvm.ALL.request,
        f"lookup {GUEST_PML_INDEX:x}",
        f"set {SECONDARY:x} {without:x}",
        f"lookup {GUEST_PML_INDEX:x}",
    ])  # fmt: skip
    assert int(answers[1]) > 0
    assert answers[3] == str(kvm.ENOENT)


def test_malformed_encodings_are_no_fields(patched_kvm: kvm.Kvm) -> None:
    odd = (0x0001, 0x0801, 0x4001, 0x4821, 0x6801, 0x6C17)
    beyond = (0x8000, 0x1000, 0x1800, 0x3000, 0x7000, 0x7FFF, 1 << 16, 1 << 32, 1 << 63)
    wide = tuple(TSC_MULTIPLIER | 1 << bit for bit in (12, 15, 16, 31, 32, 63))
    lines = [f"lookup {field:x}" for field in (*odd, *beyond, *wide)]
    answers = patched_kvm.ask([kvm.ALL.request, vcpus.ALL.request, *lines])[2:]
    assert answers == [str(kvm.ENOENT)] * len(lines)


def test_shadowed_fields_that_the_vcpu_lacks_exit(whole_kvm: kvm.Kvm) -> None:
    """VMREADs through the shadow VMCS: what VMXON's bitmaps let through is what exists."""
    sets = [vcpus.ALL, vcpus.NOTHING, *vcpus.random_vcpus(300, seed=5), vcpus.ALL]
    lines = [kvm.ALL.request, "shadow"]
    for each in sets:
        lines += [each.request, "bitmaps", "fields"]
    answers = whole_kvm.ask(lines)
    read, write = kvm.shadowed(answers[1])
    seen = set()
    for each, chosen, found in zip(sets, answers[3::3], answers[4::3], strict=True):
        there = kvm.fields(found).keys()
        assert kvm.shadowed(chosen) == (read & there, write & there), each
        seen.add(chosen)
    assert len(seen) > 20, "the sets differ in shadowed fields"
    assert answers[3] == answers[1], "a vCPU with everything shares the bitmaps of all"


def test_shadow_bitmaps_cost_two_pages_for_each_set_of_missing_groups(whole_kvm: kvm.Kvm) -> None:
    """However many vCPUs there are: the harness has 128 pages, and KVM never asks for more."""
    sets = vcpus.random_vcpus(2_000, seed=6)
    lines = [kvm.ALL.request, "shadow"]
    for each in sets:
        lines += [each.request, "bitmaps"]
    answers = whole_kvm.ask(lines)[3::2]
    assert "none" not in answers
    assert len(set(answers)) <= 32, "five of the shadowed fields' groups are conditional"
