"""emulators.yaml: deviations of fields and sources that exist, each with an id of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from vmcsgen.diagnostics import Diagnostic
from vmcsgen.specfile.load import validate

DEVIATION = """\
      - id: {id}
        kind: missing
        versions: ["1.0"]
        fields: [{field}]
        effect: It lacks the field.
        evidence: It was seen.
        sources: [{source}]
"""


@pytest.fixture
def small(tmp_path: Path, checkout: Path) -> Path:
    """A private copy of the small valid spec of tests/golden."""
    return Path(shutil.copytree(checkout / "tests/golden/spec", tmp_path / "spec"))


def faults(small: Path, *deviations: dict[str, str]) -> list[Diagnostic]:
    """What is wrong with these deviations of one emulator."""
    good = {"id": "sim-one", "field": "primary_controls", "source": "manual"}
    body = "".join(DEVIATION.format(**{**good, **each}) for each in deviations)
    (small / "emulators.yaml").write_text(
        f"emulators:\n  - id: sim\n    title: Sim\n    deviations:\n{body}"
    )
    return list(validate(small).diagnostics)


def test_sound_deviations_are_valid(small: Path) -> None:
    assert faults(small, {}, {"id": "sim-two"}) == []


@pytest.mark.parametrize(
    ("deviations", "message"),
    [
        ([{"field": "primary_control"}], "there is no field 'primary_control'"),
        ([{"source": "manuel"}], "there is no source 'manuel'"),
        ([{}, {}], "deviation 'sim-one'"),
    ],
)
def test_what_does_not_exist_or_stands_twice_is_named(
    small: Path, deviations: list[dict[str, str]], message: str
) -> None:
    (fault,) = faults(small, *deviations)
    assert fault.rule == "SPEC135"
    assert message in fault.message
    assert fault.location.path.endswith("emulators.yaml")
