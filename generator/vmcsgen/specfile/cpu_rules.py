"""Semantic rules for known CPUs, errata and ladders: SPEC127 to SPEC130. They need the Spec."""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.core.capabilities import CAPABILITY_MSRS
from vmcsgen.core.consistency import inconsistencies
from vmcsgen.core.requirement import from_plain, names
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import Diagnostic, did_you_mean
from vmcsgen.specfile.names import NAMES_HINT, Documents, Entry, entries, unique
from vmcsgen.specfile.nodes import bounded


def check(documents: Documents, spec: Spec) -> list[Diagnostic]:
    """The semantic faults of files of the kinds cpus, errata and ladders."""
    return bounded(_faults(documents, spec))


def _faults(documents: Documents, spec: Spec) -> Iterator[Diagnostic]:
    sources = {source.id for source in spec.sources}
    every = [entry for document in documents.get("cpus", ()) for entry in entries(document, "cpus")]
    errata = [e for document in documents.get("errata", ()) for e in entries(document, "errata")]
    ladders = [e for document in documents.get("ladders", ()) for e in entries(document, "ladders")]
    twins = [twin for entry in every for twin in entry.entries("also")]
    yield from unique([*every, *twins], "id", "SPEC127", "CPU id")
    yield from unique(errata, "id", "SPEC127", "erratum")
    for entry in every:
        yield from _check_cpu(entry, spec)
    for entry in (*errata, *ladders):
        if entry.value["source"] not in sources:
            hint = did_you_mean(entry.value["source"], sorted(sources), "see spec/sources.yaml")
            message = f"there is no source {entry.value['source']!r}"
            yield entry.fault("SPEC111", message, "source", hint)
    for entry in ladders:
        yield from _check_ladder(entry, spec)


def _check_cpu(entry: Entry, spec: Spec) -> Iterator[Diagnostic]:
    msrs = {int(key, 16): value for key, value in entry.value["msrs"].items()}
    node = entry.node.value["msrs"]
    at = Entry(entry.document, node, entry.value["msrs"])
    for key in entry.value["msrs"]:
        if int(key, 16) not in CAPABILITY_MSRS:
            hint = f"{CAPABILITY_MSRS[0]:#x} to {CAPABILITY_MSRS[-1]:#x}"
            yield at.fault("SPEC128", f"{key} is no VMX capability MSR", key, hint)
    if entry.value.get("reliability") != "suspect":
        for each in inconsistencies(spec, msrs):
            yield at.fault(
                "SPEC128",
                f"MSR {each.msr:#x}: {each.message}",
                f"{each.msr:#x}",
                "correct the value, or say `reliability: suspect` and why in `note`",
            )
    elif "note" not in entry.value:
        yield entry.fault("SPEC128", "a suspect CPU needs a note that says why", "id")
    for name in entry.value.get("features", {}):
        if name not in spec.feature_by_name:
            hint = did_you_mean(name, spec.feature_by_name, "see spec/controls/cpuid.yaml")
            yield entry.fault("SPEC129", f"there is no feature {name!r}", "features", hint)
    yield from _check_signature(entry)


def _check_signature(entry: Entry) -> Iterator[Diagnostic]:
    """Family, model and stepping are those of CPUID.1:EAX."""
    from vmcsgen.core.processor import signature

    eax = entry.value.get("cpuid_1_eax")
    if eax is None:
        return
    for key, value in zip(("family", "model", "stepping"), signature(eax), strict=True):
        if entry.value.get(key, value) != value:
            yield entry.fault(
                "SPEC130", f"{key} is {entry.value[key]:#x}, but CPUID.1:EAX says {value:#x}", key
            )


def _check_ladder(entry: Entry, spec: Spec) -> Iterator[Diagnostic]:
    known = [*spec.controls, *spec.feature_by_name]
    if entry.value["project"] not in spec.project_by_id:
        hint = did_you_mean(entry.value["project"], spec.project_by_id, "see spec/projects")
        yield entry.fault(
            "SPEC129", f"there is no project {entry.value['project']!r}", "project", hint
        )
    for rung in entry.value["rungs"]:
        for name in names(from_plain(rung["requires"])):
            if name not in known:
                message = f"there is no control or feature {name!r}"
                yield entry.fault(
                    "SPEC129", message, "rungs", did_you_mean(name, known, NAMES_HINT)
                )
