"""The meson snippet of docs/in-a-qemu-tree.md, built in a project with QEMU's folders."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from qemu_cpu import cpu_h

import vmcsgen
from needs import need

ROOT_BUILD = """
project('small', 'c')
ss = import('sourceset')
subdir('target/i386/kvm')
executable('small', 'main.c', i386_kvm_ss.apply({}).sources(),
           include_directories: 'target/i386')
"""

MAIN = """
#include "target/i386/kvm/vmx-vmcs-enum.h"

int main(void)
{
    FeatureWordArray f = { 0 };

    return vmx_vmcs_enum(f) == 0x2a ? 0 : 1;
}
"""


def test_meson_makes_the_header_and_makes_it_again_when_cpu_h_changes(
    spec: vmcsgen.Spec, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (checkout / "docs/in-a-qemu-tree.md").read_text(encoding="utf-8")
    snippet = re.search(r"```meson\n(.*?)```", page, re.DOTALL)
    assert snippet
    kvm = tmp_path / "target/i386/kvm"
    kvm.mkdir(parents=True)
    (tmp_path / "meson.build").write_text(ROOT_BUILD)
    (tmp_path / "main.c").write_text(MAIN)
    (kvm / "meson.build").write_text(f"i386_kvm_ss = ss.source_set()\n{snippet[1]}")
    header = kvm.parent / "cpu.h"
    header.write_text(cpu_h(spec))

    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", tools)
    need("meson", "meson")
    need("ninja", "ninja-build")
    build = tmp_path / "build"
    subprocess.run(["meson", "setup", build, tmp_path], check=True, capture_output=True)
    subprocess.run(["ninja", "-C", build], check=True, capture_output=True)
    made = build / "target/i386/kvm/vmx-vmcs-enum.h"
    assert "tertiary_ctls" not in made.read_text()
    subprocess.run([build / "small"], check=True)

    word = spec.project_by_id["qemu"].words["tertiary"].name
    header.write_text(header.read_text().replace("FEATURE_WORDS }", f"{word}, FEATURE_WORDS }}"))
    subprocess.run(["ninja", "-C", build], check=True, capture_output=True)
    assert "tertiary_ctls" in made.read_text()
    subprocess.run([build / "small"], check=True)
