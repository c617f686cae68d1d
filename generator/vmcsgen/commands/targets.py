"""List the targets: what can be generated."""

from __future__ import annotations

from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``targets``."""
    parser.add_argument("--templates", type=Path, metavar="DIR", help="another folder of targets")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print every target with its title and outputs."""
    from vmcsgen.targets.choice import choose
    from vmcsgen.targets.manifest import load_target

    targets = [load_target(name, arguments.templates) for name in choose((), arguments.templates)]
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
    width = max(len(target.id) for target in targets)
    for target in targets:
        print(f"{target.id:<{width}}  {target.title}")
        for output in target.outputs:
            region = f" (region {output.region})" if output.region else ""
            print(f"{'':<{width}}    {output.path}{region}")
    return 0
