"""What a spec says of bits and names, in the words in which two specs are compared."""

from __future__ import annotations

from vmcsgen.core.project import Project
from vmcsgen.core.spec import Feature, Spec


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
    found: dict[str, int] = {}
    for field in spec.confirmed:
        names = (project.fields.get(field.id), *project.aliases.get(field.id, ()))
        found |= {name: field.encoding.value for name in names if name is not None}
        high = project.high_fields.get(field.id)
        if high is not None:
            found[high] = field.encoding.value | 1
    return found
