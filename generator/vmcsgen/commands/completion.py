"""Print what completes vmcsgen's command line in a shell.

Verbs, options, targets, fields and projects are those of this version and its spec.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  source <(vmcsgen completion bash)          in ~/.bashrc
  source <(vmcsgen completion zsh)           in ~/.zshrc, after compinit
  vmcsgen completion fish > ~/.config/fish/completions/vmcsgen.fish"""

SHELLS = ("bash", "fish", "zsh")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``completion``."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    from importlib import import_module

    from vmcsgen import __version__
    from vmcsgen.catalog import load_catalog
    from vmcsgen.cli import VERBS, parsers
    from vmcsgen.completion.commands import commands
    from vmcsgen.specfile.cpus import load_cpus
    from vmcsgen.specfile.load import load
    from vmcsgen.targets.choice import target_names

    catalog = load_catalog()
    cpus = tuple(each.id for each in load_cpus(load()).cpus)
    known = {
        **dict.fromkeys(("A", "B", "SOURCE"), cpus),
        "TARGET": target_names(),
        "FIELD": tuple(field["id"] for field in catalog["fields"]),
        "PROJECT": tuple(catalog["projects"]),
    }
    writer = import_module(f"vmcsgen.completion.{arguments.shell}")
    sys.stdout.write(writer.script(commands(parsers(), VERBS, known), __version__))
    return 0
