"""Write the patches that bring a target into a source tree, as mails for git am.

The tree itself stays as it is. What it has already is left out of the series.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  vmcsgen patch linux linux/                    0000-cover-letter.patch etc.
  vmcsgen patch linux linux/ -o /tmp/series -s  elsewhere, with Signed-off-by
  git -C linux am /tmp/series/000[1-9]-*.patch  apply it"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``patch``."""
    parser.add_argument("target", metavar="TARGET", help="what the tree shall take over")
    parser.add_argument("tree", type=Path, metavar="DIR", help="top of the source tree")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(), metavar="DIR",
        help="folder that gets the mails (default: .)",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="author", metavar="AUTHOR",
        help="NAME <ADDRESS> (default: who git says you are)",
    )  # fmt: skip
    parser.add_argument("-s", "--signoff", action="store_true", help="add your Signed-off-by")
    parser.add_argument("--spec", type=Path, metavar="SPEC", help="another spec folder")
    parser.add_argument("--templates", type=Path, metavar="DIR", help="another folder of targets")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: the series was written, or the tree has all of it already."""
    from shlex import quote

    from vmcsgen.diagnostics import printable
    from vmcsgen.specfile.load import load
    from vmcsgen.targets.choice import choose
    from vmcsgen.targets.compose import compose
    from vmcsgen.targets.find_marks import source_tree
    from vmcsgen.writer import destination, write

    tree = source_tree(arguments.tree)
    (name,) = choose((arguments.target,), arguments.templates)
    author = arguments.author or _author(tree)
    mails = compose(
        name, tree, load(arguments.spec), author,
        signed=arguments.signoff, templates=arguments.templates,
    )  # fmt: skip
    if not mails:
        print(f"{printable(str(tree))} has all of target {name} already")
        return 0
    for mail in mails:
        path = destination(arguments.output, mail.name)
        write(path, mail.text.encode("utf-8", "surrogateescape"))
        print(printable(str(path)))
    # Absolute: git looks for the mails from inside of the tree.
    folders = [quote(str(folder.absolute())) for folder in (tree, arguments.output)]
    keep = " --keep-cr" if any("\r\n" in mail.text for mail in mails) else ""
    command = f"git -C {folders[0]} am{keep} {folders[1]}/000[1-9]-*.patch"
    print(f"apply with: {printable(command)}", file=sys.stderr)
    return 0


def _author(tree: Path) -> str:
    """``Name <address>`` as git knows the user; DiagnosticError if it doesn't."""
    import subprocess

    from vmcsgen.diagnostics import refuse

    # GIT_DIR, which hooks are given, would make it the settings of another tree.
    environment = {name: value for name, value in os.environ.items() if name != "GIT_DIR"}
    try:
        command = ["git", "var", "GIT_AUTHOR_IDENT"]
        done = subprocess.run(command, cwd=tree, capture_output=True, check=False, env=environment)
    except OSError:
        done = None
    if done is None or done.returncode:
        hint = "say --from 'Name <address>'"
        raise refuse("git does not know who you are", "vmcsgen patch", hint=hint)
    # The identity ends with the time, which makes no difference between two runs.
    return done.stdout.decode("utf-8", "replace").strip().rpartition(">")[0] + ">"
