"""Which machines are asked: every CPU model of the installed Bochs, and variations by options."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TypeAlias

from vmcsgen.logs.probe_reading import NothingAskedError
from vmcsgen.probe.emulators import EMULATORS, Machine
from vmcsgen.probe.report import Result

Answers: TypeAlias = Mapping[Machine, tuple[bytes, Result | NothingAskedError]]

MODELS = EMULATORS["bochs"].models() if shutil.which("bochs") else ()

GENERIC = (
    ("cpuid.vmx=0",),
    ("cpuid.vmx=1",),
    ("cpuid.vmx=2",),
    ("cpuid.vmx=2", "cpuid.apic=x2apic"),
    ("cpuid.vmx=2", "cpuid.mwait=0"),
    ("cpuid.vmx=2", "cpuid.simd=avx512", "cpuid.xsave=1", "cpuid.xsaveopt=1"),
    ("cpuid.vmx=2", "cpuid.1g_pages=1", "cpuid.pcid=1", "cpuid.smep=1", "cpuid.smap=1"),
    ("cpuid.vmx=1", "cpuid.x86_64=0", "cpuid.1g_pages=0", "cpuid.fsgsbase=0", "cpuid.pcid=0"),
)
"""Bochs' generic CPU is the one that takes options: VMX of two generations, and what VMX uses."""

VARIATIONS = (
    *(Machine("bochs", "bx_generic", settings) for settings in GENERIC),
    # A processor whose CPUID stops at leaf 2: leaf 7 is not there to ask.
    Machine("bochs", "tigerlake", ("cpu.cpuid_limit_winnt=1",)),
)

MACHINES = (*(Machine("bochs", model) for model in MODELS), *(VARIATIONS if MODELS else ()))
