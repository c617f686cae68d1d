"""The signature of a processor: family, model and stepping of CPUID.1:EAX."""

from __future__ import annotations


def signature(eax: int) -> tuple[int, int, int]:
    """Family, model and stepping of CPUID.1:EAX (SDM Vol. 2A, Figure 3-6).

    The extended model counts from family 6 up, not for 6 and 15 only: Zhaoxin's family 7 has one
    (Linux's x86_model() does the same).
    """
    family, model = eax >> 8 & 0xF, eax >> 4 & 0xF
    if family >= 6:
        model |= eax >> 12 & 0xF0
    if family == 0xF:
        family += eax >> 20 & 0xFF
    return family, model, eax & 0xF
