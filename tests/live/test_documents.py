"""The table of results in the guide is what the emulator answers today."""

from __future__ import annotations

from pathlib import Path

from live_machines import MACHINES, Answers

from vmcsgen.probe.emulators import EMULATORS
from vmcsgen.probe.report import Result, markdown

DOCUMENT = "docs/probe.md"


def test_the_table_of_results_is_current(answers: Answers, checkout: Path) -> None:
    version = EMULATORS["bochs"].version()
    results = [answers[machine][1] for machine in MACHINES]
    rows = list(markdown([each for each in results if isinstance(each, Result)]))
    text = (checkout / DOCUMENT).read_text()
    assert f"Bochs {version}" in text, f"{DOCUMENT} tells of another Bochs"
    assert "\n".join(rows) in text, f"the table in {DOCUMENT} should be:\n" + "\n".join(rows)
