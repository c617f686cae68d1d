"""Rules that need more than one broken line to show themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vmcsgen.specfile.load import validate
from vmcsgen.specfile.project_rules import valid_identifier
from vmcsgen.specfile.rules import GROUPS_LIMIT


@pytest.fixture
def small(tmp_path: Path, checkout: Path) -> Path:
    """A private copy of the small valid spec of tests/golden."""
    return Path(shutil.copytree(checkout / "tests/golden/spec", tmp_path / "spec"))


def rules_of(small: Path) -> set[str]:
    return {each.rule for each in validate(small).diagnostics}


def test_the_spec_itself_is_valid(checkout: Path) -> None:
    inspected = validate(checkout / "spec")
    assert inspected.diagnostics == ()
    assert inspected.fields == 211
    assert inspected.files == len(list((checkout / "spec").rglob("*.yaml")))


def test_more_requirements_than_a_mask_has_bits(small: Path) -> None:
    controls = "".join(
        f"  - {{bit: {bit}, id: control_{bit}, title: Control {bit}, sources: [manual]}}\n"
        for bit in range(64)
    )
    (small / "controls/pin.yaml").write_text(
        "group: pin\ntitle: Pin controls\nfield: primary_controls\n"
        "capability: {msr: 0x481, name: IA32_VMX_PINBASED_CTLS, allowed_1: all}\n"
        f"controls:\n{controls}"
    )
    table = small / "fields/b12.yaml"
    fields = "".join(
        f"  - id: field_{bit}\n    title: Field {bit}\n    encoding: {0x6000 + 2 * bit:#x}\n"
        f"    requires: pin.control_{bit}\n    sources: [manual]\n"
        for bit in range(64)
    )
    table.write_text(
        f"table: B-12\ntitle: Natural-width control fields\nwidth: natural\ntype: control\n"
        f"fields:\n{fields}"
    )
    over = [each for each in validate(small).diagnostics if each.rule == "SPEC124"]
    # always and the three of the small spec come on top of the 64.
    assert len(over) == 64 + 4 - GROUPS_LIMIT


def test_a_disagreement_about_nothing(small: Path) -> None:
    (small / "disagreements.yaml").write_text(
        "disagreements:\n  - id: odd\n    project: demo\n    kind: encoding\n"
        "    fields: [no_such_field]\n    theirs: one\n    ours: two\n"
        "    reason: Nobody knows why.\n    sources: [manual]\n"
    )
    assert rules_of(small) == {"SPEC126"}


def test_rules_that_need_bits_run_beside_schema_faults(small: Path) -> None:
    path = small / "fields/b04.yaml"
    path.write_text(path.read_text().replace("0x2032", "0x3032"))
    other = small / "fields/b08.yaml"
    other.write_text(other.read_text().replace("title: Primary controls", "titel: Primary"))
    assert {"SPEC101", "SPEC011", "SPEC012"} <= rules_of(small)


@pytest.mark.parametrize(
    ("name", "language", "valid"),
    [("TSC_MULTIPLIER", "c", True), ("switch", "c", False), ("2ND", "c", False),
     ("control::VPID", "rust", True), ("control::VPID", "c", False), ("class", "python", False),
     ("TSC multiplier (full)", "none", True), ("", "none", False)],
)  # fmt: skip
def test_identifiers(name: str, language: str, valid: bool) -> None:
    assert valid_identifier(name, language) is valid
