"""Coverage-guided fuzzing of one harness of harnesses.py, with the arguments of libFuzzer.

    pip install atheris
    python tests/fuzz/driver.py HARNESS -max_total_time=300 FOUND/
    python tests/fuzz/driver.py --names

FOUND keeps what reaches new code; the harness's seeds and tests/fuzz/corpus/HARNESS are where it
begins. A crash, a time-out or a run past the memory limit leaves a file: give it instead of the
folder to see it again, keep it in the corpus, and make it a unit test. keep.py chooses what of
FOUND is worth keeping.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 5
"""Seconds of processor time that no input may take."""

LIMITS = ("-timeout=60", "-rss_limit_mb=512", "-max_len=20000", "-keep_seed=1", "-len_control=0")
"""Seconds on the clock (a busy machine is no hang), MiB of the process; seeds stay."""


def timed(look: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """A harness to which an input that takes too long is a find."""

    def timed_look(raw: bytes) -> None:
        start = time.process_time()
        look(raw)
        taken = time.process_time() - start
        assert taken < PATIENCE, f"took {taken:.1f} seconds of processor time"

    return timed_look


def main(arguments: list[str]) -> int:
    """Fuzz the harness that is named first; libFuzzer ends the process."""
    import atheris

    os.environ["VMCSGEN_CACHE"] = ""  # what is remembered hides what the input does
    atheris.enabled_hooks.add("str")  # what text is compared with guides the fuzzer too
    with atheris.instrument_imports(include=["vmcsgen"]):
        from harnesses import HARNESSES, corpus
    if arguments[:1] == ["--names"]:
        print(*HARNESSES, sep="\n")
        return 0
    if not arguments or arguments[0] not in HARNESSES:
        print(f"usage: driver.py HARNESS [libFuzzer's arguments]; one of: {', '.join(HARNESSES)}")
        return 2
    name, *options = arguments
    harness = HARNESSES[name]
    scratch = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    if not any(Path(each).is_file() for each in options):
        seeds = scratch / "seeds"
        seeds.mkdir()
        for number, seed in enumerate([*harness.seeds(), *corpus(name)]):
            (seeds / f"{number:05}").write_bytes(seed)
        options.append(str(seeds))
    with atheris.instrument_imports(include=["vmcsgen"]):
        look = harness.make(scratch / "place")
        for seed in harness.seeds():
            look(seed)  # modules that are imported when needed must be instrumented, too
    atheris.Setup([sys.argv[0], *LIMITS, *options], timed(look))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
