"""What a spec says of bits and names, in the words in which two specs are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vmcsgen.core.project import Project
from vmcsgen.core.requirement import Term, from_terms
from vmcsgen.core.spec import Feature, Match, Spec


def places(spec: Spec) -> dict[str, str]:
    """Name of every control and feature -> the bit that reports it."""
    found = {}
    for group in spec.groups:
        msrs = f"{group.msr:#x}" + (f" or {group.true_msr:#x}" if group.true_msr else "")
        for control in group.controls:
            found[control.name] = f"MSR {msrs} bit {control.bit + group.shift}"
    return found | {each.name: _cpuid(each) for each in spec.features}


def _cpuid(feature: Feature) -> str:
    return (
        f"CPUID leaf {feature.leaf:#x} subleaf {feature.subleaf:#x} "
        f"{feature.register} bit {feature.bit}"
    )


def constants(spec: Spec, project: Project) -> dict[str, int]:
    """Constant -> encoding, for the fields that are generated; a field's first name comes first."""
    return {
        name: match.field.encoding.value | match.high
        for name, match in meanings(spec, project).items()
    }


def meanings(spec: Spec, project: Project) -> dict[str, Match]:
    """Constant -> the field, or half of a field, that it means, in the same order."""
    found: dict[str, Match] = {}
    for field in spec.confirmed:
        names = (project.fields.get(field.id), *project.aliases.get(field.id, ()))
        found |= {name: Match(field) for name in names if name is not None}
        high = project.high_fields.get(field.id)
        if high is not None:
            found[high] = Match(field, high=True)
    return found


def called(alternatives: Iterable[Term], renamed: Mapping[str, str]) -> frozenset[Term]:
    """The terms of a requirement, with the names that the new spec has for them."""
    return frozenset(frozenset(renamed.get(name, name) for name in term) for term in alternatives)


def closed(spec: Spec, alternatives: frozenset[Term]) -> frozenset[Term]:
    """The terms with all that they presuppose, without those that another one implies."""
    found = {spec.closure(term) for term in alternatives}
    return frozenset(term for term in found if not any(other < term for other in found))


def requirement_text(alternatives: frozenset[Term]) -> str:
    """Terms as people write a requirement."""
    return str(from_terms(tuple(sorted(alternatives, key=lambda term: (len(term), sorted(term))))))
