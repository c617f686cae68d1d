"""`vmcsgen check` on whole trees: what it finds is what docs/findings.md has, and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from vmcsgen.scan.check import Options, Result, check

from .debian_sources import KERNEL_SERIES, QEMU_SERIES, kernel_source, qemu_source, xen_source

LADDERS = {
    "7.2": (0x32, 0x2E),
    "10.0": (0x52, 0x44, 0x32, 0x2E),
    "newest": (0x52, 0x44, 0x32, 0x2E),
}
"""The values in the arms of QEMU's ladder."""

KVM = "target/i386/kvm/kvm.c"
VVMX = "xen/arch/x86/hvm/vmx/vvmx.c"


def inspected(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(tree)
    return check(["."], Options(cache=False))


def alarms(result: Result) -> Counter[tuple[str, str, int | None]]:
    return Counter(
        (each.path, each.rule, each.value) for each in result.findings if each.severity != "info"
    )


@pytest.mark.parametrize("series", KERNEL_SERIES)
def test_linux_is_right(series: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = inspected(kernel_source(series).path, monkeypatch)
    assert not alarms(result)
    assert result.walked > 50_000
    taken = sorted(each.project or "" for report in result.reports for each in report.lists)
    assert taken == ["linux", "linux-selftests"]


@pytest.mark.parametrize("series", QEMU_SERIES)
def test_qemu_types_its_maxima(series: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = inspected(qemu_source(series).path, monkeypatch)
    wanted = Counter((KVM, "VMCS301", value) for value in LADDERS[series])
    wanted[KVM, "VMCS402", None] = 1
    assert alarms(result) == wanted
    assert [each.project for report in result.reports for each in report.lists] == ["qemu"]


def test_xen_masks_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    result = inspected(xen_source().path, monkeypatch)
    assert alarms(result) == {(VVMX, "VMCS302", None): 1, (VVMX, "VMCS301", 0x3E): 1}
    assert [each.project for report in result.reports for each in report.lists] == ["xen"]
