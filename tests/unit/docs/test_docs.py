"""The guide is true: transcripts are what the program prints, pages name what the code has."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest

from vmcsgen import Capabilities, Spec, enumerate_fields, load
from vmcsgen.catalog import LISTED, make
from vmcsgen.cli import main
from vmcsgen.core.enumeration import ladder
from vmcsgen.specfile.load import validate

CHECKOUT = Path(__file__).resolve().parents[3]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]


def transcripts() -> list[tuple[str, str, str]]:
    """(page, command, output) of every ``console`` block; a block may hold several commands."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.M | re.S):
            for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                found.append((page.relative_to(CHECKOUT).as_posix(), command, output))
    return found


@pytest.mark.parametrize(("page", "command", "output"), transcripts())
def test_transcript_is_what_the_program_prints(
    page: str, command: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHECKOUT)
    program, *arguments = shlex.split(command)
    assert program == "vmcsgen", f"{page}: only vmcsgen is run here"
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        main(arguments)
    assert said.getvalue() == output


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_generated_parts_of_the_guide_are_current() -> None:
    assert main(["gen", "--tree", str(CHECKOUT / "docs"), "--check"]) == 0


def test_python_example_of_the_readme(spec: Spec) -> None:
    msrs = {0x480: 0, 0x481: 0, 0x482: 1 << 63, 0x48B: 1 << 57}
    text = (CHECKOUT / "README.md").read_text()
    assert "from_msrs(spec, {0x480: 0, 0x481: 0, 0x482: 1 << 63, 0x48B: 1 << 57})" in text
    highest = enumerate_fields(spec.confirmed, Capabilities.from_msrs(spec, msrs))
    assert f"# {highest.vmcs_enum:#x} {highest.exact}" in text


def test_rules_page_lists_the_rules_of_the_code() -> None:
    code = CHECKOUT / "generator/vmcsgen/specfile"
    raised = {
        rule
        for path in code.glob("*.py")
        for rule in re.findall(r'"(SPEC\d{3})"', path.read_text())
    }
    page = (CHECKOUT / "docs/rules-spec.md").read_text()
    assert sorted(re.findall(r"^\| (SPEC\d{3}) ", page, re.M)) == sorted(raised)


def test_dump_page_lists_the_rules_of_the_code() -> None:
    code = CHECKOUT / "generator/vmcsgen"
    raised = {
        rule
        for path in (code / "capabilities").glob("*.py")
        for rule in re.findall(r'"(CAPS\d{3})"', path.read_text())
    }
    page = (CHECKOUT / "docs/capability-dumps.md").read_text()
    assert sorted(re.findall(r"^\| (CAPS\d{3}) ", page, re.M)) == sorted(raised)


def test_json_page_names_every_key(spec: Spec) -> None:
    page = (CHECKOUT / "docs/json.md").read_text()
    catalog = make(spec)
    keys = {*LISTED, *catalog["fields"][0], "high"}
    keys |= {key for control in catalog["controls"].values() for key in control}
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_adding_a_field_as_the_page_says_changes_what_must_change(
    spec: Spec, tmp_path: Path
) -> None:
    """docs/add-a-field.md, followed to the letter in a copy of the spec."""
    page = (CHECKOUT / "docs/add-a-field.md").read_text()
    control, field = re.findall(r"```yaml\n(.*?)```", page, re.S)
    root = tmp_path / "spec"
    shutil.copytree(CHECKOUT / "spec", root)
    sources = root / "sources.yaml"
    sources.write_text(
        sources.read_text()
        + "  - {id: sdm-2027-01, title: T, edition: E, date: 2027-01, kind: manual, where: W}\n"
    )
    tertiary = root / "controls/tertiary.yaml"
    tertiary.write_text(tertiary.read_text() + dedented(control))
    table = root / "fields/b06-64bit-guest.yaml"
    table.write_text(table.read_text() + dedented(field))
    assert [each.message for each in validate(root).diagnostics] == []
    grown = load(root, cache=False)
    assert {each.id for each in grown.fields} - {each.id for each in spec.fields} == {"guest_thing"}
    top, *rest = ladder(grown)
    assert (top.vmcs_enum, str(top.requires)) == (0x58, "tertiary.enable_thing")
    assert [(rung.index, rung.alternatives) for rung in rest] == [
        (rung.index, rung.alternatives) for rung in ladder(spec)
    ]


def dedented(block: str) -> str:
    return re.sub(r"^   ", "", block, flags=re.M)
