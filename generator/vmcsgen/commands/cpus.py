"""List the CPUs of the spec: fields, VMCS_ENUM derived and reported, and the verdict.

With --field, say on which of them a field exists, and where it first appears. With --revision,
show what Intel's processors report by VMCS revision identifier: always one value each.
"""

from __future__ import annotations

from pathlib import Path

from vmcsgen.commands import text_or_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from vmcsgen.capabilities.assess import Assessment
    from vmcsgen.core.spec import Field, Spec
    from vmcsgen.specfile.cpus import KnownCpu, KnownCpus

    Assessed = Sequence[tuple[KnownCpu, Assessment]]

EXAMPLES = """examples:
  vmcsgen cpus --kind hardware --format json
  vmcsgen cpus --field tsc_multiplier
  vmcsgen cpus --revision
  vmcsgen caps i9-12900k            everything about one of them"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``cpus``."""
    parser.add_argument("--field", metavar="FIELD", help="where does this field exist")
    parser.add_argument(
        "--revision", action="store_true", help="what Intel reports by VMCS revision identifier"
    )
    parser.add_argument(
        "--kind", choices=("hardware", "nested", "model"),
        help="only processors, virtual machines of KVM, or CPU models of QEMU",
    )  # fmt: skip
    parser.add_argument("--spec", type=Path, metavar="SPEC", help="another spec folder")
    text_or_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0; 1 if a field exists on none of the CPUs, or there is no such CPU."""
    from vmcsgen.capabilities.assess import assess
    from vmcsgen.capabilities.sources import processor
    from vmcsgen.diagnostics import refuse
    from vmcsgen.specfile.cpus import load_cpus
    from vmcsgen.specfile.load import load

    if arguments.revision and (arguments.field or arguments.kind):
        raise refuse(
            "--revision is of all processors, whatever fields they have", "vmcsgen cpus",
            rule="USAGE", hint="leave out --field and --kind",
        )  # fmt: skip
    spec = load(arguments.spec)
    known = load_cpus(spec, arguments.spec)
    chosen = [cpu for cpu in known.cpus if arguments.kind in (None, cpu.kind)]
    chosen.sort(key=lambda cpu: (_KINDS.index(cpu.kind), cpu.year or 0, cpu.id))
    if arguments.revision:
        return _revisions(known, arguments.format)
    assessed = [(cpu, assess(spec, processor(cpu), known)) for cpu in chosen]
    if arguments.field:
        return _field(spec, assessed, arguments)
    if arguments.format == "json":
        import json

        print(json.dumps([_as_plain(*each) for each in assessed], indent=2))
    else:
        _print_table([_HEADINGS, *(_row(*each) for each in assessed)])
    return 0 if assessed else 1


_KINDS = ("hardware", "nested", "model")
_HEADINGS = ("id", "year", "microarchitecture", "fields", "derived", "reported", "verdict")


def _row(cpu: KnownCpu, assessment: Assessment) -> tuple[str, ...]:
    enumeration = assessment.enumeration
    count = f"{len(assessment.fields)}{'+' if assessment.undecided else ''}"
    errata = ", ".join(erratum.id for erratum in assessment.errata)
    verdict = "" if assessment.verdict is None else assessment.verdict.words.partition(":")[0]
    return (
        cpu.id,
        str(cpu.year or ""),
        cpu.microarchitecture,
        count,
        f"{enumeration.vmcs_enum:#x}{'' if enumeration.exact else '+'}",
        "" if assessment.reported is None else f"{assessment.reported:#x}",
        f"{verdict}: {errata}" if errata else verdict,
    )


def _as_plain(cpu: KnownCpu, assessment: Assessment) -> dict[str, object]:
    enumeration = assessment.enumeration
    return {
        "id": cpu.id,
        "name": cpu.name,
        "kind": cpu.kind,
        "vendor": cpu.vendor,
        "family": cpu.family,
        "model": cpu.model,
        "stepping": cpu.stepping,
        "microarchitecture": cpu.microarchitecture,
        "year": cpu.year,
        "reliability": cpu.reliability,
        "source": cpu.source,
        "also": [twin.id for twin in cpu.also],
        "fields": len(assessment.fields),
        "undecided": len(assessment.undecided),
        "vmcs_enum": {
            "derived": enumeration.vmcs_enum,
            "exact": enumeration.exact,
            "reported": assessment.reported,
            "verdict": None if assessment.verdict is None else assessment.verdict.value,
            "errata": [erratum.id for erratum in assessment.errata],
        },
    }


def _field(spec: Spec, assessed: Assessed, arguments: argparse.Namespace) -> int:
    from vmcsgen.core.enumeration import existence
    from vmcsgen.query import find_field

    field = find_field(spec, arguments.field, "--field")
    found = [(cpu, existence(field, each.capabilities)) for cpu, each in assessed]
    having = [cpu for cpu, truth in found if truth]
    first = min(
        (cpu for cpu in having if cpu.kind == "hardware" and cpu.year is not None),
        key=lambda cpu: (cpu.year, cpu.id),
        default=None,
    )
    if arguments.format == "json":
        import json

        shown = {
            "field": field.id,
            "encoding": field.encoding.value,
            "first": None if first is None else first.id,
            "cpus": {cpu.id: truth for cpu, truth in found},
        }
        print(json.dumps(shown, indent=2))
    else:
        _print_field(spec, field, first, found)
    return 0 if having else 1


def _print_field(
    spec: Spec, field: Field, first: KnownCpu | None, found: Sequence[tuple[KnownCpu, bool | None]]
) -> None:
    print(f"{field.title} ({field.encoding}) exists {spec.words(field.requires)}.")
    having = sum(truth is True for _, truth in found)
    undecided = sum(truth is None for _, truth in found)
    tail = f", {undecided} can't be decided" if undecided else ""
    print(f"It exists on {having} of {len(found)} CPUs{tail}.")
    if first is not None:
        print(f"First in {first.year}: {first.microarchitecture} ({first.id}).")
    print()
    words = {True: "yes", False: "no", None: "?"}
    rows = [
        (words[truth], str(cpu.year or ""), cpu.microarchitecture, cpu.id) for cpu, truth in found
    ]
    _print_table([("exists", "year", "microarchitecture", "id"), *rows])


def _revisions(known: KnownCpus, form: str) -> int:
    from vmcsgen.capabilities.assess import reported_by_revision

    found = reported_by_revision(known)
    if form == "json":
        import json

        shown = [
            {
                "revision": revision,
                "reported": list(values),
                "cpus": [i for ids in values.values() for i in ids],
            }
            for revision, values in found.items()
        ]
        print(json.dumps(shown, indent=2))
    else:
        rows = [
            (f"{revision:#x}", f"{reported:#x}", ", ".join(ids))
            for revision, values in found.items()
            for reported, ids in values.items()
        ]
        _print_table([("revision", "reported", "processors"), *rows])
    return 0 if found else 1


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Columns aligned, the last one as long as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[-1]]).rstrip())
