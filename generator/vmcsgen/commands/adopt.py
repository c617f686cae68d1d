"""Convert a source tree that has never seen vmcsgen: hand-written lists become marked regions.

The regions have the names, values and order that the tree has now; a line below a begin mark
says which constants the tree lacks. Done once; from then on: vmcsgen gen --tree DIR.
"""

from __future__ import annotations

import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  vmcsgen adopt linux linux/ --diff   show what would change, write nothing
  vmcsgen adopt linux linux/          do it; twice changes nothing
  vmcsgen adopt linux linux/ --all    and add fields the tree has no name for"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``adopt``."""
    parser.add_argument("target", metavar="TARGET", help="what the tree shall take over")
    parser.add_argument("tree", type=Path, metavar="DIR", help="top of the source tree")
    parser.add_argument(
        "--diff", action="store_true", help="write nothing; show what would change; exit 1 if any"
    )
    parser.add_argument(
        "--all", action="store_true", help="add the fields too that the tree has no name for"
    )
    parser.add_argument("--spec", type=Path, metavar="SPEC", help="another spec folder")
    parser.add_argument("--templates", type=Path, metavar="DIR", help="another folder of targets")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: converted, or nothing to do; 1: ``--diff`` found something to change."""
    from vmcsgen.diagnostics import counted, printable
    from vmcsgen.specfile.load import load
    from vmcsgen.targets.adopt import Draft, apply_patch
    from vmcsgen.targets.choice import choose
    from vmcsgen.targets.diffs import file_diff, for_terminal
    from vmcsgen.targets.find_marks import source_tree
    from vmcsgen.targets.series import series_for_tree
    from vmcsgen.targets.tree import Workshop
    from vmcsgen.writer import destination, write

    tree = source_tree(arguments.tree)
    (name,) = choose((arguments.target,), arguments.templates)
    workshop = Workshop(load(arguments.spec), tree, arguments.templates)
    draft = Draft(tree)
    files: dict[str, str | None] = {}
    for patch in series_for_tree(workshop.maker(name).target, arguments.templates).patches:
        if patch.adopt:
            for change in apply_patch(workshop, name, patch, draft, every=arguments.all):
                files.setdefault(change.path, change.before)
    different = 0
    for path, before in sorted(files.items()):
        after = draft.text(path) or ""
        if after == before:
            print(f"unchanged: {printable(path)}")
            continue
        different += 1
        change_of_file = file_diff(path, before, after)
        if arguments.diff:
            sys.stdout.write(for_terminal(change_of_file.text))
            continue
        write(destination(tree, path), after.encode("utf-8", "surrogateescape"))
        counts = f"+{change_of_file.inserted} -{change_of_file.deleted}"
        print(f"{'created' if before is None else 'converted'}: {printable(path)} ({counts})")
    done = "to change" if arguments.diff else "changed"
    print(f"{counted(len(files), 'file')}: {different} {done}", file=sys.stderr)
    if arguments.all and files and not different:
        hint = "what was adopted keeps its choice: write 'vmcsgen with: all' below its mark"
        print(hint, file=sys.stderr)
    return 1 if arguments.diff and different else 0
