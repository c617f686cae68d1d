"""A sample of single mistakes in every project's list; tests/mutation makes a thousand of each."""

from __future__ import annotations

from random import Random

import pytest

import vmcsgen
from mutations import entries, mutant, projects, text
from vmcsgen.scan import lexicon
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher
from vmcsgen.scan.report import Report

SAMPLE = 30

PROJECTS = [project.id for project in projects(vmcsgen.load())]


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(lexicon.load())


def lines(report: Report) -> set[int]:
    return {finding.line for finding in report.findings if finding.severity != "info"}


def path(project: str) -> str:
    return "list.rs" if project == "rust-x86" else "list.h"


@pytest.mark.parametrize("identity", PROJECTS)
def test_right_list_has_no_finding(spec: vmcsgen.Spec, matcher: Matcher, identity: str) -> None:
    project = spec.project_by_id[identity]
    content, numbers = text(project, entries(spec, project))
    report = inspect(path(identity), content.encode(), matcher)
    assert report.constants == len(numbers)
    assert [finding for finding in report.findings if finding.severity != "info"] == []
    taken = {found.project for found in report.lists}
    assert taken <= {identity, *PROJECTS} and None not in taken


@pytest.mark.parametrize("identity", PROJECTS)
def test_single_mistakes_are_found_on_their_lines(
    spec: vmcsgen.Spec, matcher: Matcher, identity: str
) -> None:
    project = spec.project_by_id[identity]
    random = Random(f"{identity} sample")
    for _ in range(SAMPLE):
        made = mutant(spec, project, random)
        found = lines(inspect(path(identity), made.text.encode(), matcher))
        assert found >= set(made.lines), made.mistake
