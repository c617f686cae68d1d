"""List the fields of the spec, one a line, or as JSON."""

from __future__ import annotations

from vmcsgen.commands import text_or_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  vmcsgen list
  vmcsgen list --where width=64 --where type=guest
  vmcsgen list --where requires=tsc_scaling     text that the value holds
  vmcsgen list --where project=xen              fields that Xen has a name for
  vmcsgen list --format json"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``list``."""
    from vmcsgen.catalog import KEYS

    parser.add_argument(
        "--where", action="append", default=[], metavar="KEY=VALUE",
        help=f"only fields for which this holds, all of them if repeated; keys: {', '.join(KEYS)}",
    )  # fmt: skip
    parser.add_argument("--spec", metavar="SPEC", help="another spec folder")
    text_or_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the fields; exit status 1 if none matches."""
    from vmcsgen.catalog import LISTED, load_catalog, parse_condition, select

    catalog = load_catalog(arguments.spec)
    conditions = [parse_condition(text, catalog) for text in arguments.where]
    found = select(catalog, conditions)
    if arguments.format == "json":
        import json

        print(json.dumps([{key: field[key] for key in LISTED} for field in found], indent=2))
    else:
        for field in found:
            status = "" if field["status"] == "sdm" else f"  ({field['status']})"
            print(
                f"0x{field['encoding']:04x}  {field['width']:>7}  {field['type']:<9}  "
                f"{field['title']:<50}  {field['requires_text'] or 'unknown'}{status}"
            )
    return 0 if found else 1
