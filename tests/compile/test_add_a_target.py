"""docs/add-a-target.md, followed to the letter: it makes a Go package, which passes its tests."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from followed_pages import follow, steps, succeed
from needs import missing
from vmcsgen import Spec


def chapters(checkout: Path) -> tuple[str, str]:
    """The page up to the package for others, and that chapter."""
    page = (checkout / "docs/add-a-target.md").read_text()
    before, heading, after = page.partition("## Give it to others\n")
    assert heading
    return before, after


def test_the_page_makes_a_go_package(checkout: Path, tmp_path: Path) -> None:
    here, _ = chapters(checkout)
    ran: list[str] = []
    has_go = shutil.which("go") is not None

    def run(command: str) -> None:
        if has_go or "go vet" not in command:
            said = succeed("sh", "-ec", command, cwd=tmp_path)
            assert "vmcsgen" in command or re.fullmatch(
                r"PASS\nok\s+example.org/vmcs\s.*\n", said
            ), said
            ran.append(command)

    follow(here, tmp_path, run)
    assert "vmcsgen new-target go --language go" in ran
    made = {path.name for path in (tmp_path / "out/go").iterdir()}
    assert made == {"vmcs.go", "vmcs_test.go", "go.mod"}
    assert "TscMultiplier Encoding = 0x2032" in (tmp_path / "out/go/vmcs.go").read_text()
    if not has_go:
        missing("needs go to build what the page makes: apt-get install golang-go")
    assert ran[-1].endswith("go test")


def test_the_page_names_only_filters_and_facts_that_are_there(spec: Spec, checkout: Path) -> None:
    from vmcsgen.targets.manifest import load_target
    from vmcsgen.targets.render import Renderer
    from vmcsgen.targets.view import View

    page = (checkout / "docs/add-a-target.md").read_text()
    handed = page.partition("## What templates are handed")[2].partition("## ")[0]
    facts, _, filters = handed.partition("Filters beside")
    known = Renderer(spec, load_target("c"))._environment.filters
    for name in re.findall(r"`(\w+)`", filters.partition(".")[0]):
        assert name in known, name
    for name in re.findall(r"`(\w+)`", facts.partition("With `project")[0]):
        assert name == "view" or hasattr(View, name), name


def test_every_step_of_the_page_is_seen(checkout: Path) -> None:
    """The walk above finds what the page shows: six files and three lots of commands."""
    here, there = chapters(checkout)
    assert len([step for step in steps(here) if step.path]) == here.count("`:\n\n```") == 4
    assert len([step for step in steps(here) if not step.path]) == here.count("```sh\n") == 2
    assert [step.path for step in steps(there)] == ["pyproject.toml", None]


@pytest.mark.parametrize("language", ["c", "csv", "go", "javascript", "markdown", "python",
                                      "rust", "text"])  # fmt: skip
def test_every_language_begins_with_a_target_that_works(language: str, tmp_path: Path) -> None:
    succeed("vmcsgen", "new-target", "mine", "--language", language, cwd=tmp_path)
    succeed("vmcsgen", "gen", "--templates", "targets", cwd=tmp_path)
    (made,) = (tmp_path / "out/mine").iterdir()
    assert "2032" in made.read_text()
    compilers = {
        "c": ("gcc", "-fsyntax-only", "-Wall", "-Werror"),
        "go": ("gofmt", "-l"),
        "javascript": ("node", "--check"),
        "python": ("python", "-W", "error"),
        "rust": ("rustc", "--crate-type", "lib", "-D", "warnings", "-o", "made.rlib"),
    }
    if language in compilers and shutil.which(compilers[language][0]):
        assert succeed(*compilers[language], str(made), cwd=tmp_path) == ""
