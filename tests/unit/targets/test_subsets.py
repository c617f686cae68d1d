"""The dense index of a struct's fields: every cell, group and rung, and what a tree changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmcsgen.core.capabilities import Capabilities
from vmcsgen.core.enumeration import enumerate_fields, existence
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.subsets import SubsetTable
from vmcsgen.targets.tree_facts import TreeFacts, struct_members
from vmcsgen.targets.view import View

from .kernel_tree import CAPABILITIES_H, VMCS12_H, VMX_H, change, make


def table(spec: Spec, tree: Path | None = None) -> SubsetTable:
    target = load_target("linux")
    facts = None if tree is None else TreeFacts(tree, target)
    return View(spec, target.project, facts).subset_table("vmcs12")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make(tmp_path)


def test_every_member_of_a_declaration_counts(tmp_path: Path) -> None:
    text = "struct t { u16 a, b; u32 c : 3, d:4; u8 *e, f[2], g; };"
    (tmp_path / "t.h").write_text(text)
    assert struct_members(tmp_path, "t.h", "t") == ("a", "b", "c", "d", "e", "f", "g")


def test_a_comma_in_parentheses_divides_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.h").write_text("struct t { u16 a[MAX(1, 2)], b; u32 c __aligned(f(8, 8)); };")
    assert struct_members(tmp_path, "t.h", "t")[:2] == ("a", "b")


@pytest.mark.parametrize("body", ["a" + ",a" * 200_000, "a" + ",(" * 200_000, ")," * 200_000])
def test_a_declaration_without_end_costs_little_time(tmp_path: Path, body: str) -> None:
    (tmp_path / "t.h").write_text(f"struct t {{ int {body}; }};")
    began = time.process_time()
    struct_members(tmp_path, "t.h", "t")
    assert time.process_time() - began < 3


def test_rows_and_cells_are_dense_and_hold_every_field_once(spec: Spec) -> None:
    found = table(spec)
    first = 0
    for row in found.rows:
        assert row.first == first
        assert row.count == max(field.index for field in row.fields) + 1
        assert {field.field.encoding >> 10 for field in row.fields} == {row.number}
        assert row.halves == (row.number >> 3 == 1)
        first += row.count
    assert found.cells == first
    members = [field.member for row in found.rows for field in row.fields]
    subset = spec.project_by_id["linux"].subsets["vmcs12"]
    assert len(set(members)) == len(members) == len(subset.fields)


def test_groups_are_numbered_from_one_and_named_once(spec: Spec) -> None:
    groups = table(spec).groups
    assert [group.number for group in groups] == list(range(1, len(groups) + 1))
    assert len({group.constant for group in groups}) == len({group.title for group in groups})
    assert groups[0].always
    assert not any(group.always for group in groups[1:])
    assert all(group.condition for group in groups[1:])


def sets(spec: Spec) -> Iterator[Capabilities]:
    """Everything, nothing, and each control with what it needs, alone and missing."""
    everything = frozenset(spec.controls)
    yield Capabilities.of(spec, everything)
    yield Capabilities.of(spec, ())
    for name in everything:
        yield Capabilities.of(spec, spec.closure(frozenset((name,))))
        yield Capabilities.of(spec, everything - {name})


def test_conditions_and_ladder_are_those_of_the_model(spec: Spec) -> None:
    """Each group's bits, read as KVM reads them, say what the requirement of its fields says."""
    found = table(spec)
    fields = [spec.by_id[field.field.id] for row in found.rows for field in row.fields]
    for capabilities in sets(spec):
        there = {
            group.number
            for group in found.groups
            if group.always
            or any(
                all(capabilities.supports(bit.control.name) for bit in alternative)
                for alternative in group.alternatives
            )
        }
        for group in found.groups:
            for field in group.fields:
                truth = existence(spec.by_id[field.field.id], capabilities)
                assert (group.number in there) is truth, field.name
        climbed = next(
            rung
            for rung in found.rungs
            if rung.always or any(group.number in there for group in rung.groups)
        )
        assert climbed.vmcs_enum == enumerate_fields(fields, capabilities).vmcs_enum


def test_a_tree_decides_which_fields_there_are(spec: Spec, tree: Path) -> None:
    found = table(spec, tree)
    assert {field.name for row in found.rows for field in row.fields} == {
        "VIRTUAL_PROCESSOR_ID", "GUEST_ES_SELECTOR", "TSC_MULTIPLIER", "GUEST_IA32_PAT",
        "GUEST_CR0",
    }  # fmt: skip
    assert [rung.hex for rung in found.rungs] == ["0x32", "0x4", "0x0"]


def test_a_word_that_the_tree_lacks_leaves_its_groups_out_until_it_comes(
    spec: Spec, tree: Path
) -> None:
    member = "	u64 pid_pointer_table;\n	u64 tsc_multiplier;"
    change(tree, VMCS12_H, "	u64 tsc_multiplier;", member)
    before = table(spec, tree)
    (lacking,) = (group for group in before.groups if not group.condition and not group.always)
    assert lacking.fields[0].name == "PID_POINTER_TABLE"
    assert [control.name for control in before.missing] == ["tertiary.ipi_virtualization"]
    change(tree, CAPABILITIES_H, "	u64 vmcs_enum;", "	u64 vmcs_enum;\n	u64 tertiary_ctls;")
    after = table(spec, tree)
    assert not after.missing
    (group,) = (group for group in after.groups if group.number == lacking.number)
    assert group.condition == ("tertiary_ctls & BIT_ULL(4)",)
    assert [word.name for word in after.words if word.active] == [
        "secondary_ctls_high", "tertiary_ctls"
    ]  # fmt: skip


def test_a_control_takes_the_macro_that_the_tree_has(spec: Spec, tree: Path) -> None:
    def condition() -> tuple[str, ...]:
        groups = {group.constant: group for group in table(spec, tree).groups}
        return groups["USE_TSC_SCALING"].condition

    assert condition() == ("secondary_ctls & SECONDARY_EXEC_TSC_SCALING",)
    change(tree, VMX_H, "SECONDARY_EXEC_TSC_SCALING ", "SOMETHING_ELSE ")
    assert condition() == ("secondary_ctls & BIT_ULL(25)",)


def test_a_member_that_is_no_known_field_is_an_error(spec: Spec, tree: Path) -> None:
    change(
        tree, VMCS12_H, "	u64 tsc_multiplier;", "	u64 tsc_multiplier;\n	u64 what_is_this;"
    )
    with pytest.raises(DiagnosticError, match="what_is_this"):
        table(spec, tree)


@pytest.mark.parametrize("path", [VMCS12_H, CAPABILITIES_H])
def test_a_struct_that_is_not_there_is_an_error(spec: Spec, tree: Path, path: str) -> None:
    change(tree, path, "struct ", "union ") if path == CAPABILITIES_H else change(
        tree, path, "struct __packed vmcs12", "struct vmcs13"
    )
    with pytest.raises(DiagnosticError, match="has no struct"):
        table(spec, tree)


def test_an_enum_alone_needs_no_struct(tmp_path: Path) -> None:
    """A tree that only has the list of constants can still be converted."""
    from vmcsgen.cli import main

    tree = make(tmp_path)
    (tree / VMCS12_H).unlink()
    (tree / CAPABILITIES_H).unlink()
    assert main(["adopt", "linux", str(tree)]) == 0
