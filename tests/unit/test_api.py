"""What users hold on to changes only together with its record and an entry in the CHANGELOG."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
from pathlib import Path

import pytest

from contract import QUERIES, RECORD, contract, shape, sign, text
from vmcsgen.cli import VERBS

HOW = """
The contract of docs/stability.md changed. If that is meant: `make contract` writes the record, and
CHANGELOG.md needs an entry that says what changed for whom. Lines of the record:
"""


@pytest.fixture
def recorded() -> str:
    return RECORD.read_text(encoding="utf-8")


def test_the_contract_is_the_recorded_one(
    recorded: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    now = text(contract())
    change = difflib.unified_diff(recorded.splitlines(), now.splitlines(), lineterm="", n=2)
    assert now == recorded, HOW + "\n".join(change)


def test_the_changelog_has_an_entry_for_this_state_of_the_contract(
    recorded: str, checkout: Path
) -> None:
    """Its sign is a digest of the record, so no other state of the contract can have it."""
    assert sign(recorded) in (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert sign(recorded) != sign(recorded.replace("integer", "text", 1))


def test_every_verb_that_prints_json_is_in_the_record(recorded: str) -> None:
    verbs = json.loads(recorded)["verbs"]
    assert verbs.keys() == VERBS.keys()
    with_json = {verb for verb, options in verbs.items() if any("json" in each for each in options)}
    assert {name.split()[0] for name in QUERIES} == with_json


def test_a_shape_sees_keys_types_and_what_may_be_missing() -> None:
    before = shape([{"id": "a", "index": 1}, {"id": "b", "index": None}], "")
    assert before == {"id": "text", "index": "integer or null"}
    assert shape([{"id": "a", "index": 1}, {"id": "b"}], "") == {"id": "text", "index?": "integer"}
    assert shape([{"msrs": {"0x480": 1, "0x481": 2}}], "") == {"msrs": {"*": "integer"}}
    assert shape([{"ids": []}, {"ids": ["a"]}], "") == {"ids": ["text"]}
    assert shape([{"width": "16"}, {"width": "64"}], "") == {"width": "'16' or '64'"}


def test_the_python_part_sees_a_new_argument_and_a_lost_field() -> None:
    from contract import _public

    @dataclasses.dataclass(frozen=True)
    class Before:
        id: str
        index: int = 0

        def older(self, other: int) -> int:
            return other

    found = _public(Before)
    assert found["fields"] == ["id: str", "index: int = ..."]
    assert found["has"] == {"older": "function (self, other: int) -> int"}


def test_the_part_on_templates_has_what_our_own_use(recorded: str, checkout: Path) -> None:
    templates = json.loads(recorded)["templates"]
    used = {
        name
        for path in (checkout / "templates").glob("*/*.j2")
        for name in re.findall(r"\bview\.(\w+)", path.read_text())
    }
    assert len(used) > 25
    assert used <= {item.partition(":")[0].partition("(")[0] for item in templates["View"]}
    assert "hex: str" in templates["FieldView"]
    assert {name for name in templates if name[0].isupper()} >= {"RungView", "BitView", "TestView"}
