"""List the targets: what can be generated."""

from __future__ import annotations

from vmcsgen.commands import text_or_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  vmcsgen targets                         ours, and those of installed packages
  vmcsgen targets --templates my-targets  those in this folder
  vmcsgen targets --format json"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``targets``."""
    parser.add_argument("--templates", metavar="DIR", help="another folder of targets")
    text_or_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print every target with its title and outputs."""
    from pathlib import Path

    from vmcsgen.targets.choice import choose
    from vmcsgen.targets.installed import installed
    from vmcsgen.targets.manifest import load_target

    root = None if arguments.templates is None else Path(arguments.templates)
    names = choose((), root)
    others = {} if root else {k: v for k, v in installed().items() if k not in names}
    targets = [load_target(name, root) for name in (*names, *others)]
    packages = {name: other.package for name, other in others.items()}
    if arguments.format == "json":
        import json

        print(
            json.dumps(
                [
                    {
                        "target": target.id,
                        "title": target.title,
                        "description": target.description,
                        "project": target.project,
                        "license": target.license,
                        "package": packages.get(target.id),
                        "outputs": [
                            {"path": each.path, "language": each.language, "region": each.region}
                            for each in target.outputs
                        ],
                    }
                    for target in targets
                ],
                indent=2,
            )
        )
        return 0
    from vmcsgen.diagnostics import printable

    width = max(len(target.id) for target in targets)
    for target in targets:
        package = packages.get(target.id)
        origin = f" (package {package}; made only if asked for)" if package else ""
        print(printable(f"{target.id:<{width}}  {target.title}{origin}"))
        for output in target.outputs:
            region = f" (region {output.region})" if output.region else ""
            print(printable(f"{'':<{width}}    {output.path}{region}"))
    return 0
