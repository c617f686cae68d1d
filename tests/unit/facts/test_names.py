"""Every constant of the twelve lists against the spec; fixtures are described in their README."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from vmcsgen import Spec

PROJECTS = (
    "acrn", "bochs", "freebsd-bhyve", "kvm-unit-tests", "linux", "linux-selftests", "qemu",
    "rust-x86", "sdm", "tdx-module", "virtualbox", "xen",
)  # fmt: skip


def fixture(checkout: Path, project: str) -> dict[str, int]:
    path = checkout / "tests/fixtures/names" / f"{project}.csv"
    with path.open(newline="") as stream:
        return {row["name"]: int(row["encoding"], 16) for row in csv.DictReader(stream)}


def ours(spec: Spec, project_id: str) -> dict[str, int]:
    """Every constant that the spec says the project has, with the spec's encoding."""
    project = spec.project_by_id[project_id]
    names = {name: spec.by_id[identity].encoding.value for identity, name in project.fields.items()}
    for identity, high in project.high_fields.items():
        names[high] = spec.by_id[identity].encoding.value | 1
    for identity, aliases in project.aliases.items():
        names |= dict.fromkeys(aliases, spec.by_id[identity].encoding.value)
    return names | {extra.name: extra.encoding for extra in project.extras}


def test_the_twelve_lists_are_the_twelve_projects(spec: Spec, checkout: Path) -> None:
    lists = {path.stem for path in (checkout / "tests/fixtures/names").glob("*.csv")}
    assert lists == set(PROJECTS) == set(spec.project_by_id)


@pytest.mark.parametrize("project", PROJECTS)
def test_names_and_encodings_equal_the_projects_list(
    spec: Spec, checkout: Path, project: str
) -> None:
    assert ours(spec, project) == fixture(checkout, project)


def test_appendix_b_is_complete_and_no_other_field_claims_to_be_in_it(
    spec: Spec, checkout: Path
) -> None:
    with (checkout / "tests/fixtures/appendix_b.csv").open(newline="") as stream:
        table = {int(row["encoding"], 16): row["title"] for row in csv.DictReader(stream)}
    assert len(table) == 200
    in_sdm = {field.encoding.value: field.title for field in spec.fields if field.status == "sdm"}
    assert in_sdm == table


def test_every_confirmed_encoding_has_a_second_source(spec: Spec) -> None:
    """At least two lists, or the list and a document that the field names, agree on each."""
    lonely = []
    for field in spec.confirmed:
        lists = {project.id for project in spec.projects if field.id in project.fields}
        if len(lists | set(field.sources)) < 2:
            lonely.append(field.id)
    explained = {identity for entry in spec.disagreements for identity in entry.fields}
    assert [identity for identity in lonely if identity not in explained] == []


@pytest.mark.parametrize("kind", ["missing_high"])
def test_high_halves_that_a_list_leaves_out_are_explained(spec: Spec, kind: str) -> None:
    explained = {
        (entry.party, identity)
        for entry in spec.disagreements
        if entry.kind == kind
        for identity in entry.fields
    }
    missing = {
        (project.id, identity)
        for project in spec.projects
        for identity in project.fields
        if spec.by_id[identity].high_encoding is not None and identity not in project.high_fields
    }
    assert missing == explained


def test_two_names_for_one_field_and_names_for_none_are_explained(spec: Spec) -> None:
    explained = {
        (entry.party, identity) for entry in spec.disagreements for identity in entry.fields
    }
    for project in spec.projects:
        for identity in project.aliases:
            assert (project.id, identity) in explained
        for extra in project.extras:
            match = spec.by_encoding[extra.encoding]
            assert (project.id, match.field.id) in explained
