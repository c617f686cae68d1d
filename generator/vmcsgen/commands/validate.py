"""Check a spec against its schemas and semantic rules; every error at once."""

from __future__ import annotations

from vmcsgen.commands import text_or_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

EXAMPLES = """examples:
  vmcsgen validate                 the spec that comes with vmcsgen
  vmcsgen validate spec/           the spec in this folder
  vmcsgen validate --format json   findings as JSON"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``validate``."""
    parser.add_argument("spec", nargs="?", metavar="SPEC", help="a spec folder")
    text_or_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0 if the spec is valid, 2 if not."""
    from vmcsgen.diagnostics import as_plain, report
    from vmcsgen.specfile.load import summary, validate

    inspected = validate(arguments.spec)
    counts = {
        "files": inspected.files,
        "fields": inspected.fields,
        "controls": inspected.controls,
        "projects": inspected.projects,
    }
    if arguments.format == "json":
        import json

        findings = [as_plain(each) for each in inspected.diagnostics]
        print(json.dumps({"inspected": counts, "findings": findings}, indent=2))
    elif inspected.diagnostics:
        report(inspected.diagnostics)
    else:
        print(f"valid: {summary(counts)}")
    return 2 if inspected.diagnostics else 0
