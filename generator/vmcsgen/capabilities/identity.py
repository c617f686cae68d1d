"""Which processor CPUID leaves speak of."""

from __future__ import annotations

from collections.abc import Mapping

from vmcsgen.capabilities.dump import Identity
from vmcsgen.core.processor import Leaf, Registers, brand, signature, vendor


def identify(cpuid: Mapping[Leaf, Registers]) -> Identity:
    """What CPUID leaves 0, 1 and 0x80000002 to 0x80000004 say (SDM Vol. 2A, CPUID)."""
    eax = cpuid[1, 0][0] if (1, 0) in cpuid else 0
    if eax == 0:  # libvirt leaves the signature out
        return Identity(vendor(cpuid), brand(cpuid))
    return Identity(vendor(cpuid), brand(cpuid), *signature(eax))
