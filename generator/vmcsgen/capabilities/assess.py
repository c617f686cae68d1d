"""What follows from a processor's capabilities: fields, VMCS_ENUM and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vmcsgen.capabilities.dump import Identity, Processor
from vmcsgen.capabilities.identity import identify
from vmcsgen.capabilities.verdict import Verdict
from vmcsgen.core.capabilities import IA32_VMX_BASIC, Capabilities, allowed_1, reporting_msr
from vmcsgen.core.consistency import Inconsistency, inconsistencies
from vmcsgen.core.enumeration import (
    IA32_VMX_VMCS_ENUM,
    Enumeration,
    enumerate_fields,
    existing_fields,
    undecided_fields,
)
from vmcsgen.core.processor import features, is_virtual
from vmcsgen.core.requirement import evaluate, names
from vmcsgen.core.spec import Feature, Field, Spec
from vmcsgen.specfile.cpus import Erratum, KnownCpu, KnownCpus


@dataclass(frozen=True, slots=True)
class Climbed:
    """What the ladder of a code base's version gives; None where that is not known."""

    project: str
    version: str
    value: int | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything that follows from what a source says of one processor.

    ``errata`` are those on VMCS_ENUM that cover it, ``reading_errata`` those on VMREAD of
    unsupported fields; ``alike`` are known CPUs with the same capability MSRs.
    """

    processor: Processor
    identity: Identity
    virtual: bool | None
    capabilities: Capabilities
    fields: tuple[Field, ...]
    undecided: tuple[Field, ...]
    enumeration: Enumeration
    reported: int | None
    verdict: Verdict | None
    errata: tuple[Erratum, ...]
    reading_errata: tuple[Erratum, ...]
    inconsistencies: tuple[Inconsistency, ...]
    alike: tuple[KnownCpu, ...]
    ladder: Climbed | None


def assess(spec: Spec, processor: Processor, known: KnownCpus) -> Assessment:
    """Derive what a processor has, and judge what it reports."""
    identity = processor.identity or identify(processor.cpuid)
    virtual = is_virtual(processor.cpuid) if processor.virtual is None else processor.virtual
    capabilities = Capabilities.from_msrs(
        spec,
        processor.msrs,
        features(spec, processor.cpuid) | dict(processor.features),
        controls=processor.controls,
        virtual=bool(virtual),
    )
    enumeration = enumerate_fields(spec.confirmed, capabilities)
    reported = processor.msrs.get(IA32_VMX_VMCS_ENUM)
    covering = () if virtual else known.errata_of(identity.vendor, identity.family, identity.model)
    errata = tuple(each for each in covering if each.kind == "vmcs_enum")
    verdict = None if reported is None else judge(reported, enumeration, bool(errata))
    return Assessment(
        processor,
        identity,
        virtual,
        capabilities,
        existing_fields(spec, capabilities),
        undecided_fields(spec, capabilities),
        enumeration,
        reported,
        verdict,
        errata if verdict is Verdict.TOO_LOW_ERRATUM else (),
        tuple(each for each in covering if each.kind == "vmread"),
        inconsistencies(spec, processor.msrs),
        _alike(processor, known),
        None
        if processor.emulator is None
        else _climb(processor.emulator, capabilities, enumeration, known),
    )


def judge(reported: int, enumeration: Enumeration, erratum: bool) -> Verdict:
    """The verdict on a raw value of IA32_VMX_VMCS_ENUM: a rule, not a list of processors.

    ``erratum`` says that a published erratum covers the processor. A value between the lower bound
    and what undecided fields could make of it can't be judged.
    """
    if reported < enumeration.vmcs_enum:
        return Verdict.TOO_LOW_ERRATUM if erratum else Verdict.TOO_LOW_CAPPED
    if reported > enumeration.upper_vmcs_enum:
        return Verdict.TOO_HIGH
    return Verdict.MATCH if enumeration.exact else Verdict.UNDECIDED


def _climb(
    emulator: tuple[str, str],
    capabilities: Capabilities,
    enumeration: Enumeration,
    known: KnownCpus,
) -> Climbed:
    project, version = emulator
    ladder = known.ladder(project, version)
    value: int | None = None
    for requires, rung in () if ladder is None else ladder.rungs:
        truth = evaluate(requires, capabilities.supports)
        if truth is not False:
            value = rung if truth else None
            break
    return Climbed(
        project, version, value, None if value is None else judge(value, enumeration, False)
    )


def vmcs_revision(msrs: Mapping[int, int]) -> int | None:
    """The VMCS revision identifier, bits 30:0 of IA32_VMX_BASIC (SDM A.1)."""
    basic = msrs.get(IA32_VMX_BASIC)
    return None if basic is None else basic & 0x7FFFFFFF


def reported_by_revision(
    known: KnownCpus, vendor: str = "Intel"
) -> dict[int, dict[int, list[str]]]:
    """VMCS revision -> reported VMCS_ENUM -> ids of a vendor's processors that show it.

    Intel's processors with one revision identifier have always reported one value, whatever their
    capabilities (docs/known-cpus.md); suspect dumps don't count.
    """
    found: dict[int, dict[int, list[str]]] = {}
    for cpu in known.cpus:
        revision, reported = vmcs_revision(cpu.msrs), cpu.msrs.get(IA32_VMX_VMCS_ENUM)
        if cpu.kind != "hardware" or cpu.vendor != vendor or cpu.reliability != "ok":
            continue
        if revision is not None and reported is not None:
            found.setdefault(revision, {}).setdefault(reported, []).append(cpu.id)
    return dict(sorted(found.items()))


def _alike(processor: Processor, known: KnownCpus) -> tuple[KnownCpu, ...]:
    if not processor.msrs:
        return ()
    return tuple(
        cpu
        for cpu in known.cpus
        if cpu.kind == "hardware"
        and cpu.id != processor.id
        and dict(cpu.msrs) == dict(processor.msrs)
    )


def deciders(spec: Spec, assessment: Assessment, field: Field) -> tuple[int | Feature, ...]:
    """What the source lacks to decide an undecided field: MSR addresses and CPUID features."""
    found: dict[int | Feature, None] = {}
    for name in names(field.requires) if field.requires is not None else ():
        if assessment.capabilities.supports(name) is None:
            found.update(dict.fromkeys(_missing(spec, assessment, name)))
    return tuple(found)


def _missing(spec: Spec, assessment: Assessment, name: str) -> Iterator[int | Feature]:
    feature = spec.feature_by_name.get(name)
    if feature is not None:
        yield feature
        return
    activating = spec.activation(name)
    if activating is not None and assessment.capabilities.supports(activating) is None:
        yield from _missing(spec, assessment, activating)
    group = spec.group_by_id[spec.controls[name].group]
    told = name in assessment.processor.controls
    if allowed_1(group, assessment.processor.msrs) is None and not told:
        yield reporting_msr(group, assessment.processor.msrs)
