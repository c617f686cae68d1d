"""Coverage-guided fuzzing of everything that reads capability dumps and logs (not part of CI).

    pip install atheris
    python tests/fuzz/dumps.py -max_total_time=300 CORPUS/

Give it a folder for what it finds; the dumps of tests/fixtures are its first seeds. A crash or a
time-out leaves a file: run the script with that file to see it again, and make it a unit test.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["vmcsgen"]):
    import vmcsgen
    from vmcsgen.capabilities.assess import assess
    from vmcsgen.capabilities.report import as_plain, as_text
    from vmcsgen.capabilities.sources import parse
    from vmcsgen.capabilities.why import explain
    from vmcsgen.logs.annotate import annotate, names
    from vmcsgen.specfile.cpus import load_cpus

SEEDS = Path(__file__).resolve().parent.parent / "fixtures/dumps"
SPEC = vmcsgen.load()
KNOWN = load_cpus(SPEC)
BESIDE = names(SPEC)


def look(raw: bytes) -> None:
    """Read ``raw`` as a dump and as a log; see tests/unit/capabilities/test_fuzz.py."""
    log = io.BytesIO()
    annotate(io.BytesIO(raw), log, BESIDE)
    assert len(log.getvalue()) >= len(raw)
    try:
        dump = parse(raw, "dump", SPEC)
    except vmcsgen.DiagnosticError:
        return
    for processor in dump.processors[:2]:
        assert all(0 <= value < 1 << 64 for value in processor.msrs.values())
        if len(raw) % 8:
            continue  # What follows is slow, and depends on little of the text.
        found = assess(SPEC, processor, KNOWN)
        assert found.enumeration.vmcs_enum <= found.enumeration.upper_vmcs_enum
        json.dumps(as_plain(SPEC, dump, found))
        assert as_text(SPEC, dump, found).replace("\n", "").isprintable()
        assert explain(SPEC, dump, found, SPEC.fields[len(raw) % len(SPEC.fields)])


def main() -> None:
    """Run the fuzzer with the arguments of libFuzzer."""
    folders = [Path(each) for each in sys.argv[1:] if not each.startswith("-")]
    if folders and not folders[0].is_file():
        folders[0].mkdir(parents=True, exist_ok=True)
        for seed in SEEDS.iterdir():
            shutil.copy(seed, folders[0])
    atheris.Setup(sys.argv, look)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
