"""Which controls and features a processor or virtual CPU supports: yes, no or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vmcsgen.core.requirement import Truth
from vmcsgen.core.spec import Feature, Group, Inference, Spec

CAPABILITY_MSRS = range(0x480, 0x494)
"""IA32_VMX_BASIC to IA32_VMX_EXIT_CTLS2 (SDM Appendix A)."""

IA32_VMX_BASIC = 0x480
TRUE_CONTROLS_BIT = 55
"""IA32_VMX_BASIC bit 55: the TRUE_ capability MSRs exist (SDM A.1)."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A capability set: the truth of every control and feature of a spec, by name.

    Closed under activation: a control of a group whose activating control is not supported is
    not supported (SDM A.3.3, A.3.4, A.4.2), whatever its own bit says. ``inferred`` holds the
    features that no CPUID value decided, each with the inference that did.
    """

    truths: Mapping[str, Truth]
    inferred: Mapping[str, Inference]

    def supports(self, name: str) -> Truth:
        """Whether the 1-setting of a control, or a CPUID feature, is supported.

        KeyError for a name that the spec does not have.
        """
        return self.truths[name]

    @property
    def supported(self) -> frozenset[str]:
        """Names that are known to be supported."""
        return frozenset(name for name, truth in self.truths.items() if truth)

    @classmethod
    def of(cls, spec: Spec, supported: Iterable[str], unknown: Iterable[str] = ()) -> Capabilities:
        """The set in which exactly these names are allowed (``unknown`` ones perhaps).

        KeyError for a name that the spec does not have.
        """
        bits: dict[str, Truth] = dict.fromkeys((*spec.controls, *spec.feature_by_name), False)
        for name, truth in (*((name, None) for name in unknown), *((s, True) for s in supported)):
            if name not in bits:
                raise KeyError(name)
            bits[name] = truth
        return cls(MappingProxyType(_close(spec, bits)), MappingProxyType({}))

    @classmethod
    def from_msrs(
        cls,
        spec: Spec,
        msrs: Mapping[int, int],
        features: Mapping[str, bool] | None = None,
        *,
        controls: Mapping[str, bool] | None = None,
        virtual: bool = False,
    ) -> Capabilities:
        """The set that raw capability MSR values (by address) and CPUID features (by name) tell.

        An MSR that is not in ``msrs`` leaves its controls unknown, but for those that ``controls``
        tells by name (a CPU model's properties do). A feature that is not in ``features`` is
        inferred where the spec has a sound inference, else unknown; ``virtual`` leaves out the
        inferences that hold for hardware only.
        """
        bits: dict[str, Truth] = {}
        named = controls or {}
        for group in spec.groups:
            value = allowed_1(group, msrs)
            for control in group.controls:
                known = named.get(control.name)
                bits[control.name] = known if value is None else bool(value >> control.bit & 1)
        told = features or {}
        for feature in spec.features:
            bits[feature.name] = told.get(feature.name)
        closed = _close(spec, bits)
        inferred: dict[str, Inference] = {}
        for feature in spec.features:
            if closed[feature.name] is None:
                inference = _infer(feature, closed, msrs, virtual)
                if inference is not None:
                    inferred[feature.name] = inference
                    closed[feature.name] = inference.conclusion
        return cls(MappingProxyType(closed), MappingProxyType(inferred))


def reporting_msr(group: Group, msrs: Mapping[int, int]) -> int:
    """The MSR that tells a group's allowed 1-settings, whether ``msrs`` has it or not.

    SDM A.3.1 to A.5: with IA32_VMX_BASIC bit 55 it is the TRUE_ MSR. Where that one is missing the
    other serves: its bits 63:32 are allowed 1-settings too.
    """
    basic = msrs.get(IA32_VMX_BASIC)
    if group.true_msr is None or (basic is not None and not basic >> TRUE_CONTROLS_BIT & 1):
        return group.msr
    if group.true_msr in msrs or (basic is not None and group.msr not in msrs):
        return group.true_msr
    return group.msr


def allowed_1(group: Group, msrs: Mapping[int, int]) -> int | None:
    """The allowed 1-settings of a group, control bit 0 in bit 0, or None if no MSR tells."""
    value = msrs.get(reporting_msr(group, msrs))
    return None if value is None else value >> group.shift


def _close(spec: Spec, bits: Mapping[str, Truth]) -> dict[str, Truth]:
    """``bits`` with each control and its chain of activating controls joined by "and"."""
    closed: dict[str, Truth] = {}

    def truth(name: str) -> Truth:
        if name not in closed:
            activating = spec.activation(name)
            own = bits[name]
            closed[name] = own if activating is None else both(own, truth(activating))
        return closed[name]

    for name in bits:
        truth(name)
    return closed


def both(left: Truth, right: Truth) -> Truth:
    """Kleene's "and"."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _infer(
    feature: Feature, truths: Mapping[str, Truth], msrs: Mapping[int, int], virtual: bool
) -> Inference | None:
    for inference in feature.inferences:
        if virtual and inference.hardware_only:
            continue
        witness: Truth = None
        if inference.control is not None:
            witness = truths[inference.control]
        elif inference.msr is not None and inference.bit is not None:
            value = msrs.get(inference.msr)
            witness = None if value is None else bool(value >> inference.bit & 1)
        if witness is inference.when:
            return inference
    return None
