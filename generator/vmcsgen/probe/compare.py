"""A probe's log against the spec, evaluated on the MSRs and CPUID values in that same log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vmcsgen.core.capabilities import Capabilities
from vmcsgen.core.encoding import Encoding, FieldType, Width, why_not
from vmcsgen.core.enumeration import (
    IA32_VMX_VMCS_ENUM,
    Enumeration,
    enumerate_fields,
    existence,
)
from vmcsgen.core.processor import features
from vmcsgen.core.requirement import Truth
from vmcsgen.core.spec import Field, Match, Spec
from vmcsgen.logs.probe_answers import OK, READ_ONLY, SILENT, UNSUPPORTED, Answer, ProbeLog
from vmcsgen.probe.deviations import Explanation

IA32_VMX_MISC = 0x485
VMWRITE_ANY_BIT = 29
"""IA32_VMX_MISC bit 29: VMWRITE can write VM-exit information fields too (SDM A.6)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One point in which the processor is not as the spec says, given its capability MSRs.

    ``kind`` is ``unexpected`` (a field exists but should not), ``missing`` (the reverse),
    ``unlisted`` (an encoding answers that the spec does not know), ``read`` and ``write`` (the
    right existence, but another way to end), ``width``, ``malformed``, ``vmcs_enum``,
    ``undecided`` (neither MSRs nor CPUID tell whether the field should exist), or
    ``own_verdict`` (the probe, built from this very spec, came to another result).
    ``deviation`` is set where the emulator, or the silicon, is known for it.
    """

    kind: str
    encoding: int | None
    field: str | None
    message: str
    value: int | None = None
    deviation: Explanation | None = None

    @property
    def known(self) -> bool:
        """Whether a documented deviation of an emulator, or an erratum, explains it."""
        return self.deviation is not None


@dataclass(frozen=True, slots=True)
class VmcsEnum:
    """IA32_VMX_VMCS_ENUM three ways, as raw values: ``reported`` by the MSR (None if absent).

    ``derived`` is what the spec makes of the other MSRs, ``found`` what the highest index that
    answered makes.
    """

    reported: int | None
    derived: Enumeration
    found: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a log and a spec have to say to each other.

    ``fields`` counts the fields whose existence was compared, ``existing`` those that exist on
    this processor, ``encodings`` all encodings asked for, malformed ones included. ``unseen`` are
    the deviations known of this very emulator and model that did not show.
    """

    fields: int
    existing: int
    encodings: int
    vmcs_enum: VmcsEnum
    differences: tuple[Difference, ...]
    unseen: tuple[Explanation, ...]
    same_spec: bool
    """Whether the probe was built from the spec that it is compared with."""

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        """The differences that no documented deviation explains."""
        return tuple(each for each in self.differences if not each.known)


def capabilities(spec: Spec, log: ProbeLog) -> Capabilities:
    """The capability set that the log's MSRs and CPUID leaves tell."""
    return Capabilities.from_msrs(spec, log.msrs, features(spec, log.leaves))


def compare(spec: Spec, log: ProbeLog, explanations: Iterable[Explanation] = ()) -> Comparison:
    """Every difference between the log and the spec, by encoding, VMCS_ENUM last.

    Those of ``explanations`` that concern the log's emulator or silicon mark what they explain.
    """
    capable = capabilities(spec, log)
    found = [
        *_encodings(spec, log, capable),
        *_malformed(log),
        *_vmcs_enum(log),
    ]
    same_spec = bool(log.spec_digest) and spec.digest.startswith(log.spec_digest)
    if same_spec:
        found += _own_verdict(log, found)
    concerned = [each for each in explanations if each.concerns(log)]
    marked = tuple(_explained(each, concerned) for each in found)
    seen = {each.deviation.id for each in marked if each.deviation is not None}
    return Comparison(
        fields=len(spec.confirmed),
        existing=sum(log.answer(each.encoding.value).read.ok for each in spec.confirmed),
        encodings=0x8000 + len(log.malformed),
        vmcs_enum=VmcsEnum(
            log.msrs.get(IA32_VMX_VMCS_ENUM),
            enumerate_fields(spec.confirmed, capable),
            _found_enum(log),
        ),
        differences=marked,
        unseen=tuple(each for each in concerned if each.must_show and each.id not in seen),
        same_spec=same_spec,
    )


def _explained(difference: Difference, concerned: Iterable[Explanation]) -> Difference:
    for each in concerned:
        if each.explains(difference.kind, difference.field, difference.value):
            return Difference(
                difference.kind, difference.encoding, difference.field, difference.message,
                difference.value, each,
            )  # fmt: skip
    return difference


def _encodings(spec: Spec, log: ProbeLog, capable: Capabilities) -> Iterator[Difference]:
    """What is wrong with the answers of encodings 0 to 0x7fff, ascending."""
    listed = {value: match for value, match in spec.by_encoding.items() if match.field.confirmed}
    writes_all = bool(log.msrs.get(IA32_VMX_MISC, 0) >> VMWRITE_ANY_BIT & 1)
    for encoding in sorted({*listed, *log.answers}):
        answer = log.answer(encoding)
        match = listed.get(encoding)
        if match is None:
            yield from _unlisted(spec, encoding, answer)
        else:
            truth = existence(match.field, capable)
            yield from _field(spec, match, truth, answer, writes_all)


def _unlisted(spec: Spec, encoding: int, answer: Answer) -> Iterator[Difference]:
    if answer == SILENT:
        return
    unconfirmed = spec.by_encoding.get(encoding)
    problem = why_not(encoding)
    if unconfirmed is not None:
        what = f"{unconfirmed.field.id}, which no good source confirms"
    elif problem is not None:
        what = problem
    else:
        what = "no field of the spec has this encoding"
    yield Difference("unlisted", encoding, None, f"{_ends(answer)}; {what}")


def _ends(answer: Answer) -> str:
    return f"VMREAD {answer.read}, VMWRITE {answer.written}"


def _field(
    spec: Spec, match: Match, truth: Truth, answer: Answer, writes_all: bool
) -> Iterator[Difference]:
    field, encoding = match.field, match.encoding.value

    def differs(kind: str, message: str) -> Difference:
        return Difference(kind, encoding, field.id, message)

    if truth is None:
        yield differs(
            "undecided",
            f"{_ends(answer)}; whether the field should exist is unknown: it exists "
            f"{spec.words(field.requires)}",
        )
        return
    if answer.read.ok and not truth:
        yield differs(
            "unexpected", f"exists, but should not: it exists {spec.words(field.requires)}"
        )
        return
    if truth and not answer.read.ok:
        yield differs(
            "missing",
            f"should exist, but VMREAD {answer.read}: it exists {spec.words(field.requires)}",
        )
        return
    expected = _expected(field, truth, writes_all)
    if answer.read != expected.read:
        yield differs("read", f"VMREAD {answer.read}; for a field that does not exist it should "
                              f"end so: it {expected.read}")  # fmt: skip
    if answer.written != expected.written:
        yield differs("write", f"VMWRITE {answer.written}; it should end so: it {expected.written}")
    if answer.stored is not None and answer.stored >> _stored_bits(match.encoding):
        yield differs(
            "width",
            f"keeps {answer.stored:#x} after a VMWRITE of ones: more than {field.width.bits} bits",
        )


def _expected(field: Field, exists: bool, writes_all: bool) -> Answer:
    """How the SDM has VMREAD and VMWRITE end (Vol. 3, VMREAD and VMWRITE)."""
    if not exists:
        return Answer(UNSUPPORTED, UNSUPPORTED)
    writable = writes_all or field.type is not FieldType.READ_ONLY
    return Answer(OK, OK if writable else READ_ONLY)


def _stored_bits(encoding: Encoding) -> int:
    """How many bits VMREAD can show in 32-bit mode, where the probe runs."""
    return 16 if encoding.width is Width.W16 else 32


def _malformed(log: ProbeLog) -> Iterator[Difference]:
    for encoding, answer in log.malformed.items():
        if answer != SILENT:
            message = f"{_ends(answer)}; bits 31:15 of an encoding are reserved, zero"
            yield Difference("malformed", encoding, None, message)


def _found_enum(log: ProbeLog) -> int:
    """The raw value that the highest index of all encodings that answer makes."""
    return max((code & 0x3FE for code, answer in log.answers.items() if answer.read.ok), default=0)


def _vmcs_enum(log: ProbeLog) -> Iterator[Difference]:
    reported, found = log.msrs.get(IA32_VMX_VMCS_ENUM), _found_enum(log)
    if reported != found:
        has = "can't be read" if reported is None else f"reports {reported:#x}"
        message = f"IA32_VMX_VMCS_ENUM {has}; the highest index that answers makes {found:#x}"
        yield Difference("vmcs_enum", None, None, message, reported)


def _own_verdict(log: ProbeLog, found: Iterable[Difference]) -> Iterator[Difference]:
    """Where the probe's own comparison, in C, came to another result than ours."""
    ours = {
        each.encoding: "missing" if each.kind == "missing" else "unexpected"
        for each in found
        if each.encoding is not None
        and (
            each.kind in ("missing", "unexpected")
            or (each.kind == "unlisted" and log.answer(each.encoding).read.ok)
        )
    }
    theirs = log.verdict.differences
    for encoding in sorted({*ours, *theirs}):
        mine, its = ours.get(encoding), theirs.get(encoding)
        if mine != its:
            message = f"the probe itself says {its or 'nothing'}, we say {mine or 'nothing'}"
            yield Difference("own_verdict", encoding, None, message)
