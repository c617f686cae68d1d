"""What a test needs that pip does not bring: without it the test skips, or fails where CI=true."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def need(program: str, package: str) -> str:
    """The path of ``program``, which Debian's ``package`` brings."""
    found = shutil.which(program)
    if found is None:
        missing(f"needs {program}: apt-get install {package}")
    return found


def missing(reason: str) -> NoReturn:
    """Skip this test for ``reason``, or fail it where CI=true: there all must be at hand."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
