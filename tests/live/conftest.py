"""The probe, built once, and what Bochs' CPU models answered to it, asked once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from live_machines import MACHINES, Answers

from needs import need
from vmcsgen.core.spec import Spec
from vmcsgen.probe.build import Built, build
from vmcsgen.probe.deviations import load_explanations
from vmcsgen.probe.survey import survey
from vmcsgen.specfile.load import load

SCRATCH = "VMCSGEN_LIVE_SPEC"
"""Names another spec folder to hold against the processors (test_scratch_spec.py)."""


@pytest.fixture(scope="session")
def tools() -> None:
    """Bochs and what compiles the probe."""
    need("bochs", "bochs bochs-term bochsbios vgabios")
    need("gcc", "gcc")
    need("make", "make")


@pytest.fixture(scope="session")
def live_folder(checkout: Path) -> Path:
    """The spec that is held against the processors."""
    return Path(os.environ.get(SCRATCH, checkout / "spec"))


@pytest.fixture(scope="session")
def live_spec(live_folder: Path) -> Spec:
    """The same, read."""
    return load(live_folder, cache=False)


@pytest.fixture(scope="session")
def built(tools: None, live_spec: Spec, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The probe of that spec."""
    return build(live_spec, tmp_path_factory.mktemp("probe"))


@pytest.fixture(scope="session")
def answers(built: Built, live_spec: Spec, live_folder: Path) -> Answers:
    """What each machine answered: asked once, two at a time."""
    deviations = load_explanations(live_spec, live_folder)
    return {
        machine: (raw, result)
        for machine, raw, result in survey(live_spec, built, MACHINES, deviations)
    }
