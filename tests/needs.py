"""What a test needs that pip does not bring: without it the test skips, or fails where CI=true."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest


def need(program: str, package: str) -> str:
    """The path of ``program``, which Debian's ``package`` brings."""
    found = shutil.which(program)
    if found is None:
        missing(f"needs {program}: apt-get install {package}")
    return found


def tool(name: str) -> str:
    """A program of the extra ``[package]``, beside the Python that runs the tests."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        missing(f"needs {name}: pip install -e '.[package]'")
    return str(path)


def missing(reason: str) -> NoReturn:
    """Skip this test for ``reason``, or fail it where CI=true: there all must be at hand."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
