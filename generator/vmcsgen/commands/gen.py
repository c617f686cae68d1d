"""Generate the outputs of targets from the spec, or check that they are current."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from vmcsgen.targets.generate import Comparison

EXAMPLES = """examples:
  vmcsgen gen                      all targets into out/, one folder each
  vmcsgen gen -t c -o include/     one target into include/c/
  vmcsgen gen --check              exit 1 if a file in out/ is stale, missing or extra
  vmcsgen gen --diff               show what would change, write nothing"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``gen``."""
    parser.add_argument(
        "-t", "--target", action="append", default=[], metavar="TARGET",
        help="generate only this target (may be given again; default: all)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", default="out", metavar="DIR",
        help="folder that gets one folder per target (default: out)",
    )  # fmt: skip
    parser.add_argument("--spec", metavar="SPEC", help="another spec folder")
    parser.add_argument("--templates", metavar="DIR", help="another folder of targets")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if anything differs"
    )
    parser.add_argument(
        "--diff", action="store_true", help="write nothing; show what differs; exit 1 if any"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: in order (or written); 1: ``--check`` or ``--diff`` found a difference."""
    from vmcsgen.targets.choice import choose
    from vmcsgen.targets.current import unchanged

    names = choose(arguments.target, arguments.templates)
    count = unchanged(names, arguments.output, arguments.spec, arguments.templates)
    if count is not None:
        print(f"{_files(count)} of {_targets(len(names))}: {count} current")
        return 0
    from vmcsgen.targets.generate import compare, write_all

    comparisons = compare(names, arguments.output, arguments.spec, arguments.templates)
    if arguments.check or arguments.diff:
        return _report(comparisons, len(names), arguments.diff)
    written = write_all(comparisons)
    made = [each for each in comparisons if each.wanted is not None]
    for each in comparisons:
        if each.wanted is None:
            print(f"extra: {each.path} is made by no target; remove it", file=sys.stderr)
    print(f"{_files(len(made))} of {_targets(len(names))}: {written} written, ", end="")
    print(f"{len(made) - written} unchanged")
    return 0


def _report(comparisons: Sequence[Comparison], targets: int, diff: bool) -> int:
    from vmcsgen.diagnostics import printable
    from vmcsgen.targets.generate import Status, tally, unified_diff

    for each in comparisons:
        if each.status is Status.CURRENT:
            continue
        if diff and each.wanted is not None:
            text = unified_diff(each)
            sys.stdout.write("".join(f"{printable(line)}\n" for line in text.splitlines()))
        else:
            print(f"{each.status.value}: {printable(str(each.path))}")
    counts = tally(comparisons)
    different = len(comparisons) - counts[Status.CURRENT]
    parts = ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)
    summary = f"{_files(len(comparisons))} of {_targets(targets)}: {parts}"
    print(summary, file=sys.stderr if different else sys.stdout)
    if different and not diff:
        print("mend it with: vmcsgen gen", file=sys.stderr)
    return 1 if different else 0


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


def _targets(count: int) -> str:
    return f"{count} target{'' if count == 1 else 's'}"
