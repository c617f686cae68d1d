"""Recorded logs."""

from __future__ import annotations

import pytest
from probe_logs import LOGS


@pytest.fixture(scope="session")
def recorded() -> bytes:
    """What Bochs' tigerlake said."""
    return (LOGS / "bochs-2.7-tigerlake.log").read_bytes()


@pytest.fixture(scope="session")
def recordings() -> dict[str, bytes]:
    """Every recorded log, by the CPU model."""
    return {path.stem.removeprefix("bochs-2.7-"): path.read_bytes() for path in LOGS.glob("*.log")}
