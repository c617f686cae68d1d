"""One module a verb: ``configure(parser)`` and ``run(arguments) -> exit status``."""

from __future__ import annotations

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    import argparse


def text_or_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--format`` as most verbs have it."""
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="text for people (default), or json",
    )
