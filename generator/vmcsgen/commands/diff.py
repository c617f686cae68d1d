"""Compare two CPUs or dumps (fields, controls, VMCS_ENUM, MSRs), or two specs, field by field.

A and B are what vmcsgen caps takes, or both are spec folders. + stands for what only B has.
A source that tells several kinds of processors apart needs @N: the logical CPU that is meant.
--breaking tells what of spec B breaks users of what was generated from A. Exit status 1: they
differ, or something breaks.
"""

from __future__ import annotations

from pathlib import Path

from vmcsgen.commands import text_or_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from vmcsgen.capabilities.breakage import Compatibility
    from vmcsgen.capabilities.compare import Comparison

EXAMPLES = """examples:
  vmcsgen diff i7-7700k i9-12900k
  vmcsgen diff dump.txt@0 dump.txt@4       two logical CPUs of one dump
  vmcsgen diff old-spec/ spec/
  vmcsgen diff old-spec/ spec/ --breaking  exit status 0: only new
  vmcsgen diff qemu:Skylake-Server qemu:Icelake-Server --format json"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``diff``."""
    parser.add_argument("left", metavar="A", help="dump, device, known CPU, qemu:MODEL or spec")
    parser.add_argument("right", metavar="B", help="what it is compared with")
    parser.add_argument(
        "--spec", type=Path, metavar="SPEC", help="another spec folder, to judge CPUs by"
    )
    parser.add_argument(
        "--breaking", action="store_true", help="of specs: only what breaks users, and what is new"
    )
    text_or_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: no difference (none that breaks); 1: some; 2: one of the two can't be read."""
    from vmcsgen.diagnostics import refuse

    specs = [_is_spec(each) for each in (arguments.left, arguments.right)]
    if specs[0] is not specs[1]:
        spec, other = arguments.left, arguments.right
        if not specs[0]:
            spec, other = other, spec
        raise refuse(
            f"is no spec folder, and a spec ({spec}) can only be compared with another", other,
            rule="USAGE", hint="name the folder that holds fields/ and controls/",
        )  # fmt: skip
    if arguments.breaking:
        if not specs[0]:
            raise refuse(
                "--breaking compares specs, and this is no spec folder", arguments.left,
                rule="USAGE", hint="name the folder that holds fields/ and controls/",
            )  # fmt: skip
        compatible = _compatibility(arguments)
        _print(arguments, compatible)
        return 1 if compatible.breaking else 0
    comparison = _specs(arguments) if specs[0] else _processors(arguments)
    _print(arguments, comparison)
    return 1 if comparison.differs else 0


def _print(arguments: argparse.Namespace, found: Comparison | Compatibility) -> None:
    from vmcsgen.diagnostics import printable

    if arguments.format == "json":
        import json

        sides = {"left": arguments.left, "right": arguments.right}
        print(json.dumps(sides | found.as_plain(), indent=2))
        return
    print(printable(f"--- {arguments.left}"))
    print(printable(f"+++ {arguments.right}"))
    for line in found.lines():
        print(printable(line))


def _is_spec(source: str) -> bool:
    try:
        return (Path(source) / "fields").is_dir()
    except (OSError, ValueError):
        return False


def _specs(arguments: argparse.Namespace) -> Comparison:
    from vmcsgen.capabilities.compare import compare_specs
    from vmcsgen.specfile.load import load

    return compare_specs(load(arguments.left), load(arguments.right))


def _compatibility(arguments: argparse.Namespace) -> Compatibility:
    from vmcsgen.capabilities.breaking import compatibility
    from vmcsgen.specfile.cpus import load_cpus
    from vmcsgen.specfile.load import load

    old, new = load(arguments.left), load(arguments.right)
    known = load_cpus(new, arguments.right)
    return compatibility(old, new, known if known.cpus else load_cpus(old, arguments.left))


def _processors(arguments: argparse.Namespace) -> Comparison:
    from vmcsgen.capabilities.assess import assess
    from vmcsgen.capabilities.compare import compare_processors
    from vmcsgen.capabilities.sources import numbers_text, open_source
    from vmcsgen.diagnostics import refuse
    from vmcsgen.specfile.cpus import load_cpus
    from vmcsgen.specfile.load import load

    if arguments.left == arguments.right == "-":
        raise refuse("standard input can be read once only", "-", rule="USAGE")
    spec = load(arguments.spec)
    known = load_cpus(spec, arguments.spec)
    sides = []
    for source in (arguments.left, arguments.right):
        dump = open_source(source, spec, lambda: known)
        if len(dump.processors) > 1:
            first = next((p.numbers[0] for p in dump.processors if p.numbers), 0)
            raise refuse(
                f"tells of {len(dump.processors)} kinds of processors ({numbers_text(dump)})",
                source,
                rule="USAGE",
                hint=f"choose one by its logical CPU: {source}@{first}",
            )
        sides.append(assess(spec, dump.processors[0], known))
    return compare_processors(spec, sides[0], sides[1])
