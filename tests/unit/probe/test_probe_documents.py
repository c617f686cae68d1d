"""docs/probe.md and docs/json.md name what the code has."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.logs.probe_reading import _HANDLERS, parse_log
from vmcsgen.probe.compare import compare
from vmcsgen.probe.report import Result, as_plain

CHECKOUT = Path(__file__).parents[3]
CODE = CHECKOUT / "generator" / "vmcsgen"


@pytest.fixture(scope="module")
def page() -> str:
    return (CHECKOUT / "docs" / "probe.md").read_text()


def test_every_rule_is_explained(page: str) -> None:
    folders = ((CODE / "probe").glob("*.py"), (CODE / "logs").glob("probe_*.py"))
    sources = [*chain(*folders), CODE / "commands" / "probe.py"]
    raised = {
        rule for path in sources for rule in re.findall(r'"((?:LOG|PROBE)\d{3})"', path.read_text())
    }
    assert sorted(re.findall(r"^\| ((?:LOG|PROBE)\d{3}) ", page, re.M)) == sorted(raised)


def test_the_line_that_the_page_shows_is_one_of_a_log(page: str, recorded: bytes) -> None:
    (shown,) = re.findall(r"^@vmcs1 [0-9a-f]{4} .*$", page, re.M)
    with pytest.raises(DiagnosticError) as caught:
        parse_log(shown.encode(), "probe.md")
    # Sound, but a log of one line is not whole.
    assert [each.rule for each in caught.value.diagnostics] == ["LOG004", "LOG005"]
    assert shown.encode() in recorded.splitlines()


def test_every_kind_of_line_is_explained(page: str) -> None:
    told = set(re.findall(r"^\| `(\w+)", page, re.M)) | {"host"}
    assert set(_HANDLERS) <= told


def test_every_kind_of_difference_is_explained(page: str) -> None:
    found = set(
        re.findall(r'(?:Difference|differs)\(\s*"(\w+)"', (CODE / "probe/compare.py").read_text())
    )
    assert len(found) == 10
    assert [kind for kind in sorted(found) if f"`{kind}`" not in page] == []


def test_every_key_of_the_json_is_explained(spec: Spec, recorded: bytes) -> None:
    text = (CHECKOUT / "docs" / "json.md").read_text()
    log = parse_log(recorded, "log")
    plain = as_plain(spec, Result("log", log, compare(spec, log)))
    keys = set(plain)
    for value in plain.values():
        for each in value if isinstance(value, list) else [value]:
            keys |= set(each) if isinstance(each, dict) else set()
    keys -= {key for key in keys if key.startswith("0x")}
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []
