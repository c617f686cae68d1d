"""A comparison for people, for programs, and as an entry of spec/cpus."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vmcsgen.core.capabilities import CAPABILITY_MSRS
from vmcsgen.core.processor import features
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import counted, printable
from vmcsgen.logs.probe_answers import ProbeLog
from vmcsgen.probe.compare import Comparison, Difference

_VENDORS = {
    "GenuineIntel": "Intel",
    "AuthenticAMD": "AMD",
    "CentaurHauls": "VIA",
    "  Shanghai  ": "Zhaoxin",
}


@dataclass(frozen=True, slots=True)
class Result:
    """A log, what it was called, and what came of comparing it."""

    source: str
    log: ProbeLog
    comparison: Comparison


def as_plain(spec: Spec, result: Result) -> dict[str, object]:
    """The JSON shape of a comparison (docs/json.md); numbers are integers."""
    log, comparison = result.log, result.comparison
    enum = comparison.vmcs_enum
    host = log.host
    return {
        "source": result.source,
        "agrees": not comparison.unexplained,
        "emulator": None
        if host is None
        else {
            "name": host.emulator,
            "version": host.version,
            "model": host.model,
            "settings": list(host.settings),
        },
        "processor": {
            "vendor": log.vendor,
            "brand": log.brand,
            "family": log.family,
            "model": log.model,
            "stepping": log.stepping,
            "signature": log.signature,
            "microcode": log.microcode,
            "hypervisor": log.hypervisor or None,
        },
        "spec": {"version": spec.version, "digest": spec.digest},
        "probe_spec": {
            "version": log.spec_version,
            "digest": log.spec_digest,
            "same": comparison.same_spec,
        },
        "inspected": {
            "fields": comparison.fields,
            "existing": comparison.existing,
            "encodings": comparison.encodings,
        },
        "msrs": {f"{msr:#x}": value for msr, value in sorted(log.msrs.items())},
        "vmcs_enum": {
            "reported": enum.reported,
            "derived": enum.derived.vmcs_enum,
            "exact": enum.derived.exact,
            "found": enum.found,
        },
        "differences": [_difference(each) for each in comparison.differences],
        "unseen_deviations": [each.id for each in comparison.unseen],
    }


def _difference(difference: Difference) -> dict[str, object]:
    deviation = difference.deviation
    return {
        "kind": difference.kind,
        "encoding": difference.encoding,
        "field": difference.field,
        "message": difference.message,
        "known": difference.known,
        "deviation": None
        if deviation is None
        else {
            "id": deviation.id,
            "effect": deviation.effect,
            "evidence": deviation.evidence,
        },
    }


def as_text(result: Result) -> Iterator[str]:
    """Lines for people: who answered, what was compared, every difference."""
    log, comparison = result.log, result.comparison
    enum = comparison.vmcs_enum
    yield printable(f"{log.host or result.source}: {processor(log)}")
    yield (
        f"  {counted(comparison.encodings, 'encoding')} asked, "
        f"{counted(comparison.fields, 'field')} compared, {comparison.existing} of them exist"
    )
    reported = "not readable" if enum.reported is None else f"{enum.reported:#x}"
    yield (
        f"  VMCS_ENUM: reported {reported}, derived {_derived(result)}, "
        f"from the highest index that answers {enum.found:#x}"
    )
    if not comparison.same_spec:
        yield printable(
            f"  the probe was built from another spec ({log.spec_version}, {log.spec_digest}); "
            "its own verdict is not compared"
        )
    for difference in comparison.differences:
        yield from _told(difference)
    for deviation in comparison.unseen:
        yield f"  unseen   {deviation.id}: known of this emulator, but it does not show"
    yield f"  {verdict(comparison)}"


def processor(log: ProbeLog) -> str:
    """The processor in one line: vendor, family, model and stepping, brand, hypervisor."""
    below = f", under {log.hypervisor}" if log.hypervisor else ""
    brand = f", {log.brand}" if log.brand else ""
    return f"{log.vendor} {log.family:02x}-{log.model:02x}-{log.stepping:02x}{brand}{below}"


def _derived(result: Result) -> str:
    derived = result.comparison.vmcs_enum.derived
    return f"{derived.vmcs_enum:#x}" + ("" if derived.exact else " or more")


def _told(difference: Difference) -> Iterator[str]:
    where = "" if difference.encoding is None else f"{difference.encoding:#06x} "
    field = f"{difference.field}: " if difference.field else ""
    label = "known" if difference.known else "DIFFERS"
    yield printable(f"  {label:<8} {difference.kind}: {where}{field}{difference.message}")
    if difference.deviation is not None:
        yield f"           {difference.deviation.id}: {difference.deviation.effect}"


def verdict(comparison: Comparison) -> str:
    """The outcome in a few words."""
    known = len(comparison.differences) - len(comparison.unexplained)
    if comparison.unexplained:
        count = len(comparison.unexplained)
        also = f", {known} known" if known else ""
        return f"{counted(count, 'difference')}{also}"
    if known:
        names = sorted({each.deviation.id for each in comparison.differences if each.deviation})
        return f"agrees, but for {', '.join(names)}"
    return "agrees"


TABLE_COLUMNS = ("CPU model", "fields", "reported", "derived", "found", "result")


def table(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """One row a result, below ``TABLE_COLUMNS``: for a terminal or a document."""
    rows: list[tuple[str, ...]] = []
    for each in results:
        enum, host = each.comparison.vmcs_enum, each.log.host
        name = " ".join((host.model, *host.settings)) if host is not None else each.source
        reported = "-" if enum.reported is None else f"{enum.reported:#x}"
        rows.append(
            (
                printable(name),
                str(each.comparison.existing),
                reported,
                _derived(each),
                f"{enum.found:#x}",
                verdict(each.comparison),
            )
        )
    return rows


def aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows below their heading, in columns."""
    everything = [TABLE_COLUMNS, *rows]
    widths = [max(len(row[column]) for row in everything) for column in range(len(TABLE_COLUMNS))]
    for row in everything:
        yield "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()


def markdown(results: Sequence[Result]) -> Iterator[str]:
    """The rows as a Markdown table, as docs/probe.md has it."""
    yield "| " + " | ".join(TABLE_COLUMNS) + " |"
    yield "|" + "---|" * len(TABLE_COLUMNS)
    for row in table(results):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def cpu_entry(spec: Spec, log: ProbeLog) -> str:
    """The log as a file of spec/cpus (YAML): identity, origin, CPUID features, capability MSRs."""
    kind = "hardware"
    if log.host is not None and log.host.emulator != "kvm":
        kind = "model"
    elif log.hypervisor or log.host is not None:
        kind = "nested"
    name = log.brand or (log.host.model if log.host else "unknown processor")
    source = f"vmcsgen probe, spec {log.spec_version}"
    if log.host is not None:
        source += f", {log.host}"
    elif log.hypervisor:
        source += f", under {log.hypervisor}"
    entry: list[tuple[str, str]] = [
        ("id", f"probe-{log.signature:x}"),
        ("name", _scalar(name)),
        ("vendor", _scalar(_VENDORS.get(log.vendor, log.vendor.strip() or "unknown"))),
        ("family", str(log.family)),
        ("model", f"{log.model:#x}"),
        ("stepping", str(log.stepping)),
        ("cpuid_1_eax", f"{log.signature:#x}"),
    ]
    if log.microcode is not None:
        entry.append(("microcode", f"{log.microcode:#x}"))
    entry += [("kind", kind), ("source", _scalar(source))]
    told = [f"{name}: {str(truth).lower()}" for name, truth in features(spec, log.leaves).items()]
    if told:
        entry.append(("features", f"{{{', '.join(told)}}}"))
    lines = [
        "# yaml-language-server: $schema=../schema/cpus.schema.json",
        "# From the log of a probe. Choose a telling id and group, and add the microarchitecture.",
        "group: probed",
        "cpus:",
    ]
    lines += [
        f"  {'-' if not rank else ' '} {key}: {text}" for rank, (key, text) in enumerate(entry)
    ]
    lines.append("    msrs:")
    lines += [
        f"      {msr:#x}: {value:#x}"
        for msr, value in sorted(log.msrs.items())
        if msr in CAPABILITY_MSRS
    ]
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    """A YAML double-quoted scalar of one printable line."""
    return json.dumps(printable(text)[:200])
