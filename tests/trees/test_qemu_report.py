"""docs/qemu-vmcs-enum.md says of QEMU's own ladder what it does (VMCSGEN_UPDATE=1 writes it)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import vmcsgen

from . import qemu, qemu_report

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs/qemu-vmcs-enum.md"
FILL = 98


@pytest.mark.parametrize("series", ["7.2", "10.0"])
def test_the_page_tells_what_was_measured(spec: vmcsgen.Spec, series: str, tmp_path: Path) -> None:
    harness = qemu.link(qemu.configured(series), tmp_path)
    parts = ["\n".join(qemu_report.rung_table(spec, harness))]
    parts.append(qemu_report.combination_count(spec, harness))
    if qemu.version().startswith(f"{series}."):
        expanded = qemu.cpu_models()
        parts.append(f"QMP reports {len(expanded)} named CPU models. With `vmx=on`:")
        parts.append("\n".join(qemu_report.model_lists(spec, harness, expanded)))
    measured = "\n\n".join(parts)
    assert "**" in measured

    text = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- measured: QEMU {series} -->\n", f"<!-- end: QEMU {series} -->\n"
    found = re.search(f"{re.escape(begin)}(.*?){re.escape(end)}", text, re.DOTALL)
    assert found
    if os.environ.get("VMCSGEN_UPDATE"):
        PAGE.write_text(text.replace(found[0], f"{begin}\n{measured}\n\n{end}"), encoding="utf-8")
        return
    assert found[1].strip() == measured
