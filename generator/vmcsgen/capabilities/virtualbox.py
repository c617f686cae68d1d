"""VirtualBox logs (VBox.log), which tell the host's VMX MSRs and CPUID leaves.

Grammar, one item a line, after an optional time stamp (``00:00:04.809262 ``):

    HM: MSR_IA32_VMX_BASIC                = 0xda040000000004       before 4.3: "HWACCM:", no 0x
    Gst: 00000007/0001  00000000 00000000 00000000 00000000        leaf/subleaf, the guest's
    Hst:                00000000 00000000 00000000 00000000        the host's, of the same leaf
"""

from __future__ import annotations

import re

from vmcsgen.capabilities.dump import Collector, Dump, msr_names
from vmcsgen.core.spec import Spec

NAME = "VirtualBox log"

_MSR = re.compile(
    r"(?:HM|HWACCM):\s+MSR_(?P<name>IA32_VMX_[A-Z0-9_]{1,40})\s*=?\s*(?P<value>(?:0x)?[0-9A-Fa-f]{1,80})"
    r"(?![0-9A-Za-z])"
)
_GUEST = re.compile(r"Gst: (?P<leaf>[0-9a-f]{8})/(?P<subleaf>[0-9a-f]{4})\s")
_HOST = re.compile(r"Hst:\s+(?P<registers>[0-9a-f]{8}(?: [0-9a-f]{8}){3})")

_NAMES = {"ia32_vmx_basic_info": 0x480, "ia32_vmx_ept_vpid_caps": 0x48C}
"""Spellings of VirtualBox before 6.0 that the SDM does not use."""


def recognises(text: str) -> bool:
    """Whether the text has a line of HM (or of HWACCM, before 4.3) about a VMX MSR."""
    return re.search(r"(?:HM|HWACCM):\s+MSR_IA32_VMX_", text) is not None


def read(text: str, source: str, spec: Spec) -> Dump:
    """The host's processor.

    A log of several runs tells the same several times; like processors are joined.
    """
    collector = Collector(source, spec)
    names = msr_names(spec) | _NAMES
    leaf: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if collector.full:
            break
        if "MSR_IA32_VMX_" in line:
            found = _MSR.search(line)
            if found is not None:
                name = found["name"].lower()
                address = names.get(name)
                if address is not None:
                    collector.msr(address, found["value"], number, line)
        elif "Gst: " in line:
            guest = _GUEST.search(line)
            leaf = (int(guest["leaf"], 16), int(guest["subleaf"], 16)) if guest else None
        elif leaf is not None and "Hst: " in line:
            host = _HOST.search(line)
            if host is not None:
                eax, ebx, ecx, edx = (int(part, 16) for part in host["registers"].split())
                collector.current.cpuid.setdefault(leaf, (eax, ebx, ecx, edx))
    return collector.finish(NAME)
