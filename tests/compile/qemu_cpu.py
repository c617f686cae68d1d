"""Stand-ins for QEMU's target/i386/cpu.h: the words and macros that the spec says it has."""

from __future__ import annotations

import vmcsgen

HEADER = "target/i386/kvm/vmx-vmcs-enum.h"


def places(spec: vmcsgen.Spec) -> dict[str, tuple[str, int]]:
    """QEMU's word and bit of everything that the ladder can ask for."""
    project = spec.project_by_id["qemu"]
    found: dict[str, tuple[str, int]] = {}
    for rung in vmcsgen.ladder(spec):
        for name in {name for term in rung.alternatives for name in spec.closure(term)}:
            word = project.words.get(name.partition(".")[0])
            if name in spec.feature_by_name and "word" in project.controls.get(name, {}):
                bit = spec.feature_by_name[name].bit
                found[name] = (project.controls[name]["word"], bit)
            elif word is not None and not word.planned:
                found[name] = (word.name, spec.controls[name].bit)
    return dict(sorted(found.items()))


def cpu_h(spec: vmcsgen.Spec) -> str:
    """What target/i386/cpu.h has of all this, in QEMU's version of the spec."""
    project = spec.project_by_id["qemu"]
    bits = {name: control.bit for name, control in spec.controls.items()}
    bits |= {feature.name: feature.bit for feature in spec.features}
    words = {word.name for word in project.words.values() if not word.planned}
    words |= {called["word"] for called in project.controls.values() if "word" in called}
    macros = {
        called["macro"]: bits[name]
        for name, called in project.controls.items()
        if "macro" in called
    }
    lines = ["#include <stdint.h>", f"enum {{ {', '.join(sorted(words))}, FEATURE_WORDS }};"]
    lines += [f"#define {macro} (1ull << {bit})" for macro, bit in macros.items()]
    lines += ["typedef uint64_t FeatureWordArray[FEATURE_WORDS];", ""]
    return "\n".join(lines)
