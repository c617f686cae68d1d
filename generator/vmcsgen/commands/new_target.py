"""Begin a target: write a folder with a manifest and a small template that works."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  vmcsgen new-target mine                      targets/mine/, a C header
  vmcsgen new-target go --language go          targets/go/
  vmcsgen gen --templates targets -t mine      makes out/mine/vmcs.h

docs/add-a-target.md builds one from here, step by step."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``new-target``."""
    from vmcsgen.targets.skeleton import SKELETONS

    parser.add_argument("name", metavar="NAME", help="what the target is called")
    parser.add_argument(
        "--language", choices=tuple(SKELETONS), default="c",
        help="what it makes (default: c); any other comes by editing what is written",
    )  # fmt: skip
    parser.add_argument(
        "--templates", metavar="DIR", default="targets",
        help="folder that gets the target's folder (default: targets)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Write the target, and say what to do next."""
    from pathlib import Path
    from shlex import quote

    from vmcsgen.diagnostics import printable
    from vmcsgen.resources import shown
    from vmcsgen.targets.skeleton import begin

    for path in begin(arguments.name, Path(arguments.templates), arguments.language):
        print(f"written: {printable(shown(path))}")
    folder = printable(quote(arguments.templates))
    print(f"generate with: vmcsgen gen --templates {folder} -t {arguments.name}")
    return 0
