"""Contradictions in capability MSRs, each made in MSRs that are in order."""

from __future__ import annotations

import pytest

import vmcsgen
from vmcsgen.core.consistency import DEFAULT1, inconsistencies

TRUE_CONTROLS = 1 << 55

SOUND = {
    0x480: 0xDA040000000004,
    0x481: 0x7F00000016,
    0x482: 0xFFF9FFFE0401E172,
    0x483: 0x1FFFFFF00036DFF,
    0x484: 0x3FFFF000011FF,
    0x48A: 0x2E,
    0x48B: 0x5FFCFF00000000,
    0x48D: 0x7F00000016,
    0x48E: 0xFFF9FFFE04006172,
    0x48F: 0x1FFFFFF00036DFB,
    0x490: 0x3FFFF000011FB,
}
"""A Kaby Lake client processor."""


def test_a_real_processor_is_consistent(spec: vmcsgen.Spec) -> None:
    assert inconsistencies(spec, SOUND) == ()


def test_nothing_is_said_of_msrs_that_are_missing(spec: vmcsgen.Spec) -> None:
    for address, value in SOUND.items():
        assert inconsistencies(spec, {address: value}) == ()


@pytest.mark.parametrize(
    ("msr", "flipped", "bit", "text"),
    [
        (0x48A, 1 << 0, 0, "reserved"),
        (0x48A, 1 << 10, 10, "reserved"),
        (0x480, 1 << 31, 31, "reserved"),
        # Must be 1, but can't be.
        (0x481, 1 << 32 + 1, 1, "bit 1 says that pin control 1 must be 1, bit 33"),
        # Bits 31:0 of a group without default1 controls.
        (0x48B, 1 << 1, 1, "always 0"),
        # A default1 control whose 0-setting the plain MSR seems to allow.
        (0x482, 1 << 15, 15, "primary.cr3_load_exiting is of the default1 class"),
        # The TRUE_ MSR allows more, or less, than the plain one.
        (0x48D, 1 << 32 + 7, 39, "0 in IA32_VMX_PINBASED_CTLS"),
        (0x48F, 1 << 32 + 12, 44, "1 in IA32_VMX_EXIT_CTLS"),
        # The TRUE_ MSR asks for a control that the plain one does not ask for.
        (0x48D, 1 << 0, 0, "pin.external_interrupt_exiting must be 1"),
    ],
)
def test_one_flipped_bit_is_named(
    spec: vmcsgen.Spec, msr: int, flipped: int, bit: int, text: str
) -> None:
    found = inconsistencies(spec, SOUND | {msr: SOUND[msr] ^ flipped})
    assert (msr, bit) in [(each.msr, each.bit) for each in found]
    assert any(text in each.message for each in found if each.msr == msr)


def test_default1_control_that_only_the_true_msr_asks_for(spec: vmcsgen.Spec) -> None:
    found = inconsistencies(spec, SOUND | {0x481: SOUND[0x481] & ~(1 << 1)})
    assert [(each.msr, each.bit) for each in found] == [(0x481, 1), (0x48D, 1)]


def test_true_msrs_without_the_bit_that_says_they_exist(spec: vmcsgen.Spec) -> None:
    found = inconsistencies(spec, SOUND | {0x480: SOUND[0x480] ^ TRUE_CONTROLS})
    assert [each.msr for each in found] == [0x48D, 0x48E, 0x48F, 0x490]


def test_secondary_controls_without_the_activating_control(spec: vmcsgen.Spec) -> None:
    without = {msr: SOUND[msr] & ~(1 << 63) for msr in (0x482, 0x48E)}
    found = inconsistencies(spec, SOUND | without | {0x48B: 1 << 33})
    assert [(each.msr, each.bit) for each in found] == [(0x48B, 33)]
    assert "primary.activate_secondary_controls can't be 1" in found[0].message


@pytest.mark.parametrize(("msr", "outer"), [(0x492, 0x482), (0x493, 0x483)])
def test_groups_of_64_bits_without_the_activating_control(
    spec: vmcsgen.Spec, msr: int, outer: int
) -> None:
    found = inconsistencies(spec, SOUND | {msr: 1 << 4 | 1 << 40})
    assert [(each.msr, each.bit) for each in found] == [(msr, 4), (msr, 40)]
    assert f"({outer:#x})" in found[0].message


def test_default1_classes_hold_the_controls_that_the_spec_marks(spec: vmcsgen.Spec) -> None:
    for control in spec.controls.values():
        assert control.default1 == bool(DEFAULT1.get(control.group, 0) >> control.bit & 1), control
