"""Look-ups: by id, title, any project's name, encoding; what is not found gets a suggestion."""

from __future__ import annotations

import re

import pytest

from vmcsgen import Encoding, Spec, UnknownFieldError
from vmcsgen.core.requirement import Supports


@pytest.mark.parametrize(
    "wanted",
    ["tsc_multiplier", "TSC multiplier", "tsc  MULTIPLIER", "TSC_MULTIPLIER", "0x2032", "2032h",
     "8242", 0x2032, "VMX_VMCS64_CTRL_TSC_MULTIPLIER_FULL", "control::TSC_MULTIPLIER_FULL"],
)  # fmt: skip
def test_one_field_is_found_by_each_of_its_names(spec: Spec, wanted: str | int) -> None:
    match = spec.match(wanted)
    assert (match.field.id, match.high) == ("tsc_multiplier", False)


@pytest.mark.parametrize("wanted", [0x2033, "0x2033", "TSC_MULTIPLIER_HIGH", "tsc_multiplier_high"])
def test_high_half_is_found_as_such(spec: Spec, wanted: str | int) -> None:
    match = spec.match(wanted)
    assert (match.field.id, match.high, match.encoding) == (
        "tsc_multiplier",
        True,
        Encoding(0x2033),
    )


def test_every_field_is_found_by_id_title_and_encodings(spec: Spec) -> None:
    for field in spec.fields:
        for wanted in (field.id, field.title, *field.formerly, field.encoding.value):
            assert spec.field(wanted) is field
        if field.high_encoding is not None:
            assert spec.match(field.high_encoding.value).high


def test_every_name_of_every_project_finds_its_field(spec: Spec) -> None:
    for project in spec.projects:
        for identity, name in project.fields.items():
            assert any(match.field.id == identity for match in spec.find(name)), name


def test_unknown_name_gets_suggestions(spec: Spec) -> None:
    with pytest.raises(UnknownFieldError) as caught:
        spec.field("tsc_multiplyer")
    assert "tsc_multiplier" in caught.value.suggestions


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("0x3000", "bit 12"),
        ("0x4001", "32-bit"),
        ("0x27fe", "no field has it"),
        (1 << 40, "15 bits"),
    ],
)
def test_a_number_that_is_no_field_says_why(spec: Spec, wanted: str | int, reason: str) -> None:
    with pytest.raises(UnknownFieldError, match=reason):
        spec.field(wanted)


@pytest.mark.parametrize(
    ("logged", "meant"),
    [("2032", "0x2032"), ("4402", "0x4402"), ("681e", "0x681e"), ("800", "0x0800"), ("3000", None)],
)
def test_hexadecimal_digits_as_logs_print_them_are_suggested(
    spec: Spec, logged: str, meant: str | None
) -> None:
    with pytest.raises(UnknownFieldError) as caught:
        spec.field(logged)
    assert caught.value.suggestions == ((meant,) if meant else ())


def test_msr_bit_of_a_control_counts_from_the_msrs_bit_0(spec: Spec) -> None:
    assert spec.msr_bit("secondary.use_tsc_scaling") == (0x48B, 57)
    assert spec.msr_bit("tertiary.ipi_virtualization") == (0x492, 4)
    assert spec.msr_bit("cpuid.fred") is None


def test_closure_holds_the_chain_of_activating_controls(spec: Spec) -> None:
    assert spec.closure(frozenset({"vmfunc.eptp_switching"})) == {
        "vmfunc.eptp_switching",
        "secondary.enable_vm_functions",
        "primary.activate_secondary_controls",
    }


def test_words_name_the_control_in_the_sdms_manner(spec: Spec) -> None:
    requirement = spec.field("tsc_multiplier").requires
    assert spec.words(requirement) == (
        "on processors that support the 1-setting of the “use TSC scaling” secondary "
        "processor-based VM-execution control"
    )


def test_words_keep_the_capitals_of_a_name(spec: Spec) -> None:
    assert spec.words(spec.field("guest_uinv").requires).endswith(
        "the 1-setting of the “load UINV” VM-entry control"
    )
    for name in spec.controls:
        words = spec.words(Supports(name))
        assert not re.search(r"\b[a-z][A-Z]", words), words
