"""Every requirement against the conditions that Linux, Bochs and XMHF state for the field.

tests/fixtures/evidence.csv holds their conditions as they spell them, conditions.yaml what each
spelling asks. A difference that spec/disagreements.yaml does not explain fails, and so does an
explanation that nothing needs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from vmcsgen import Spec, evaluate
from vmcsgen.core.requirement import Requirement, from_plain, names, terms

PARTIES = ("linux", "bochs", "xmhf")
PARTIES_BY_SOURCE = {"xmhf64": "xmhf"}


@dataclass(frozen=True)
class Condition:
    """What a spelling asks in the spec's words, and which controls hang on it."""

    asks: Requirement | bool | None
    offers: frozenset[str]


def conditions(checkout: Path, party: str) -> tuple[dict[str, Condition], dict[str, bool]]:
    text = (checkout / "tests/fixtures/conditions.yaml").read_text()
    described: dict[str, Any] = yaml.safe_load(text)[party]
    fixed = dict.fromkeys(described.get("always", ()), True)
    fixed |= dict.fromkeys(described.get("never", ()), False)
    found = {}
    for entry in described["conditions"]:
        asks = entry["asks"]
        words = {"always": True, "never": False, None: None}
        meaning = words[asks] if asks in ("always", "never", None) else from_plain(asks)
        found[entry["condition"]] = Condition(meaning, frozenset(entry.get("offers", ())))
    return found, fixed


def evidence(checkout: Path, party: str) -> Iterator[tuple[int, str]]:
    with (checkout / "tests/fixtures/evidence.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row[party]:
                yield int(row["encoding"], 16), row[party]


def relation(requires: Requirement, condition: Condition, fixed: dict[str, bool]) -> str:
    """``exact``, ``same`` in effect on that party's systems, or ``different``."""
    asks = condition.asks
    if asks is True and str(requires) == "always":
        return "exact"
    if asks is not None and not isinstance(asks, bool) and terms(asks) == terms(requires):
        return "exact"
    free = {name for name in names(requires) if name not in fixed and name not in condition.offers}
    if asks is not None and not isinstance(asks, bool):
        free |= {name for name in names(asks) if name not in fixed}
    ordered = sorted(free)
    for holds, *truths in product((True, False), repeat=len(ordered) + 1):
        world = dict(zip(ordered, truths, strict=True)) | fixed
        world |= {name: holds for name in condition.offers if name not in fixed}
        said = asks if isinstance(asks, bool) else holds
        if isinstance(asks, bool) or asks is None:
            if isinstance(asks, bool) and holds is not asks:
                continue
        elif evaluate(asks, world.__getitem__) is not holds:
            continue
        if evaluate(requires, world.__getitem__) is not said:
            return "different"
    return "same"


@pytest.mark.parametrize("party", PARTIES)
def test_conditions_agree_or_are_explained(spec: Spec, checkout: Path, party: str) -> None:
    known, fixed = conditions(checkout, party)
    explained = {
        identity: entry.effect
        for entry in spec.disagreements
        if entry.kind == "condition" and party in (entry.party, PARTIES_BY_SOURCE.get(entry.party))
        for identity in entry.fields
    }
    found: dict[str, str] = {}
    for encoding, spelling in evidence(checkout, party):
        field = spec.by_encoding[encoding].field
        if field.requires is None:
            continue
        found[field.id] = relation(field.requires, known[spelling], fixed)
    assert len(found) > 100
    differing = {identity: kind for identity, kind in found.items() if kind != "exact"}
    assert differing == explained


def test_a_relation_that_differs_is_seen() -> None:
    tsc = from_plain("secondary.use_tsc_scaling")
    other = Condition(from_plain("secondary.enable_ept"), frozenset())
    assert relation(tsc, other, {}) == "different"
    assert relation(tsc, Condition(True, frozenset()), {}) == "different"
    assert relation(tsc, Condition(None, frozenset({"secondary.use_tsc_scaling"})), {}) == "same"
    assert relation(tsc, Condition(False, frozenset()), {"secondary.use_tsc_scaling": False}) == (
        "same"
    )


def test_every_reason_is_a_sentence(spec: Spec) -> None:
    for entry in spec.disagreements:
        assert entry.reason.endswith("."), entry.id
        assert len(entry.reason.split()) > 5, entry.id
