"""Why a field exists on a processor or not: requirement, MSR, bit and value, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.capabilities.assess import Assessment, deciders
from vmcsgen.capabilities.dump import Dump, msr_label
from vmcsgen.capabilities.report import decider_label, label, witness
from vmcsgen.core.capabilities import reporting_msr
from vmcsgen.core.enumeration import existence
from vmcsgen.core.processor import register
from vmcsgen.core.requirement import Always, Combination, Requirement, Supports, Truth, evaluate
from vmcsgen.core.spec import Feature, Field, Spec
from vmcsgen.diagnostics import printable

_WORDS = {True: "yes", False: "no", None: "unknown"}


def explain(spec: Spec, dump: Dump, assessment: Assessment, field: Field) -> str:
    """The reasons as text, indented as the requirement nests."""
    truth = existence(field, assessment.capabilities)
    verb = {True: "exists", False: "does not exist", None: "can't be decided"}[truth]
    lines = [
        printable(f"{field.title} ({field.encoding}) {verb} on {label(dump, assessment)}"),
        f"  requires {'unknown' if field.requires is None else field.requires}",
    ]
    if field.requires is None:
        lines.append("  no source states its condition: it is never counted")
    else:
        lines += _requirement(spec, assessment, field.requires, 1)
    if truth is None:
        needed = ", ".join(decider_label(spec, each) for each in deciders(spec, assessment, field))
        lines.append(f"  {needed} would decide it")
    return "\n".join(lines)


def explain_plain(
    spec: Spec, dump: Dump, assessment: Assessment, field: Field
) -> dict[str, object]:
    """The reasons as ``caps --why --format json`` prints them."""
    from vmcsgen.core.requirement import names, to_plain

    used = [] if field.requires is None else list(dict.fromkeys(names(field.requires)))
    steps = [step for name in used for step in _chain(spec, name)]
    return {
        "source": label(dump, assessment),
        "field": field.id,
        "encoding": field.encoding.value,
        "exists": existence(field, assessment.capabilities),
        "requires": None if field.requires is None else to_plain(field.requires),
        "steps": [
            {
                "name": name,
                "supported": assessment.capabilities.supports(name),
                "reason": _reason(spec, assessment, name),
            }
            for name in dict.fromkeys(steps)
        ],
    }


def _requirement(
    spec: Spec, assessment: Assessment, requirement: Requirement, depth: int
) -> Iterator[str]:
    indent = "  " * (depth + 1)
    match requirement:
        case Always():
            yield f"{indent}every processor with VMX has it"
        case Supports(name):
            for step in _chain(spec, name):
                truth = _WORDS[assessment.capabilities.supports(step)]
                yield f"{indent}{step}: {truth}; {_reason(spec, assessment, step)}"
        case Combination(operator, operands):
            truth = _WORDS[evaluate(requirement, assessment.capabilities.supports)]
            yield f"{indent}{'one' if operator == 'any' else 'all'} of these: {truth}"
            for operand in operands:
                yield from _requirement(spec, assessment, operand, depth + 1)


def _chain(spec: Spec, name: str) -> list[str]:
    """The controls that activate the group of ``name``, outermost first, and ``name`` itself."""
    chain = [name]
    while (activating := spec.activation(chain[0])) is not None:
        chain.insert(0, activating)
    return chain


def _reason(spec: Spec, assessment: Assessment, name: str) -> str:
    """Where the truth of one control or feature comes from, with MSR, bit and value."""
    feature = spec.feature_by_name.get(name)
    if feature is not None:
        return _feature_reason(spec, assessment, feature)
    processor = assessment.processor
    control = spec.controls[name]
    group = spec.group_by_id[control.group]
    msr, bit = reporting_msr(group, processor.msrs), control.bit + group.shift
    value = processor.msrs.get(msr)
    activating = spec.activation(name)
    if value is not None:
        reason = f"bit {bit} of {msr_label(spec, msr)} = {value:#x} is {value >> bit & 1}"
        if value >> bit & 1 and activating is not None:
            outer: Truth = assessment.capabilities.supports(activating)
            if outer is not True:
                state = "is not supported" if outer is False else "is unknown"
                reason += f", but {activating}, which activates the group, {state}"
        return reason
    if name in processor.controls:
        return f"the source says so by name (bit {bit} of {msr_label(spec, msr)})"
    return f"bit {bit} of {msr_label(spec, msr)} tells, which the source lacks"


def _feature_reason(spec: Spec, assessment: Assessment, feature: Feature) -> str:
    where = decider_label(spec, feature)
    processor = assessment.processor
    if feature.name in processor.features:
        return f"the source says so by name ({where})"
    inference = assessment.capabilities.inferred.get(feature.name)
    if inference is not None:
        return f"inferred: {witness(spec, inference)}. {inference.reason}"
    registers = processor.cpuid.get((feature.leaf, feature.subleaf))
    if registers is not None:
        value = register(feature, registers)
        return f"{where} is {value >> feature.bit & 1} ({value:#010x})"
    if assessment.capabilities.supports(feature.name) is False:
        return f"{where}: the processor says that it has no such leaf"
    return f"{where} tells, which the source lacks"
