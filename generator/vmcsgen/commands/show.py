"""Show everything known about one field, found by name (any project's) or encoding."""

from __future__ import annotations

from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from vmcsgen.core.spec import Field, Match, Spec

EXAMPLES = """examples:
  vmcsgen show 0x2032
  vmcsgen show tsc_multiplier
  vmcsgen show "Host IA32_S_CET"
  vmcsgen show GUEST_IA32_PAT_HIGH --format json"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``show``."""
    parser.add_argument(
        "field", nargs="+", metavar="FIELD",
        help="id, title, former title, any project's constant, or encoding (0x2032, 8242, 2032h)",
    )  # fmt: skip
    parser.add_argument("--spec", type=Path, metavar="SPEC", help="another spec folder")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print the field; exit status 2 with suggestions if there is none."""
    from vmcsgen.core.spec import UnknownFieldError
    from vmcsgen.diagnostics import DiagnosticError, refuse
    from vmcsgen.specfile.load import load

    spec = load(arguments.spec)
    wanted = " ".join(arguments.field)
    matches = spec.find(wanted)
    if not matches:
        try:
            spec.field(wanted)
        except UnknownFieldError as error:
            close = ", ".join(error.suggestions)
            hint = f"did you mean {close}?" if close else "vmcsgen list shows every field"
            raise refuse(str(error.args[0]), wanted, rule="FIELD", hint=hint) from None
        raise DiagnosticError(())
    if arguments.format == "json":
        import json

        from vmcsgen.query import details

        shown = [details(spec, match.field) | {"high": match.high} for match in matches]
        print(json.dumps(shown[0] if len(shown) == 1 else shown, indent=2))
        return 0
    print("\n\n".join(describe(spec, match) for match in matches))
    return 0


def describe(spec: Spec, match: Match) -> str:
    """Everything known of a field as lines of text."""
    field = match.field
    lines = [field.title + (" (high 32 bits)" if match.high else "")]
    lines += [f"  {label:<12} {text}" for label, text in _rows(spec, match) if text]
    for project in spec.projects:
        if field.id in project.fields:
            names = [project.fields[field.id], *project.aliases.get(field.id, ())]
            if field.id in project.high_fields:
                names.append(project.high_fields[field.id])
            lines.append(f"  {project.id:<16} {', '.join(names)}")
    return "\n".join(lines)


def _rows(spec: Spec, match: Match) -> list[tuple[str, str]]:
    field, encoding = match.field, match.encoding
    high = field.high_encoding
    both = f"{field.encoding}" + (f", high half {high}" if high is not None else "")
    bits = (
        f"{encoding.value >> 13:02b} 0 {encoding.value >> 10 & 3:02b} {encoding.index:09b} "
        f"{encoding.value & 1}: width {_width(field)}, type {field.type.title}, "
        f"index {field.index} ({field.index:#x}), access {'high' if match.high else 'full'}"
    )
    sources = {source.id: source.title for source in spec.sources}
    rows = [
        ("id", field.id),
        ("encoding", both),
        ("bits", bits),
        ("table", f"{field.table}, {spec.tables[field.table]}"),
        ("formerly", "; ".join(field.formerly)),
        ("exists", spec.words(field.requires)),
        ("requires", "" if field.requires is None else str(field.requires)),
        *_controls(spec, field),
        ("status", field.status),
    ]
    rows += [("source", f"{each}: {sources.get(each, '')}") for each in field.sources]
    rows.append(("note", field.note))
    return rows


def _width(field: Field) -> str:
    return field.width.label if field.width.label == "natural" else f"{field.width.label}-bit"


def _controls(spec: Spec, field: Field) -> list[tuple[str, str]]:
    from vmcsgen.query import details

    rows = []
    required = details(spec, field)["controls"]
    assert isinstance(required, list)
    for control in required:
        name = control["name"]
        if "cpuid" in control:
            where = control["cpuid"]
            register = where["register"].upper()
            text = f"CPUID.({where['leaf']:#x},{where['subleaf']}):{register} bit {where['bit']}"
        else:
            text = f"{control['msr_name']} ({control['msr']:#x}) bit {control['msr_bit']}"
            if control["true_msr"] is not None:
                text += f", or {control['true_msr_name']} ({control['true_msr']:#x})"
        rows.append(("reported by", f"{name}: {text}"))
    return rows
