"""Trees, builds and harnesses, made once; what can't be had skips, or fails where CI is set."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import kernel, kvm, linux, qemu
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
def kernel_series(request: pytest.FixtureRequest) -> str:
    """Each kernel's series."""
    series: str = request.param
    return series


@pytest.fixture(scope="session")
def kernel_build(kernel_series: str) -> kernel.KernelBuild:
    """Each kernel, prepared for x86_64; not to be changed."""
    return kernel.prepared(kernel_series, "x86_64")


@pytest.fixture(scope="session")
def unpatched_kvm(
    kernel_build: kernel.KernelBuild, tmp_path_factory: pytest.TempPathFactory
) -> kvm.Kvm:
    """KVM's own functions of each kernel, to be asked."""
    return kvm.link(kernel_build, tmp_path_factory.mktemp("kvm"))


@pytest.fixture(scope="session")
def session_scratch() -> Iterator[Path]:
    """Like `scratch`, for what several tests share."""
    yield from _scratch()


@pytest.fixture(scope="session")
def patched_kernel(kernel_series: str, session_scratch: Path) -> linux.PatchedKernel:
    """Each kernel with the series of target linux applied and built; not to be changed."""
    folder = session_scratch / kernel_series
    folder.mkdir()
    return linux.patched(kernel_series, folder / "linux")


@pytest.fixture(scope="session")
def patched_kvm(
    patched_kernel: linux.PatchedKernel, tmp_path_factory: pytest.TempPathFactory
) -> kvm.Kvm:
    """The patched functions of each kernel, to be asked."""
    return kvm.link(patched_kernel.build, tmp_path_factory.mktemp("patched-kvm"))


@pytest.fixture(scope="session")
def whole_kvm(
    patched_kernel: linux.PatchedKernel, tmp_path_factory: pytest.TempPathFactory
) -> kvm.Kvm:
    """The same with nested.c compiled in, for what it keeps to itself."""
    folder = tmp_path_factory.mktemp("whole-kvm")
    return kvm.link(patched_kernel.build, folder, whole=True)


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
    yield from _scratch()


def _scratch() -> Iterator[Path]:
    home = root() / "scratch"
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        yield Path(folder)
