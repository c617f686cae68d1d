"""Trees, builds and harnesses, made once; what can't be had skips, or fails where CI is set."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import kernel, kvm, qemu
from .cache import Unavailable, root
from .debian_sources import KERNEL_SERIES, QEMU_SERIES


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn Unavailable, wherever it is raised, into a skip that tells what is missing."""
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    raised = call.excinfo.value if call.excinfo else None
    if isinstance(raised, Unavailable) and os.environ.get("CI") != "true":
        path, line, _ = report.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {raised}")


@pytest.fixture(scope="session", params=KERNEL_SERIES, ids="linux-{}".format)
def kernel_build(request: pytest.FixtureRequest) -> kernel.KernelBuild:
    """Each kernel, prepared for x86_64; not to be changed."""
    return kernel.prepared(request.param, "x86_64")


@pytest.fixture(scope="session")
def unpatched_kvm(
    kernel_build: kernel.KernelBuild, tmp_path_factory: pytest.TempPathFactory
) -> kvm.Kvm:
    """KVM's own functions of each kernel, to be asked."""
    return kvm.link(kernel_build, tmp_path_factory.mktemp("kvm"))


@pytest.fixture(scope="session", params=QEMU_SERIES, ids="qemu-{}".format)
def qemu_build(request: pytest.FixtureRequest) -> qemu.QemuBuild:
    """Each QEMU, configured; not to be changed."""
    return qemu.configured(request.param)


@pytest.fixture(scope="session")
def unpatched_qemu(
    qemu_build: qemu.QemuBuild, tmp_path_factory: pytest.TempPathFactory
) -> qemu.Qemu:
    """QEMU's own ladder of each version, to be asked."""
    return qemu.link(qemu_build, tmp_path_factory.mktemp("qemu"))


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for private copies: on the cache's disk, for hard links; gone afterwards."""
    home = root() / "scratch"
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        yield Path(folder)
