"""The command line as a user whom permission bits bind: root ignores them."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Sequence

_PR_CAPBSET_DROP = 24
_CAPABILITIES = (1, 2)
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH (capabilities(7))."""


def bound(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """What ``vmcsgen ARGUMENTS`` says and how it ends, in a process of its own."""
    prctl = ctypes.CDLL(None).prctl

    def give_up() -> None:
        for capability in _CAPABILITIES:
            prctl(_PR_CAPBSET_DROP, capability)  # who isn't root has none, and need not

    return subprocess.run(
        [sys.executable, "-m", "vmcsgen", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=give_up,
    )
