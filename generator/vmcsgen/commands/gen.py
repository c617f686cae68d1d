"""Generate the outputs of targets from the spec, or check that they are current."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from vmcsgen.targets.generate import Comparison
    from vmcsgen.targets.tree import TreeFile

EXAMPLES = """examples:
  vmcsgen gen                      all targets into out/, one folder each
  vmcsgen gen -t c -o include/     one target into include/c/
  vmcsgen gen --check              exit 1 if a file is stale, missing or extra
  vmcsgen gen --diff               show what would change, write nothing
  vmcsgen gen --tree linux/        every marked region of a source tree
  vmcsgen gen --tree . --check     exit 1 if one is stale or was edited by hand
  vmcsgen gen -t qemu --tree . --print vmx-vmcs-enum.h  one output, for a build"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``gen``."""
    parser.add_argument(
        "-t", "--target", action="append", default=[], metavar="TARGET",
        help="only this target; may be given again (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="DIR",
        help="folder that gets one folder per target (default: out)",
    )  # fmt: skip
    parser.add_argument(
        "--tree", metavar="DIR", help="bring the marked regions of this source tree up to date"
    )
    parser.add_argument(
        "--print", metavar="NAME",
        help="write one output of the one --target to standard output",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true", help="with --tree: overwrite what was edited by hand too"
    )
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

    _refuse_nonsense(arguments)
    if arguments.print is not None:
        return _print(arguments)
    if arguments.tree is not None:
        return _tree(arguments)
    output = arguments.output or "out"
    names = choose(arguments.target, arguments.templates)
    count = unchanged(names, output, arguments.spec, arguments.templates)
    if count is not None:
        print(f"{_scope(count, len(names))}: {count} current")
        return 0
    from vmcsgen.cli import manual
    from vmcsgen.diagnostics import printable
    from vmcsgen.targets.generate import compare, write_all

    comparisons = compare(names, output, arguments.spec, arguments.templates, manual)
    if arguments.check or arguments.diff:
        return _report(comparisons, len(names), arguments)
    written = write_all(comparisons)
    made = [each for each in comparisons if each.wanted is not None]
    for each in comparisons:
        if each.wanted is None:
            path = printable(str(each.path))
            print(f"extra: {path} is made by no target; remove it", file=sys.stderr)
    print(f"{_scope(len(made), len(names))}: {written} written, ", end="")
    print(f"{len(made) - written} unchanged")
    return 0


def _refuse_nonsense(arguments: argparse.Namespace) -> None:
    """DiagnosticError for options that contradict each other."""
    if arguments.tree is not None and arguments.output is not None:
        problem = "--tree writes into the tree itself, not to --output"
    elif arguments.tree is None and arguments.force:
        problem = "--force goes with --tree: nothing else is ever kept"
    elif arguments.print is not None and len(arguments.target) != 1:
        problem = "--print takes one output of one --target"
    elif arguments.print is not None and (arguments.check or arguments.diff or arguments.force):
        problem = "--print compares nothing: leave out --check, --diff and --force"
    elif arguments.print is not None and arguments.output is not None:
        problem = "--print writes to standard output, not to --output"
    else:
        return
    from vmcsgen.diagnostics import refuse

    raise refuse(problem, "vmcsgen gen", rule="USAGE")


def _scope(files: int, targets: int) -> str:
    from vmcsgen.excerpt import counted

    return f"{counted(files, 'file')} of {counted(targets, 'target')}"


def _again(arguments: argparse.Namespace) -> str:
    """The command that writes what this one compared."""
    from shlex import quote

    from vmcsgen.excerpt import printable

    given = [("-t", name) for name in arguments.target]
    given += [
        ("-o", arguments.output),
        ("--tree", arguments.tree),
        ("--spec", arguments.spec),
        ("--templates", arguments.templates),
    ]
    return printable(
        " ".join(["vmcsgen gen", *(f"{name} {quote(value)}" for name, value in given if value)])
    )


def _report(comparisons: Sequence[Comparison], targets: int, arguments: argparse.Namespace) -> int:
    from vmcsgen.diagnostics import printable
    from vmcsgen.targets.diffs import for_terminal
    from vmcsgen.targets.generate import Status, tally, unified_diff

    for each in comparisons:
        if each.status is Status.CURRENT:
            continue
        if arguments.diff and each.wanted is not None:
            sys.stdout.write(for_terminal(unified_diff(each)))
        else:
            print(f"{each.status.value}: {printable(str(each.path))}")
    counts = tally(comparisons)
    different = len(comparisons) - counts[Status.CURRENT]
    parts = ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)
    summary = f"{_scope(len(comparisons), targets)}: {parts}"
    sys.stdout.flush()  # in a log of both streams the list stands above its summary
    print(summary, file=sys.stderr if different else sys.stdout)
    if different > counts[Status.EXTRA] and not arguments.diff:
        print(f"mend it with: {_again(arguments)}", file=sys.stderr)
    if counts[Status.EXTRA]:
        print("extra files are made by no target: remove them", file=sys.stderr)
    return 1 if different else 0


def _print(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from vmcsgen.diagnostics import did_you_mean, refuse
    from vmcsgen.specfile.load import load
    from vmcsgen.targets.choice import choose
    from vmcsgen.targets.manifest import load_target
    from vmcsgen.targets.render import Renderer
    from vmcsgen.targets.tree_facts import TreeFacts

    (name,) = choose(arguments.target, arguments.templates)
    templates = None if arguments.templates is None else Path(arguments.templates)
    target = load_target(name, templates)
    output = target.output(arguments.print)
    if output is None:
        hint = did_you_mean(arguments.print, (each.name for each in target.outputs))
        raise refuse(f"target {name} makes no {arguments.print!r}", "--print", hint=hint)
    facts = None if arguments.tree is None else TreeFacts(Path(arguments.tree), target)
    text = Renderer(load(arguments.spec), target, facts).text(output)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8")  # the bytes of the file, whatever the locale
    sys.stdout.write(text)
    return 0


def _tree(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from vmcsgen.specfile.load import load
    from vmcsgen.targets.choice import choose
    from vmcsgen.targets.tree import examine, write_tree

    tree = Path(arguments.tree)
    templates = None if arguments.templates is None else Path(arguments.templates)
    files = examine(
        tree,
        load(arguments.spec),
        targets=choose(arguments.target, arguments.templates) if arguments.target else (),
        templates=templates,
        force=arguments.force,
    )
    writing = not (arguments.check or arguments.diff)
    if writing:
        write_tree(tree, files)
    _list_regions(files, writing, arguments.diff)
    return _tree_status(files, writing, arguments)


def _list_regions(files: Sequence[TreeFile], writing: bool, diff: bool) -> None:
    """Every region on a line of its own; with ``diff`` the change of each file instead."""
    from vmcsgen.diagnostics import printable
    from vmcsgen.targets.diffs import file_diff, for_terminal
    from vmcsgen.targets.regions import State

    for file in files:
        if diff:
            before = file.found.decode("utf-8", "backslashreplace")
            after = file.wanted.decode("utf-8", "backslashreplace")
            sys.stdout.write(for_terminal(file_diff(file.path, before, after).text))
            continue
        for each in file.regions:
            verb = each.state.value
            if writing and each.state is not State.CURRENT:
                verb = f"{verb}, {'kept' if each.kept else 'written'}"
            print(f"{verb}: {printable(file.path)}:{each.region.begin}: {each.region.name}")


def _tree_status(files: Sequence[TreeFile], writing: bool, arguments: argparse.Namespace) -> int:
    from vmcsgen.excerpt import counted
    from vmcsgen.targets.regions import State

    regions = [each for file in files for each in file.regions]
    counts = {state: sum(each.state is state for each in regions) for state in State}
    parts = ", ".join(f"{count} {state.value}" for state, count in counts.items() if count)
    sys.stdout.flush()
    looked_at = f"{counted(len(regions), 'region')} in {counted(len(files), 'file')}"
    print(f"{looked_at}: {parts}", file=sys.stderr)
    mend = _again(arguments)
    if counts[State.HAND_EDITED] and not arguments.force:
        print(f"edited by hand and kept; to overwrite: {mend} --force", file=sys.stderr)
    elif not writing and not arguments.diff and counts[State.CURRENT] < len(regions):
        print(f"mend it with: {mend}", file=sys.stderr)
    if writing:
        return 1 if any(each.kept for each in regions) else 0
    return 1 if counts[State.CURRENT] < len(regions) else 0
