"""Show everything known about one field, by any project's name or by encoding."""

from __future__ import annotations

from vmcsgen.commands import text_or_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from vmcsgen.catalog import Catalog, Entry

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
    parser.add_argument("--spec", metavar="SPEC", help="another spec folder")
    text_or_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the field; exit status 2 with suggestions if there is none."""
    from vmcsgen.catalog import find, load_catalog

    catalog = load_catalog(arguments.spec)
    wanted = " ".join(arguments.field)
    matches = find(catalog, wanted)
    if not matches:
        from vmcsgen.query import find_field
        from vmcsgen.specfile.load import load

        find_field(load(arguments.spec), wanted, wanted or "FIELD")  # which says why there is none
    if arguments.format == "json":
        import json

        shown = [field | {"high": high} for field, high in matches]
        print(json.dumps(shown[0] if len(shown) == 1 else shown, indent=2))
    else:
        print("\n\n".join(describe(catalog, field, high) for field, high in matches))
    return 0


def describe(catalog: Catalog, field: Entry, high: bool) -> str:
    """Everything known of a field as lines of text."""
    lines = [field["title"] + (" (high 32 bits)" if high else "")]
    lines += [f"  {label:<12} {text}" for label, text in _rows(catalog, field, high) if text]
    for project, name in field["names"].items():
        names = [name, *field["aliases"].get(project, ())]
        if project in field["high_names"]:
            names.append(field["high_names"][project])
        lines.append(f"  {project:<16} {', '.join(names)}")
    return "\n".join(lines)


def _rows(catalog: Catalog, field: Entry, high: bool) -> list[tuple[str, str]]:
    value = field["high_encoding"] if high else field["encoding"]
    encodings = f"0x{field['encoding']:04x}"
    if field["high_encoding"] is not None:
        encodings += f", high half 0x{field['high_encoding']:04x}"
    width = field["width"] if field["width"] == "natural" else f"{field['width']}-bit"
    bits = (
        f"{value >> 13:02b} {value >> 12 & 1} {value >> 10 & 3:02b} {field['index']:09b} "
        f"{value & 1}: width {width}, type {field['type'].replace('_', '-')}, "
        f"index {field['index']} ({field['index']:#x}), access {'high' if high else 'full'}"
    )
    rows = [
        ("id", field["id"]),
        ("encoding", encodings),
        ("bits", bits),
        ("table", f"{field['table']}, {catalog['tables'][field['table']]}"),
        ("formerly", "; ".join(field["formerly"])),
        ("exists", field["requires_words"]),
        ("requires", field["requires_text"] or ""),
    ]
    rows += [("reported by", _reported(control)) for control in field["controls"]]
    rows.append(("status", field["status"]))
    rows += [("source", f"{each}: {catalog['sources'][each]}") for each in field["sources"]]
    rows.append(("note", field["note"]))
    return rows


def _reported(control: Entry) -> str:
    if "cpuid" in control:
        where = control["cpuid"]
        register = f"{where['register'].upper()} bit {where['bit']}"
        return f"{control['name']}: CPUID.({where['leaf']:#x},{where['subleaf']}):{register}"
    text = (
        f"{control['name']}: {control['msr_name']} ({control['msr']:#x}) bit {control['msr_bit']}"
    )
    if control["true_msr"] is not None:
        text += f", or {control['true_msr_name']} ({control['true_msr']:#x})"
    return text
