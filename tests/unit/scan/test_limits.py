"""What a file may cost: memory, and elements of one table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vmcsgen.scan import syntax


@pytest.mark.parametrize(
    ("name", "head", "unit"), [("a.c", "int a[] = {", b"1,"), ("a.rs", "fn f() {", b"!")]
)
def test_a_file_of_nothing_but_tokens(name: str, head: str, unit: bytes, tmp_path: Path) -> None:
    """Its tree would take up to 400 times its bytes."""
    (tmp_path / name).write_bytes(b"// vmcs\n" + head.encode() + unit * (3_000_000 // len(unit)))
    code = (
        "import resource, sys; from vmcsgen.scan import syntax; syntax.SECONDS = 1000;"
        "from vmcsgen.cli import main; status = main(['check', sys.argv[1]]);"
        "print(status, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / name)], check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert "MiB to parse [VMCS902]" in done.stdout
    status, kibibytes = done.stdout.splitlines()[-1].split()
    assert status == "2"
    assert int(kibibytes) < 512 << 10


def test_the_elements_of_a_table_end_at_the_limit() -> None:
    root = syntax.parse(syntax.language("c"), b"int a[] = {1, 2, /* no */ 3, 4, 5};")
    (table,) = syntax.collect(root, {"initializer_list": "table"})["table"]
    found = [node.text for node in syntax.elements(table, 4)]
    assert found == [b"1", b"2", b"/* no */", b"3"]
    assert len(list(syntax.elements(table, 99))) == 6


def test_nodes_below_the_depth_limit_are_not_searched() -> None:
    depth = syntax._DEPTH_LIMIT
    content = b"int a = " + b"(" * depth + b"/* deep */ 1" + b")" * depth + b"; /* flat */"
    root = syntax.parse(syntax.language("c"), content)
    found = syntax.collect(root, {"comment": "comment", "number_literal": "number"})
    assert [node.text for node in found["comment"]] == [b"/* flat */"]
    assert found["number"] == []
