"""Fixtures that every tier shares."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

import vmcsgen

# How long one example takes says more of what else the machine does than of our code.
settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top of this checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def spec() -> vmcsgen.Spec:
    """The project's own spec, read from its files."""
    return vmcsgen.load(CHECKOUT / "spec", cache=False)


@pytest.fixture(autouse=True)
def private_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No test reads or writes the user's cache."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("VMCSGEN_CACHE", str(folder))


@pytest.fixture(autouse=True)
def no_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An internal error ends with status 2, as wrong input does: no test takes it for that."""
    monkeypatch.setenv("VMCSGEN_TRACEBACK", "1")
