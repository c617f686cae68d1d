"""A thousand single mistakes in the list of every project: at least 99 % are found."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

import vmcsgen
from mutations import mutant, projects
from vmcsgen.scan import lexicon
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher

MUTANTS = 1000
WANTED = 0.99


@pytest.mark.parametrize("identity", [project.id for project in projects(vmcsgen.load())])
def test_mistakes_are_found_on_the_right_line(
    spec: vmcsgen.Spec, identity: str, record_property: pytest.RecordProperty
) -> None:
    project = spec.project_by_id[identity]
    matcher = Matcher(lexicon.load())
    random = Random(identity)
    missed: Counter[str] = Counter()
    for _ in range(MUTANTS):
        made = mutant(spec, project, random)
        path = "list.rs" if project.language == "rust" else "list.h"
        report = inspect(path, made.text.encode(), matcher)
        found = {finding.line for finding in report.findings if finding.severity != "info"}
        if not found >= set(made.lines):
            missed[made.mistake] += 1
    record_property("missed", dict(missed))
    assert missed.total() <= MUTANTS * (1 - WANTED), missed
