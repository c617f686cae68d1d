"""The generated page of vmcs12 fields in the kernel's own documentation."""

from __future__ import annotations

import html
import re

from vmcsgen.specfile.load import load

from . import linux
from .cache import need, run

PAGE = "Documentation/output/virt/kvm/x86/vmcs12-fields.html"


def test_the_page_renders_without_our_warnings_and_has_every_field(
    patched_kernel: linux.PatchedKernel,
) -> None:
    need({"sphinx-build": "python3-sphinx"})
    tree = patched_kernel.build.tree
    words = ["make", "htmldocs", "SPHINXDIRS=virt/kvm/x86"]
    # Sphinx's warnings go where the rest goes, so that they can be told from make's.
    printed = run(["sh", "-c", f"{' '.join(words)} 2>&1"], cwd=tree)
    assert "vmcs12-fields" not in printed
    page = html.unescape(re.sub(r"<[^>]+>", " ", (tree / PAGE).read_text()))
    spec = load()
    project = spec.project_by_id["linux"]
    text = (tree / "arch/x86/kvm/vmx/vmcs12.c").read_text()
    members = re.findall(r"^\tFIELD\(\w+, (\w+), \w+,\s+(\w+)\)", text, re.MULTILINE)
    assert len(members) > 130
    encodings = {name: spec.by_id[each].encoding for each, name in project.fields.items()}
    for name, member in members:
        assert re.search(rf"{encodings[name]}\s+{name}\s+{member}\s", page), name
    index = (tree / PAGE).with_name("index.html").read_text()
    assert "vmcs12-fields.html" in index
