"""The ladder in the words of a project, as the target's project or a tree has them."""

from __future__ import annotations

from dataclasses import replace

import pytest

import vmcsgen
from vmcsgen.targets.view import View
from vmcsgen.targets.words import BitView, WordLadder, WordRung, in_tree, word_ladder

CPU_H = {
    "FEAT_7_1_EAX": 5,
    "FEAT_VMX_PROCBASED_CTLS": 0,
    "FEAT_VMX_SECONDARY_CTLS": 1,
    "VMX_CPU_BASED_ACTIVATE_SECONDARY_CONTROLS": 1 << 31,
    "VMX_SECONDARY_EXEC_TSC_SCALING": 1 << 25,
}


def ladder_of(spec: vmcsgen.Spec, names: dict[str, int | None] | None) -> WordLadder:
    if names is not None:
        spec = in_tree(spec, "qemu", names)
    return word_ladder(View(spec, "qemu"), spec.project_by_id["qemu"])


def conditions(ladder: WordLadder) -> dict[int, tuple[str, ...]]:
    return {rung.vmcs_enum: rung.condition for rung in ladder.rungs}


def test_a_tree_without_a_word_has_no_rungs_of_its_group(spec: vmcsgen.Spec) -> None:
    ladder = ladder_of(spec, dict(CPU_H))
    assert [word.name for word in ladder.words] == [
        "FEAT_7_1_EAX", "FEAT_VMX_PROCBASED_CTLS", "FEAT_VMX_SECONDARY_CTLS",
    ]  # fmt: skip
    assert {control.group for control in ladder.missing} == {"pin", "exit", "entry", "tertiary"}
    assert 0x44 not in conditions(ladder)
    assert conditions(ladder)[0x2A] == ()


def test_a_group_that_needs_another_is_gated_by_its_word(spec: vmcsgen.Spec) -> None:
    ladder = ladder_of(spec, dict(CPU_H))
    secondary = next(word for word in ladder.words if word.variable == "secondary_ctls")
    assert str(secondary.active) == "primary_ctls & VMX_CPU_BASED_ACTIVATE_SECONDARY_CONTROLS"
    without = ladder_of(spec, {n: v for n, v in CPU_H.items() if n != "FEAT_VMX_PROCBASED_CTLS"})
    assert [word.variable for word in without.words] == ["cpuid_7_1_eax"]


def test_a_bit_is_spelled_by_the_trees_macro_else_as_a_number(spec: vmcsgen.Spec) -> None:
    names: dict[str, int | None] = {**CPU_H, "VMX_SECONDARY_EXEC_PCONFIG": 1 << 27}
    names["OTHER_PREFIX_SPP"] = 1 << 23
    found = conditions(ladder_of(spec, names))
    assert found[0x3E] == ("secondary_ctls & VMX_SECONDARY_EXEC_PCONFIG",)
    assert found[0x32] == ("secondary_ctls & VMX_SECONDARY_EXEC_TSC_SCALING",)
    assert found[0x30] == ("secondary_ctls & (1ull << 23)",)
    assert found[0x52] == ("cpuid_7_1_eax & (1ull << 17)",)


def test_a_planned_word_counts_only_where_a_tree_has_it(spec: vmcsgen.Spec) -> None:
    assert 0x42 not in conditions(ladder_of(spec, None))
    names: dict[str, int | None] = {**CPU_H, "FEAT_VMX_TERTIARY_CTLS": 2}
    assert conditions(ladder_of(spec, names))[0x42] == ("tertiary_ctls & (1ull << 4)",)


def test_a_macro_on_another_bit_is_refused(spec: vmcsgen.Spec) -> None:
    names: dict[str, int | None] = {**CPU_H, "VMX_SECONDARY_EXEC_TSC_SCALING": 1 << 24}
    with pytest.raises(vmcsgen.DiagnosticError, match="is 0x1000000 in the tree"):
        ladder_of(spec, names)
    names["VMX_SECONDARY_EXEC_TSC_SCALING"] = None  # not understood: the name counts
    assert conditions(ladder_of(spec, names))[0x32]


def test_a_control_that_is_always_allowed_needs_no_word(spec: vmcsgen.Spec) -> None:
    groups = tuple(
        replace(
            group,
            controls=tuple(
                replace(control, default1=control.id == "activate_vmx_preemption_timer")
                for control in group.controls
            ),
        )
        for group in spec.groups
    )
    ladder = ladder_of(replace(spec, groups=groups), None)
    assert ladder.rungs[-1].vmcs_enum == 0x2E
    assert ladder.rungs[-1].condition == ()


def bit(name: str) -> BitView:
    return BitView(f"{name}_ctls", name.upper(), 0, True, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alternatives", "lines"),
    [
        (((bit("a"),),), ("a_ctls & A",)),
        (((bit("a"), bit("b")),), ("(a_ctls & A) &&", "(b_ctls & B)")),
        (((bit("a"),), (bit("b"),)), ("(a_ctls & A) ||", "(b_ctls & B)")),
        (
            ((bit("a"), bit("b")), (bit("c"),)),
            ("((a_ctls & A) &&", " (b_ctls & B)) ||", "(c_ctls & C)"),
        ),
    ],
)
def test_conditions_in_c(
    alternatives: tuple[tuple[BitView, ...], ...], lines: tuple[str, ...]
) -> None:
    assert WordRung(0, "0x0", alternatives, ()).condition == lines
