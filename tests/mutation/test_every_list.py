"""A thousand single mistakes in the list of every project: at least 99 % are found.

The same lists again as if nobody had ever seen them: by value and by the words of the names alone.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

import vmcsgen
from mutations import MISTAKES, entries, forget, mutant, projects, spells_high_halves, text
from vmcsgen.core.project import Project
from vmcsgen.scan import lexicon
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher

MUTANTS = 1000
WANTED = 0.99

UNSEEN_MUTANTS = 250
UNSEEN_WANTED = 0.97
UNSEEN_EXCEPTIONS = {"tdx-module": 0.90}
"""Its list names eight reserved and unannounced fields by words that the SDM does not have."""

PROJECTS = [project.id for project in projects(vmcsgen.load())]


def path(project: Project) -> str:
    return "list.rs" if project.language == "rust" else "list.h"


@pytest.mark.parametrize("identity", PROJECTS)
def test_mistakes_are_found_on_the_right_line(spec: vmcsgen.Spec, identity: str) -> None:
    project = spec.project_by_id[identity]
    missed = missed_mistakes(spec, project, Matcher(lexicon.load()), MUTANTS, MISTAKES)
    assert missed.total() <= MUTANTS * (1 - WANTED), missed


@pytest.mark.parametrize("identity", PROJECTS)
def test_mistakes_are_found_in_a_list_never_seen(spec: vmcsgen.Spec, identity: str) -> None:
    project = spec.project_by_id[identity]
    matcher = Matcher(forget(lexicon.load(), spec, identity))
    listed = entries(spec, project)
    content, numbers = text(project, listed)
    report = inspect(path(project), content.encode(), matcher)
    assert report.constants >= 0.97 * len(numbers)
    assert [each for each in report.findings if each.severity == "error"] == []
    mistakes = MISTAKES
    if not spells_high_halves(listed):
        mistakes = tuple(each for each in MISTAKES if each != "dropped high half")
    missed = missed_mistakes(spec, project, matcher, UNSEEN_MUTANTS, mistakes)
    wanted = UNSEEN_EXCEPTIONS.get(identity, UNSEEN_WANTED)
    assert missed.total() <= UNSEEN_MUTANTS * (1 - wanted), missed


def missed_mistakes(
    spec: vmcsgen.Spec, project: Project, matcher: Matcher, count: int, mistakes: tuple[str, ...]
) -> Counter[str]:
    """How many of ``count`` mistakes are not found on their lines, by kind."""
    random = Random(project.id)
    missed: Counter[str] = Counter()
    for _ in range(count):
        made = mutant(spec, project, random, mistakes)
        report = inspect(path(project), made.text.encode(), matcher)
        found = {finding.line for finding in report.findings if finding.severity != "info"}
        if not found >= set(made.lines):
            missed[made.mistake] += 1
    return missed
