"""Readers of dumps on text that is nearly right, and on noise: no crash, no hang, no wrong number.

tests/fuzz/dumps.py does the same under a coverage-guided fuzzer.
"""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

import vmcsgen
from vmcsgen.capabilities.assess import assess
from vmcsgen.capabilities.dump import FAULTS_LIMIT, FIRST_MSR, LAST_MSR, Dump
from vmcsgen.capabilities.report import as_plain, as_text
from vmcsgen.capabilities.sources import parse
from vmcsgen.core.enumeration import Enumeration
from vmcsgen.specfile.cpus import KnownCpus

WORDS = (
    "MSR ", "0x480", "0x48b", "48B", "IA32_VMX_BASIC", "MSR_IA32_VMX_VMCS_ENUM", ": ", " = ", "=",
    "0x", "ffff", "0005-7CFF-0000-0000", "00000000", "\n", "\n", "\r\n", "cpu0", "CPU#3", "cpu 1:",
    "rdmsr -a ", "rdmsr -p 3 ", "-p", "edx=", "eax=0x0", "< FAILED >", "------[ MSR Registers",
    "------[ MSR Registers / Logical CPU #2 ]------", "CPUID 00000007: ", "[SL 01]",
    "00020000-00000000-00000000-00200000", "HM: ", "Gst: 00000007/0001  ", "Hst:  ",
    "00000001 00000002 00000003 00000004", "Basic VMX Information\n", "  Hex: 0x1",
    "pin-based controls\n", "  NMI exiting     yes\n", "  TSC scaling     ?\n", "<cpudata>",
    "<cpu>", "<msr index='0x48b' edx='0x1' eax='0x2'/>", "<msr index='0x480'", "/>", "<!--",
    "-->",
    "<feature policy='require' name='vmx-ept'/>", '{"0x48b": ', '"0x1"', "}", "{", "[", "]", ",",
    '{"msrs": {"0x480": 1}, "controls": {"secondary.enable_ept": true}}', '"props": ',
    '{"model": {"name": "x", "props": {"vmx-ept": true}}}', "\x00", "\x1b[31m", "\ufeff", "é",
)  # fmt: skip

nearly = st.lists(st.sampled_from(WORDS), max_size=40).map("".join)
noise = st.one_of(nearly.map(str.encode), st.binary(max_size=200), st.text().map(str.encode))


def look(spec: vmcsgen.Spec, known: KnownCpus, raw: bytes) -> Dump | None:
    """Read, assess and print; what must hold of any source."""
    try:
        dump = parse(raw, "dump", spec)
    except vmcsgen.DiagnosticError:
        return None
    assert len(dump.faults) <= FAULTS_LIMIT
    assert len(dump.processors) <= dump.count or not dump.processors
    for processor in dump.processors[:3]:
        assert all(FIRST_MSR <= address <= LAST_MSR for address in processor.msrs)
        assert all(0 <= value < 1 << 64 for value in processor.msrs.values())
        found = assess(spec, processor, known)
        lower, upper = found.enumeration.vmcs_enum, found.enumeration.upper_vmcs_enum
        assert lower <= upper
        assert not {field.id for field in found.fields} & {f.id for f in found.undecided}
        json.dumps(as_plain(spec, dump, found))
        assert as_text(spec, dump, found).replace("\n", "").isprintable()
    return dump


@settings(max_examples=60)
@given(raw=noise)
def test_any_text(spec: vmcsgen.Spec, known: KnownCpus, raw: bytes) -> None:
    look(spec, known, raw)


values = st.dictionaries(
    st.integers(FIRST_MSR, 0x493), st.integers(0, (1 << 64) - 1), min_size=1, max_size=20
)


def dashed(value: int) -> str:
    digits = f"{value:016X}"
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


FORMS = {
    "rdmsr": lambda msrs: "".join(f"{a:#x} {v:x}\n" for a, v in msrs.items()),
    "upper": lambda msrs: "".join(f"MSR {a:08X} = 0X{v:016X}\n" for a, v in msrs.items()),
    "halves": lambda msrs: "".join(
        f"{a:x}: {v >> 32:08x} {v & 0xFFFFFFFF:08x}\n" for a, v in msrs.items()
    ),
    "aida64": lambda msrs: (
        "------[ MSR Registers / Logical CPU #0 ]------\n\n"
        + "".join(f"MSR {a:08X}: {dashed(v)}\n" for a, v in msrs.items())
    ),
    "json": lambda msrs: json.dumps({f"{a:#x}": v for a, v in msrs.items()}),
    "json text": lambda msrs: json.dumps({f"{a:x}": f"{v:#x}" for a, v in msrs.items()}),
}


@given(msrs=values, form=st.sampled_from(sorted(FORMS)))
def test_every_form_gives_the_values_that_went_in(
    spec: vmcsgen.Spec, known: KnownCpus, msrs: dict[int, int], form: str
) -> None:
    dump = look(spec, known, FORMS[form](msrs).encode())
    assert dump is not None
    assert [dict(each.msrs) for each in dump.processors] == [msrs]
    assert dump.faults == ()


@given(msrs=values, missing=st.sets(st.integers(FIRST_MSR, 0x493)))
def test_a_dump_that_lacks_msrs_never_contradicts_the_whole_one(
    spec: vmcsgen.Spec, known: KnownCpus, msrs: dict[int, int], missing: set[int]
) -> None:
    """What is known of less must be true of more, but for the choice between TRUE_ and plain MSRs,
    which differ only where a dump contradicts itself."""
    for plain, true in ((0x481, 0x48D), (0x482, 0x48E), (0x483, 0x48F), (0x484, 0x490)):
        msrs[true] = msrs[plain] = msrs.get(plain, 0)
    msrs.setdefault(0x480, 1 << 55 | 1 << 58)
    partial = {address: value for address, value in msrs.items() if address not in missing}
    if not partial:
        return
    features = {feature.name: False for feature in spec.features}
    bounds: list[Enumeration] = []
    truths = []
    for some in (partial, msrs):
        capabilities = vmcsgen.Capabilities.from_msrs(spec, some, features)
        truths.append(capabilities.truths)
        bounds.append(vmcsgen.enumerate_fields(spec.confirmed, capabilities))
    for name, truth in truths[0].items():
        assert truth is None or truth is truths[1][name], name
    assert bounds[0].vmcs_enum <= bounds[1].vmcs_enum
    assert bounds[0].upper_vmcs_enum >= bounds[1].upper_vmcs_enum
