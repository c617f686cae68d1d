"""Say what a processor can do: controls, fields, VMCS_ENUM derived and reported.

SOURCE is a file in any format of docs/capability-dumps.md, - (standard input), /dev/cpu or
/dev/cpu/N/msr (this machine), qemu:MODEL, or the id of a known CPU (vmcsgen cpus); SOURCE@N is its
logical CPU N. Exit status 1: a contradiction or unusable value.
"""

from __future__ import annotations

import sys
from pathlib import Path

from vmcsgen.commands import text_or_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from vmcsgen.capabilities.assess import Assessment
    from vmcsgen.capabilities.dump import Dump
    from vmcsgen.core.spec import Spec

EXAMPLES = """examples:
  sudo vmcsgen caps /dev/cpu           this machine, all logical CPUs
  vmcsgen caps dump.txt
  vmcsgen caps i9-12900k --why tsc_multiplier
  vmcsgen caps qemu:Skylake-Server
  vmcsgen caps VBox.log --format json"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``caps``."""
    parser.add_argument("source", metavar="SOURCE", help="dump, device, known CPU or qemu:MODEL")
    parser.add_argument(
        "--why", metavar="FIELD", help="explain one field: requirement, MSR, bit and value"
    )
    parser.add_argument("--spec", type=Path, metavar="SPEC", help="another spec folder")
    text_or_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: in order; 1: the source contradicts itself or holds an unusable value."""
    from vmcsgen.capabilities.assess import assess
    from vmcsgen.capabilities.report import warnings
    from vmcsgen.capabilities.sources import open_source
    from vmcsgen.diagnostics import report
    from vmcsgen.specfile.cpus import load_cpus
    from vmcsgen.specfile.load import load

    spec = load(arguments.spec)
    known = load_cpus(spec, arguments.spec)
    dump = open_source(arguments.source, spec, lambda: known)
    assessments = [assess(spec, processor, known) for processor in dump.processors]
    if arguments.why:
        _why(arguments, spec, dump, assessments)
    elif arguments.format == "json":
        _print_json(spec, dump, assessments)
    else:
        _print_text(spec, dump, assessments)
    sys.stdout.flush()
    found = list(warnings(spec, dump, assessments))
    # JSON has the others among its warnings.
    report(found if arguments.format == "text" else dump.faults)
    return 1 if found else 0


def _print_json(spec: Spec, dump: Dump, assessments: Sequence[Assessment]) -> None:
    import json

    from vmcsgen.capabilities.report import as_plain

    shown = [as_plain(spec, dump, each) for each in assessments]
    print(json.dumps(shown[0] if dump.count == 1 else shown, indent=2))


def _print_text(spec: Spec, dump: Dump, assessments: Sequence[Assessment]) -> None:
    from vmcsgen.capabilities.compare import compare_processors
    from vmcsgen.capabilities.report import as_text, label
    from vmcsgen.excerpt import printable

    if dump.count > 1:
        kinds = len(assessments)
        same = "all alike" if kinds == 1 else f"of {kinds} kinds"
        print(f"{dump.count} logical CPUs, {same}\n")
    for number, each in enumerate(assessments):
        if number:
            print()
        print(as_text(spec, dump, each))
    first = assessments[0]
    for other in assessments[1:]:
        print(f"\n{printable(f'{label(dump, first)} and {label(dump, other)}')} differ:")
        for line in compare_processors(spec, first, other).lines():
            print(f"  {line}")


def _why(
    arguments: argparse.Namespace, spec: Spec, dump: Dump, assessments: Sequence[Assessment]
) -> None:
    import json

    from vmcsgen.capabilities.why import explain, explain_plain
    from vmcsgen.query import find_field

    field = find_field(spec, arguments.why, "--why")
    if arguments.format == "json":
        shown = [explain_plain(spec, dump, each, field) for each in assessments]
        print(json.dumps(shown[0] if dump.count == 1 else shown, indent=2))
        return
    print("\n\n".join(explain(spec, dump, each, field) for each in assessments))
