"""Assessments as JSON (docs/json.md) and as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from vmcsgen.capabilities.assess import Assessment, Climbed, deciders, vmcs_revision
from vmcsgen.capabilities.dump import Dump, msr_label
from vmcsgen.capabilities.sources import ranges
from vmcsgen.core.capabilities import allowed_1, reporting_msr
from vmcsgen.core.spec import Feature, Field, Group, Inference, Spec
from vmcsgen.diagnostics import Diagnostic, Location, Severity, counted, printable

WIDTH = 100


def as_plain(spec: Spec, dump: Dump, assessment: Assessment) -> dict[str, object]:
    """One processor as ``caps --format json`` prints it."""
    processor = assessment.processor
    identity = assessment.identity
    truths = assessment.capabilities.truths
    enumeration = assessment.enumeration
    return {
        "source": dump.source,
        "format": dump.format,
        "cpu": processor.name or identity.brand or None,
        "logical_cpus": list(processor.numbers),
        "vendor": identity.vendor or None,
        "family": identity.family,
        "model": identity.model,
        "stepping": identity.stepping,
        "virtual": assessment.virtual,
        "msrs": {f"{address:#x}": value for address, value in sorted(processor.msrs.items())},
        "controls": {name: truths[name] for name in spec.controls},
        "features": {name: truths[name] for name in spec.feature_by_name},
        "inferred": {name: why.reason for name, why in assessment.capabilities.inferred.items()},
        "fields": [field.id for field in assessment.fields],
        "undecided": [field.id for field in assessment.undecided],
        "decided_by": {
            field.id: [_plain_decider(each) for each in deciders(spec, assessment, field)]
            for field in assessment.undecided
        },
        "vmcs_enum": {
            "derived": enumeration.vmcs_enum,
            "exact": enumeration.exact,
            "upper": enumeration.upper_vmcs_enum,
            "reported": assessment.reported,
            "verdict": None if assessment.verdict is None else assessment.verdict.value,
            "errata": [erratum.id for erratum in assessment.errata],
        }
        | ({} if assessment.ladder is None else {"ladder": _plain_ladder(assessment.ladder)}),
        "vmread_errata": [erratum.id for erratum in assessment.reading_errata],
        "alike": [cpu.id for cpu in assessment.alike],
        "warnings": [
            {"msr": each.msr, "bit": each.bit, "message": each.message}
            for each in assessment.inconsistencies
        ],
    }


def _plain_ladder(climbed: Climbed) -> dict[str, object]:
    return {
        "project": climbed.project,
        "version": climbed.version,
        "value": climbed.value,
        "verdict": None if climbed.verdict is None else climbed.verdict.value,
    }


def _plain_decider(decider: int | Feature) -> str:
    return f"{decider:#x}" if isinstance(decider, int) else decider.name


def warnings(spec: Spec, dump: Dump, assessments: Iterable[Assessment]) -> Iterator[Diagnostic]:
    """What is wrong with a source, and contradictions in what it says of processors."""
    yield from dump.faults
    for assessment in assessments:
        for each in assessment.inconsistencies:
            yield Diagnostic(
                Severity.WARNING,
                "CAPS010",
                f"{msr_label(spec, each.msr)}: {each.message}",
                Location(label(dump, assessment)),
            )


def label(dump: Dump, assessment: Assessment) -> str:
    """The source, with ``@N`` as it can be chosen where it tells several kinds apart."""
    if len(dump.processors) == 1:
        return dump.source
    processor = assessment.processor
    position = dump.processors.index(processor)
    return f"{dump.source}@{processor.numbers[0] if processor.numbers else position}"


def as_text(spec: Spec, dump: Dump, assessment: Assessment) -> str:
    """One processor for people."""
    lines = [
        *_heading(dump, assessment),
        "",
        *_vmcs_enum(spec, assessment),
        "",
        "Controls whose 1-setting is supported",
        *(line for group in spec.groups for line in _group(spec, assessment, group)),
        *_features(spec, assessment),
        "",
        f"{len(assessment.fields)} of {counted(len(spec.confirmed), 'field')} "
        + ("exists" if len(assessment.fields) == 1 else "exist"),
        *_tables(spec, assessment.fields),
    ]
    if assessment.undecided:
        number = counted(len(assessment.undecided), "field")
        them = "it" if len(assessment.undecided) == 1 else "them"
        lines += ["", f"{number} can't be decided; what would decide {them}"]
        lines += _undecided(spec, assessment)
    return "\n".join(lines)


def _heading(dump: Dump, assessment: Assessment) -> Iterator[str]:
    processor, identity = assessment.processor, assessment.identity
    name = processor.name or identity.brand or "unnamed processor"
    yield printable(f"{label(dump, assessment)}: {name}")
    facts = [dump.format]
    if processor.numbers:
        facts.append(f"CPU{'s' if len(processor.numbers) > 1 else ''} {ranges(processor.numbers)}")
    if identity.family is not None:
        vendor = printable(identity.vendor)
        facts.append(
            f"{vendor + ' ' if vendor else ''}family {identity.family}, model {identity.model:#x}"
            + ("" if identity.stepping is None else f", stepping {identity.stepping}")
        )
    revision = vmcs_revision(processor.msrs)
    if revision:  # 0 where libvirt's or QEMU's feature word stands for the MSR
        facts.append(f"VMCS revision {revision:#x}")
    if assessment.virtual:
        facts.append("virtual")
    yield from _wrapped("; ".join(facts), "  ")
    if assessment.alike:
        same = ", ".join(cpu.id for cpu in assessment.alike)
        yield from _wrapped(f"the same capability MSRs as {same}", "  ")


def _vmcs_enum(spec: Spec, assessment: Assessment) -> Iterator[str]:
    enumeration = assessment.enumeration
    yield "IA32_VMX_VMCS_ENUM (MSR 0x48A)"
    bound = "" if enumeration.exact else "at least "
    top = [f.id for f in assessment.fields if f.index == enumeration.index]
    yield from _wrapped(
        f"{bound}{enumeration.vmcs_enum:#x}: index {enumeration.index}, of {', '.join(top)}",
        "  derived   ",
    )
    if not enumeration.exact:
        upper = [f for f in assessment.undecided if f.index > (enumeration.index or 0)]
        yield from _wrapped(
            f"{enumeration.upper_vmcs_enum:#x} at most; undecided: "
            f"{', '.join(f'{field.id} ({field.index << 1:#x})' for field in upper)}",
            "            ",
        )
    reported = assessment.reported
    yield f"  reported  {'not in the source' if reported is None else f'{reported:#x}'}"
    if assessment.verdict is not None:
        errata = ", ".join(erratum.id for erratum in assessment.errata)
        yield from _wrapped(
            assessment.verdict.words + (f": {errata}" if errata else ""), "  verdict   "
        )
        if assessment.verdict.too_low and not errata and assessment.identity.family is None:
            yield "            (the source does not say which processor this is)"
    climbed = assessment.ladder
    if climbed is not None:
        says = "its ladder is not known" if climbed.value is None else f"{climbed.value:#x}"
        verdict = "" if climbed.verdict is None else f": {climbed.verdict.words}"
        yield f"  {climbed.project} {climbed.version} would report {says}{verdict}"
    effects: dict[str, list[str]] = {}
    for erratum in assessment.reading_errata:
        effects.setdefault(erratum.effect, []).append(erratum.id)
    for effect, ids in effects.items():
        yield from _wrapped(f"{', '.join(ids)}: {effect}", "  VMREAD    ")


def _group(spec: Spec, assessment: Assessment, group: Group) -> Iterator[str]:
    truths = assessment.capabilities.truths
    msrs = assessment.processor.msrs
    heading = f"{group.title}: {msr_label(spec, reporting_msr(group, msrs))}"
    if group.activated_by is not None and truths[group.activated_by] is False:
        yield f"  {heading}"
        yield f"    none: {group.activated_by} is not supported"
        return
    if allowed_1(group, msrs) is None:
        told = any(control.name in assessment.processor.controls for control in group.controls)
        heading += ", told by name" if told else ", not in the source"
    yield from _wrapped(heading, "  ")
    for mark, truth in (("yes", True), ("no", False), ("?", None)):
        ids = [control.id for control in group.controls if truths[control.name] is truth]
        if ids:
            yield from _wrapped(", ".join(ids), f"    {mark:<4}")


def _features(spec: Spec, assessment: Assessment) -> Iterator[str]:
    if not spec.features:
        return
    yield "CPUID features"
    for feature in spec.features:
        truth = assessment.capabilities.truths[feature.name]
        word = {True: "yes", False: "no", None: "?"}[truth]
        inference = assessment.capabilities.inferred.get(feature.name)
        source = f" (inferred: {witness(spec, inference)})" if inference is not None else ""
        yield from _wrapped(f"{feature.title}{source}", f"    {word:<4}")


def witness(spec: Spec, inference: Inference) -> str:
    """What an inference rests on, as a clause."""
    word = "is" if inference.when else "is not"
    if inference.control is not None:
        return f"{inference.control} {word} supported"
    return f"bit {inference.bit} of {msr_label(spec, inference.msr or 0)} {word} set"


def _tables(spec: Spec, fields: Sequence[Field]) -> Iterator[str]:
    """Each table with the fields that exist, or those that don't if they are fewer."""
    existing = {field.id for field in fields}
    for table, title in spec.tables.items():
        every = [field.id for field in spec.confirmed if field.table == table]
        listed = [identity for identity in every if identity in existing]
        absent = [identity for identity in every if identity not in existing]
        if not every:
            continue
        count = "all" if not absent else f"{len(listed)} of {len(every)}"
        yield f"  {table} {title}: {count}"
        if absent and listed:
            if len(absent) < len(listed):
                yield from _wrapped(", ".join(absent), "    without ")
            else:
                yield from _wrapped(", ".join(listed), "    ")


def _undecided(spec: Spec, assessment: Assessment) -> Iterator[str]:
    by_decider: dict[tuple[str, ...], list[str]] = {}
    for field in assessment.undecided:
        needed = tuple(decider_label(spec, each) for each in deciders(spec, assessment, field))
        by_decider.setdefault(needed, []).append(field.id)
    for needed, ids in by_decider.items():
        yield f"  {', '.join(needed)}"
        yield from _wrapped(", ".join(ids), "    ")


def decider_label(spec: Spec, decider: int | Feature) -> str:
    """An MSR or a CPUID bit as text."""
    if isinstance(decider, int):
        return msr_label(spec, decider)
    register = decider.register.upper()
    return f"CPUID.({decider.leaf:#x},{decider.subleaf}):{register} bit {decider.bit}"


def _wrapped(text: str, prefix: str) -> list[str]:
    """The text folded at blanks; lines after the first are indented as far as ``prefix`` goes."""
    lines = wrap(text, WIDTH - len(prefix), break_long_words=False, break_on_hyphens=False)
    return [
        (prefix if not number else " " * len(prefix)) + line
        for number, line in enumerate(lines or [""])
    ]
