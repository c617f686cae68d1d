"""Fixtures of the tests of capability dumps."""

from __future__ import annotations

from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.specfile.cpus import KnownCpus, load_cpus


@pytest.fixture(scope="session")
def known(spec: vmcsgen.Spec, checkout: Path) -> KnownCpus:
    """The known CPUs of the project's own spec, read from its files."""
    return load_cpus(spec, checkout / "spec", cache=False)
