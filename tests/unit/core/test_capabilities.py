"""Capability sets: MSR values to controls, activation, TRUE_ MSRs, unknowns, inference."""

from __future__ import annotations

import pytest

from vmcsgen import Capabilities, Spec

TRUE_CTLS = 1 << 55


def test_a_control_is_supported_by_its_allowed_1_bit(spec: Spec) -> None:
    capabilities = Capabilities.from_msrs(spec, {0x480: 0, 0x481: 1 << 38})
    assert capabilities.supports("pin.activate_vmx_preemption_timer") is True
    assert capabilities.supports("pin.process_posted_interrupts") is False


def test_a_missing_msr_leaves_its_controls_unknown(spec: Spec) -> None:
    capabilities = Capabilities.from_msrs(spec, {0x482: 1 << 63})
    assert capabilities.supports("secondary.use_tsc_scaling") is None
    assert capabilities.supports("pin.nmi_exiting") is None


def test_a_group_whose_activating_control_is_not_supported_does_not_exist(spec: Spec) -> None:
    every = {0x482: 0, 0x48B: (1 << 64) - 1, 0x491: (1 << 64) - 1, 0x492: (1 << 64) - 1}
    capabilities = Capabilities.from_msrs(spec, every)
    assert capabilities.supports("secondary.use_tsc_scaling") is False
    assert capabilities.supports("tertiary.ipi_virtualization") is False
    assert capabilities.supports("vmfunc.eptp_switching") is False


def test_activation_that_is_unknown_decides_only_what_it_must(spec: Spec) -> None:
    capabilities = Capabilities.from_msrs(spec, {0x48B: 1 << 57})
    assert capabilities.supports("secondary.use_tsc_scaling") is None
    assert capabilities.supports("secondary.enable_pml") is False


@pytest.mark.parametrize(("basic", "expected"), [(TRUE_CTLS, True), (0, False)])
def test_true_msrs_count_only_where_basic_bit_55_says_so(
    spec: Spec, basic: int, expected: bool
) -> None:
    capabilities = Capabilities.from_msrs(spec, {0x480: basic, 0x481: 0, 0x48D: 1 << 38})
    assert capabilities.supports("pin.activate_vmx_preemption_timer") is expected


def test_a_dump_without_the_true_msr_is_read_from_the_other(spec: Spec) -> None:
    capabilities = Capabilities.from_msrs(spec, {0x480: TRUE_CTLS, 0x481: 1 << 38})
    assert capabilities.supports("pin.activate_vmx_preemption_timer") is True


def test_cpuid_decides_a_feature_and_nothing_is_inferred_then(spec: Spec) -> None:
    capabilities = Capabilities.from_msrs(spec, {0x480: 0}, {"cpuid.fred": True})
    assert capabilities.supports("cpuid.fred") is True
    assert not capabilities.inferred


def test_apx_without_cpuid_stays_unknown(spec: Spec) -> None:
    assert Capabilities.from_msrs(spec, {0x480: 0}).supports("cpuid.apx") is None


def test_a_set_of_names_is_closed_too(spec: Spec) -> None:
    lonely = Capabilities.of(spec, ["secondary.use_tsc_scaling"])
    assert lonely.supported == frozenset()
    whole = Capabilities.of(
        spec, ["secondary.use_tsc_scaling"], unknown=["primary.activate_secondary_controls"]
    )
    assert whole.supports("secondary.use_tsc_scaling") is None


def test_unknown_names_are_refused(spec: Spec) -> None:
    with pytest.raises(KeyError):
        Capabilities.of(spec, ["secondary.tsc"])
