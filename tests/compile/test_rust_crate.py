"""The generated crate's own tests pass. tests/rust has the rest: old compilers, broken crates."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path


def test_self_test_passes(crate: Path) -> None:
    done = subprocess.run([crate / "selftest"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    counted = re.search(r"test result: ok\. (\d+) passed; 0 failed; 0 ignored", done.stdout)
    assert counted is not None
    assert int(counted[1]) == (crate / "tests/selftest.rs").read_text().count("#[test]")
