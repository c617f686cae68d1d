"""docs/qemu-vmcs-enum.md says of QEMU's own ladder what it does (VMCSGEN_UPDATE=1 writes it)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import vmcsgen

from . import qemu, qemu_report
from .qemu_ladder import ladder_properties

PAGE = Path(__file__).resolve().parents[2] / "docs/qemu-vmcs-enum.md"

SECTIONS = {"7.2": "7.2", "10.0": "10.0", "10.2": "10.0"}
"""Version of QEMU -> the part of the page that tells of it."""


def test_the_page_tells_what_was_measured(
    spec: vmcsgen.Spec, qemu_build: qemu.QemuBuild, unpatched_qemu: qemu.Qemu
) -> None:
    series = ".".join(map(str, qemu_build.origin.series))
    if series not in SECTIONS:
        pytest.skip(f"the page does not tell of QEMU {series}")
    section = SECTIONS[series]
    parts = ["\n".join(qemu_report.rung_table(spec, unpatched_qemu))]
    parts.append(qemu_report.combination_count(spec, unpatched_qemu))
    if qemu.version().startswith(f"{series}."):
        plain = qemu.cpu_models()
        names = ladder_properties(spec, unpatched_qemu.feature_words())
        every = plain | qemu.switched_models(plain, names)
        parts.append(
            f"QMP reports {len(plain)} named CPU models. With `vmx=on`, as they are and with one of"
            f" {len(names)} properties switched that QEMU then does not clear:"
        )
        parts.append("\n".join(qemu_report.model_lists(spec, unpatched_qemu, every)))
    measured = "\n\n".join(parts)
    assert "**" in measured

    text = PAGE.read_text(encoding="utf-8")
    begin, end = f"<!-- measured: QEMU {section} -->\n", f"<!-- end: QEMU {section} -->\n"
    found = re.search(f"{re.escape(begin)}(.*?){re.escape(end)}", text, re.DOTALL)
    assert found
    if os.environ.get("VMCSGEN_UPDATE") and series == section:
        PAGE.write_text(text.replace(found[0], f"{begin}\n{measured}\n\n{end}"), encoding="utf-8")
        return
    assert found[1].strip() == measured
