"""The guide is true: transcripts are what the program prints, pages name what the code has."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from tests.unit.docs.test_sessions import session

from vmcsgen import Capabilities, Spec, __version__, enumerate_fields, load
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


def test_files_that_pages_name_are_there() -> None:
    named = {
        (page.name, path)
        for page in PAGES
        for path in re.findall(r"`((?:generator|templates|tests)/[\w./-]*\w)`", page.read_text())
    }
    assert len(named) > 10
    assert sorted((page, path) for page, path in named if not (CHECKOUT / path).exists()) == []


def test_commands_behind_a_dollar_stand_where_they_are_run() -> None:
    """In blocks of ``console`` (above) and ``shell-session`` (test_sessions.py)."""
    languages = [
        language
        for page in PAGES
        for language, block in re.findall(
            r"^```([\w-]*)\n(.*?)^```$", page.read_text(), re.M | re.S
        )
        if re.search(r"^\$ ", block, re.M)
    ]
    assert len(languages) > 10
    assert set(languages) == {"console", "shell-session"}


def test_a_release_has_one_tag_in_all_pages() -> None:
    tags = [
        tag
        for page in PAGES
        for tag in re.findall(r"(?:rev: |worktree add \S+ )(\S+)", page.read_text())
    ]
    assert tags == [f"v{__version__}"] * 2


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


def test_every_rule_of_the_code_stands_in_a_table_of_the_guide() -> None:
    families = "VMCS|SPEC|CAPS|REGION|ADOPT|TREE|TARGET|WRITE|LOG|PROBE"
    code = (CHECKOUT / "generator/vmcsgen").rglob("*.py")
    raised = {
        rule for p in code for rule in re.findall(rf'"((?:{families})\d{{3}})"', p.read_text())
    }
    row = re.compile(rf"^\| \[?((?:{families})\d{{3}})\b", re.M)
    listed = [rule for page in PAGES for rule in row.findall(page.read_text())]
    assert sorted(raised) == sorted(set(listed))


def test_dump_page_lists_the_rules_of_the_code() -> None:
    code = CHECKOUT / "generator/vmcsgen"
    raised = {
        rule
        for path in (code / "capabilities").glob("*.py")
        for rule in re.findall(r'"(CAPS\d{3})"', path.read_text())
    }
    page = (CHECKOUT / "docs/capability-dumps.md").read_text()
    assert sorted(re.findall(r"^\| (CAPS\d{3}) ", page, re.M)) == sorted(raised)


def section(heading: str) -> str:
    """A section of the page of JSON shapes."""
    page = (CHECKOUT / "docs/json.md").read_text()
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found is not None, heading
    return found[1]


OPEN = {"msrs", "controls", "features", "inferred", "decided_by", "names", "high_names", "aliases"}
"""Keys of objects whose own keys are addresses, names or ids."""


def keys_of(value: object, inside: str = "") -> set[str]:
    """Every key of the objects in a JSON value; ids, names and addresses are none."""
    if isinstance(value, list):
        return {key for each in value for key in keys_of(each, inside)}
    if not isinstance(value, dict) or inside in OPEN | {"cpus", "changed"}:
        return {k for v in value.values() for k in keys_of(v)} if isinstance(value, dict) else set()
    return set(value) | {key for name, each in value.items() for key in keys_of(each, name)}


@pytest.mark.parametrize(
    ("heading", "command"),
    [
        ("validate", "validate tests/golden/spec"),
        ("check", "check tests/golden/check/VMCS101"),
        ("targets", "targets"),
        ("caps", "caps i9-12900k"),
        ("caps", "caps tests/fixtures/dumps/aida64-lakefield.txt"),
        ("caps", "caps i7-7700k --why tsc_multiplier"),
        ("cpus", "cpus"),
        ("cpus", "cpus --field tsc_multiplier"),
        ("cpus", "cpus --revision"),
        ("diff", "diff i7-4770r i9-12900k"),
        ("probe read, probe run", "probe read tests/fixtures/probe/bochs-2.7-tigerlake.log"),
    ],
)
def test_json_page_names_every_key_that_a_verb_prints(
    heading: str, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(CHECKOUT)
    main([*shlex.split(command), "--format", "json"])
    keys = keys_of(json.loads(capsys.readouterr().out))
    assert len(keys) > 2
    page = section(heading)
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", page)] == []


def test_json_page_names_every_key_of_the_whole_spec() -> None:
    found = json.loads((CHECKOUT / "out/json/vmcs.json").read_text())
    keys = set(found)
    for part in ("spec", "requirement_groups", "ladder", "projects", "sources"):
        keys |= set(found[part] if isinstance(found[part], dict) else found[part][0])
    page = section("The whole spec")
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


@pytest.mark.parametrize("heading", ["list", "show", "caps", "check"])
def test_json_page_names_no_key_that_is_not_printed(
    heading: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = {
        "list": ["list"],
        "show": ["show", "vm_function_controls"],
        "caps": ["caps", "i9-12900k"],
        "check": ["check", "tests/golden/check/VMCS101"],
    }[heading]
    monkeypatch.chdir(CHECKOUT)
    main([*command, "--format", "json"])
    printed = keys_of(json.loads(capsys.readouterr().out))
    first = re.findall(r"^\| (.*?) \|", section(heading), re.M)
    told = {key for cell in first[2:] for key in re.findall(r"[a-z_]+", cell)}
    assert told and told <= printed


def test_json_page_names_every_key_of_the_catalog(spec: Spec) -> None:
    page = (CHECKOUT / "docs/json.md").read_text()
    catalog = make(spec)
    keys = {*LISTED, *catalog["fields"][0], "high"}
    keys |= {key for control in catalog["controls"].values() for key in control}
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_adding_a_field_as_the_page_says_changes_what_must_change(
    spec: Spec, tmp_path: Path
) -> None:
    """docs/add-a-field.md, followed to the letter in a copy of the spec."""
    root = tmp_path / "spec"
    shutil.copytree(CHECKOUT / "spec", root)
    entries = [
        command.partition(" <<'EOF'\n")
        for command, _ in session(CHECKOUT / "docs/add-a-field.md")
        if command.startswith("cat >> ")
    ]
    assert len(entries) == 3
    for command, _, text in entries:
        with (tmp_path / command.removeprefix("cat >> ")).open("a") as stream:
            stream.write(text.removesuffix("EOF"))
    assert [each.message for each in validate(root).diagnostics] == []
    grown = load(root, cache=False)
    assert {each.id for each in grown.fields} - {each.id for each in spec.fields} == {"guest_thing"}
    top, *rest = ladder(grown)
    assert (top.vmcs_enum, str(top.requires)) == (0x58, "tertiary.enable_thing")
    assert [(rung.index, rung.alternatives) for rung in rest] == [
        (rung.index, rung.alternatives) for rung in ladder(spec)
    ]
