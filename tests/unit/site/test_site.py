"""What the reference page and the manual pages are handed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.cli import manual
from vmcsgen.core.enumeration import existing_fields
from vmcsgen.core.requirement import ALWAYS, from_plain
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.site.families import family_of
from vmcsgen.site.generations import capabilities_of, generations
from vmcsgen.site.manual import describe
from vmcsgen.site.site import SCRIPTS, Site
from vmcsgen.specfile.cpus import KnownCpus, load_cpus
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import render


@pytest.fixture(scope="module")
def known(spec: vmcsgen.Spec, checkout: Path) -> KnownCpus:
    return load_cpus(spec, checkout / "spec", cache=False)


def test_generation_brings_what_none_before_it_had(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    found = generations(spec, known.cpus)
    assert [each.year for each in found] == sorted(each.year for each in found)
    seen: set[str] = set()
    by_id = {cpu.id: cpu for cpu in known.cpus}
    for generation in found:
        assert generation.fields and not seen & set(generation.fields)
        have = {
            field.id
            for cpu in generation.cpus
            for field in existing_fields(spec, capabilities_of(spec, by_id[cpu]))
        }
        assert set(generation.fields) <= have <= seen | set(generation.fields)
        seen |= set(generation.fields)


def test_only_sound_hardware_of_a_known_year_counts(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    counted = {cpu for each in generations(spec, known.cpus) for cpu in each.cpus}
    for cpu in known.cpus:
        if cpu.id in counted:
            assert (cpu.kind, cpu.reliability) == ("hardware", "ok")
            assert cpu.year is not None


def test_family_joins_the_groups_of_a_requirement(spec: vmcsgen.Spec) -> None:
    assert family_of(spec, ALWAYS).id == "always"
    mixed = from_plain({"any": ["exit.clear_uinv", "entry.load_uinv"]})
    assert (family_of(spec, mixed).id, family_of(spec, mixed).code) == ("entry-exit", "E/X")
    assert family_of(spec, from_plain("cpuid.fred")).title == "CPUID"


def test_every_family_has_a_colour(spec: vmcsgen.Spec, checkout: Path) -> None:
    styles = (checkout / "templates/html/style/base.css").read_text()
    families = {family_of(spec, field.requires).id for field in spec.confirmed}
    assert [family for family in families if f".family-{family}" not in styles] == []


def test_facts_stand_in_a_script_element_and_hide_unconfirmed_fields(
    spec: vmcsgen.Spec, checkout: Path
) -> None:
    text = Site(spec, checkout / "spec").facts_json
    assert "<" not in text and text.isascii()
    facts = json.loads(text)
    assert [field["id"] for field in facts["fields"]] == [field.id for field in spec.confirmed]
    unconfirmed = [field.id for field in spec.fields if not field.confirmed]
    assert unconfirmed and not any(identity in text for identity in unconfirmed)


def test_every_script_of_the_page_is_in_it(checkout: Path) -> None:
    folder = checkout / "templates/html/script"
    assert sorted(SCRIPTS) == sorted(path.stem for path in folder.iterdir())


def test_manual_is_the_same_under_every_python() -> None:
    parser = argparse.ArgumentParser(
        prog="vmcsgen thing", description="Do a thing.", epilog="examples:\n  vmcsgen thing x   so"
    )
    parser.add_argument("name", nargs="+", metavar="NAME", help="what, 100%% sure")
    parser.add_argument("-o", "--output", metavar="DIR", help="where")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--hidden", help=argparse.SUPPRESS)
    (verb,) = describe("thing", "a thing", parser)
    assert verb.synopsis == "NAME... [-o DIR] [--format text|json]"
    assert [(each.forms, each.help) for each in verb.arguments] == [
        (("NAME",), "what, 100% sure"),
        (("-o DIR", "--output DIR"), "where"),
        (("--format text|json",), "text unless given"),
    ]
    assert [(each.command, each.remark) for each in verb.examples] == [("vmcsgen thing x", "so")]


def test_manual_describes_the_actions_of_a_verb() -> None:
    verbs = {verb.name: verb for verb in manual()}
    assert [name for name in verbs if name.startswith("probe")] == [
        "probe", "probe build", "probe run", "probe read"
    ]  # fmt: skip
    assert (verbs["probe"].synopsis, verbs["probe"].arguments) == ("", ())
    read = verbs["probe read"]
    assert read.description == "Compare the log of a probe with the spec."
    assert read.synopsis == "LOG [--spec SPEC] [--format text|json|cpu]"
    assert "--cpu MODEL [--set LINE.NAME=VALUE]" in verbs["probe run"].synopsis


@pytest.mark.parametrize("name", ["../secret.txt", "missing.css", "/etc/hostname", "link.txt"])
def test_asset_comes_from_the_targets_folder_only(
    spec: vmcsgen.Spec, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "templates/page"
    folder.mkdir(parents=True)
    (tmp_path / "templates/secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "templates/secret.txt")
    (folder / "target.yaml").write_text(
        "target: page\ntitle: A page\nlicense: MIT\n"
        "outputs:\n  - {template: page.j2, path: page.txt, language: text}\n"
    )
    (folder / "page.j2").write_text("{{ asset('style.css') }}")
    (folder / "style.css").write_text("{{ kept as it is }}")
    (rendered,) = render(spec, load_target("page", tmp_path / "templates"))
    assert rendered.text == "{{ kept as it is }}\n"
    (folder / "page.j2").write_text(f"{{{{ asset({name!r}) }}}}")
    with pytest.raises(DiagnosticError, match="there is no file"):
        render(spec, load_target("page", tmp_path / "templates"))


def test_target_that_describes_the_command_line_needs_it(
    spec: vmcsgen.Spec, checkout: Path
) -> None:
    with pytest.raises(DiagnosticError, match="describes the command line"):
        render(spec, load_target("man", checkout / "templates"))
