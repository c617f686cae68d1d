"""One realistic file of each format, and what is particular to the format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.capabilities.assess import Assessment, assess
from vmcsgen.capabilities.dump import Dump
from vmcsgen.capabilities.sources import parse
from vmcsgen.capabilities.verdict import Verdict
from vmcsgen.core.enumeration import existence
from vmcsgen.specfile.cpus import KnownCpus

DUMPS = Path(__file__).resolve().parent.parent.parent / "fixtures/dumps"


def load(spec: vmcsgen.Spec, name: str) -> Dump:
    return parse((DUMPS / name).read_bytes(), name, spec)


def read(spec: vmcsgen.Spec, text: str) -> Dump:
    return parse(text.encode(), "dump", spec)


@pytest.mark.parametrize(
    ("name", "form", "count", "kinds"),
    [
        ("aida64-lakefield.txt", "AIDA64 dump", 3, 2),
        ("virtualbox-coffee-lake.log", "VirtualBox log", 1, 1),
        ("vmxcap-i9-7900x.txt", "vmxcap", 1, 1),
        ("libvirt-cooperlake.xml", "libvirt CPU XML", 1, 1),
        ("libvirt-host-model.xml", "libvirt CPU XML", 1, 1),
        ("qmp-skylake-client.json", "JSON", 1, 1),
        ("rdmsr-i7-7700k.txt", "MSR text", 1, 1),
        ("rdmsr-session.txt", "MSR text", 4, 2),
    ],
)
def test_format_is_told_by_content(
    spec: vmcsgen.Spec, name: str, form: str, count: int, kinds: int
) -> None:
    dump = load(spec, name)
    assert (dump.format, dump.count, len(dump.processors)) == (form, count, kinds)
    assert dump.faults == ()


def test_every_fixture_is_tested() -> None:
    named = Path(__file__).read_text()
    assert [path.name for path in DUMPS.iterdir() if path.name not in named] == []


@pytest.mark.parametrize(
    ("name", "cpu"),
    [
        ("virtualbox-coffee-lake.log", "coffee-lake-virtualbox"),
        ("rdmsr-i7-7700k.txt", "i7-7700k"),
    ],
)
def test_msrs_are_those_of_the_known_cpu(
    spec: vmcsgen.Spec, known: KnownCpus, name: str, cpu: str
) -> None:
    found = known.find(cpu)
    assert found is not None
    (processor,) = load(spec, name).processors
    assert dict(processor.msrs) == dict(found.msrs)


def test_aida64_hybrid_processor(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    small, large = load(spec, "aida64-lakefield.txt").processors
    assert (small.numbers, large.numbers) == ((0, 1), (4,))
    for processor, cpu in ((small, "i5-l16g7-tremont"), (large, "i5-l16g7-sunny-cove")):
        found = known.find(cpu)
        assert found is not None
        assert dict(processor.msrs) == dict(found.msrs)
        identity = assess(spec, processor, known).identity
        assert (identity.family, identity.model, identity.stepping) == (6, 0x8A, 1)
        assert identity.brand == "Intel(R) Core(TM) i5-L16G7 CPU @ 1.40GHz"
        assert identity.vendor == "GenuineIntel"


def test_aida64_cpuid_decides_features(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    text = (
        "------[ CPUID Registers / Logical CPU #0 ]------\n\n"
        "CPUID 00000007: 00000002-00000000-00000000-00000000 [SL 00]\n"
        "CPUID 00000007: 00020000-00000000-00000000-00000000 [SL 01]\n\n"
        "------[ MSR Registers / Logical CPU #0 ]------\n\n"
        "MSR 00000480: 00DA-0400-0000-0004\n"
    )
    found = assess(spec, read(spec, text).processors[0], known)
    assert found.capabilities.supports("cpuid.fred") is True
    assert found.capabilities.supports("cpuid.apx") is False
    assert found.capabilities.inferred == {}


def test_aida64_msrs_without_a_number_get_the_cpuid_leaves(
    spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    text = (
        "------[ CPUID Registers / Logical CPU #0 ]------\n\n"
        "CPUID 00000001: 000306A9-00100800-7FBAE3FF-BFEBFBFF\n\n"
        "------[ MSR Registers ]------\n\nMSR 0000048A: 0000-0000-0000-002A\n"
    )
    (processor,) = read(spec, text).processors
    assert assess(spec, processor, known).identity.model == 0x3A


def test_virtualbox_spells_names_its_own_way(spec: vmcsgen.Spec) -> None:
    text = (
        "00:00:01 HWACCM: MSR_IA32_VMX_BASIC_INFO       = da040000000010\n"
        "00:00:01 HWACCM: MSR_IA32_VMX_PINBASED_CTLS    7f00000016\n"
        "00:00:01 HM: MSR_IA32_VMX_EPT_VPID_CAPS        = 0xf0106334141\n"
        "00:00:01 HM: MSR_IA32_VMX_MISC_CR3_TARGET      = 4\n"
        "00:00:01 HM: MSR_IA32_VMX_EXIT_CTLS2           = 0x3\n"
    )
    (processor,) = read(spec, text).processors
    assert dict(processor.msrs) == {
        0x480: 0xDA040000000010, 0x481: 0x7F00000016, 0x48C: 0xF0106334141, 0x493: 3,
    }  # fmt: skip


def test_virtualbox_host_leaves_belong_to_the_guest_leaf_above(spec: vmcsgen.Spec) -> None:
    text = (
        "00:00:01 HM: MSR_IA32_VMX_VMCS_ENUM            = 0x2e\n"
        "00:00:01 Gst: 00000001/0000  00000001 00000000 00000000 00000000\n"
        "00:00:01 Hst:                000906ea 00000000 00000000 00000000\n"
        "00:00:01 Hst:                ffffffff 00000000 00000000 00000000\n"
        "00:00:01 Gst: 00000007/0001  00000000 00000000 00000000 00000000\n"
        "00:00:01 Hst:                00020000 00000000 00000000 00000000\n"
        "00:00:01 Gst: no leaf\n"
        "00:00:01 Hst:                00000000 00000000 00000000 00000000\n"
    )
    (processor,) = read(spec, text).processors
    assert processor.cpuid == {(1, 0): (0x906EA, 0, 0, 0), (7, 1): (0x20000, 0, 0, 0)}


def agree(spec: vmcsgen.Spec, partial: Assessment, whole: Assessment) -> int:
    """How many fields both decide; where both do, they say the same."""
    count = 0
    for field in spec.confirmed:
        told = existence(field, partial.capabilities)
        if told is not None:
            assert told is existence(field, whole.capabilities), field.id
            count += 1
    return count


def test_vmxcap_says_what_the_msrs_say(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    from vmcsgen.capabilities.sources import processor

    cpu = known.find("i9-7900x")
    assert cpu is not None
    found = assess(spec, load(spec, "vmxcap-i9-7900x.txt").processors[0], known)
    # The known CPU's dump lacks IA32_VMX_VMFUNC; vmxcap was run where it could be read.
    whole = replace(processor(cpu), msrs={**cpu.msrs, 0x491: 1})
    assert agree(spec, found, assess(spec, whole, known)) > 170
    assert {found.processor.msrs[msr] for msr in (0x480, 0x485)} == {
        cpu.msrs[0x480], cpu.msrs[0x485],
    }  # fmt: skip


def test_vmxcap_default_and_question_mark(spec: vmcsgen.Spec) -> None:
    text = (
        "Basic VMX Information\n  Hex: 0xda040000000004\n"
        "primary processor-based controls\n"
        "  CR3-load exiting                         forced\n"
        "  CR3-store exiting                        default\n"
        "  Use TPR shadow                           ?\n"
        "  HLT exiting                              no\n"
        "  A control that nobody knows              yes\n"
    )
    (processor,) = read(spec, text).processors
    assert processor.controls == {
        "primary.cr3_load_exiting": True,
        "primary.cr3_store_exiting": True,
        "primary.hlt_exiting": False,
    }


def test_libvirt_words_say_what_the_assembled_msrs_say(
    spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    """spec/cpus holds the same CPU as MSRs, put together as QEMU's make_vmx_msr_value() does."""
    from vmcsgen.capabilities.sources import processor

    cpu = known.find("nested-cooperlake")
    assert cpu is not None
    found = assess(spec, load(spec, "libvirt-cooperlake.xml").processors[0], known)
    whole = assess(spec, processor(cpu), known)
    assert found.fields == whole.fields
    assert found.enumeration == whole.enumeration
    assert found.enumeration.exact
    assert found.virtual is True


def test_libvirt_features_of_a_host_model(spec: vmcsgen.Spec) -> None:
    (processor,) = load(spec, "libvirt-host-model.xml").processors
    assert processor.name == "Skylake-Client-IBRS"
    assert processor.controls == {
        "primary.activate_secondary_controls": True,
        "secondary.enable_ept": True,
        "pin.activate_vmx_preemption_timer": True,
        "secondary.use_tsc_scaling": False,
        # Of the default1 class: the property says whether it can be 0.
        "primary.cr3_load_exiting": True,
    }
    # What keeps a model from being used is no feature of the host.
    assert processor.features == {}


def test_libvirt_custom_mode_ends_where_it_ends(spec: vmcsgen.Spec) -> None:
    feature = "<feature name='vmx-ept'/>"
    for text, count in (
        (f'<cpu><mode supported="yes" name="custom">{feature}</mode></cpu>', 0),
        (f"<cpu><mode name='custom'>{feature}</mode>{feature}</cpu>", 1),
        (f"<cpu><mode name='custom' supported='no'/>{feature}</cpu>", 1),
        (f"<cpu><mode name='custom'>{feature}</cpu><cpu>{feature}</cpu>", 1),
    ):
        assert len(read(spec, text).processors) == count


def test_libvirt_comments_and_raw_values(spec: vmcsgen.Spec) -> None:
    text = (
        "<cpudata>\n<!-- <msr index='0x480' eax='0x1'/>\n-->\n"
        "<msr index='0x48b' edx='0x00057cff' eax='0x00000000'/>\n"
        "<msr index='0x491' edx='0x0' eax='0x1ffffffff'/>\n<!-- <msr index='0x481' eax='0x1'/>"
    )
    dump = read(spec, text)
    assert [dict(each.msrs) for each in dump.processors] == [{0x48B: 0x57CFF00000000}]
    (fault,) = dump.faults
    assert (fault.location.line, fault.message) == (
        5,
        "EAX or EDX of MSR 0x491 does not fit 32 bits",
    )


def test_qmp_model(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    found = assess(spec, load(spec, "qmp-skylake-client.json").processors[0], known)
    assert found.processor.name == "Skylake-Client"
    assert found.virtual is True
    assert (found.identity.family, found.identity.model) == (6, 94)
    supports = found.capabilities.supports
    assert supports("secondary.enable_ept") is True
    assert supports("secondary.use_tsc_scaling") is False
    assert supports("primary.cr3_load_exiting") is True
    # A control that this QEMU has no name for, and one that it sets by itself.
    assert supports("tertiary.ipi_virtualization") is False
    assert supports("exit.host_address_space_size") is None
    assert supports("cpuid.fred") is False
    assert found.enumeration.exact


def whole_model(spec: vmcsgen.Spec, **props: bool) -> str:
    """What a QEMU that knows every property, and gives no control, says of a CPU model."""
    qemu = spec.project_by_id["qemu"]
    known = [names.get("property", "") for names in qemu.controls.values()]
    off = {name: False for name in known if name.startswith("vmx-")}
    return json.dumps({"model": {"name": "x", "props": off | {"vmx": True} | props}})


def test_qmp_features_by_their_properties(spec: vmcsgen.Spec) -> None:
    (processor,) = read(spec, whole_model(spec, fred=False, apxf=True)).processors
    assert processor.features == {"cpuid.fred": False, "cpuid.apx": True}
    (processor,) = read(spec, whole_model(spec)).processors
    assert processor.features == {"cpuid.fred": False, "cpuid.apx": False}


def test_qmp_says_nothing_of_features_whose_property_is_unknown(spec: vmcsgen.Spec) -> None:
    controls = dict(spec.project_by_id["qemu"].controls)
    del controls["cpuid.apx"]
    projects = [
        replace(each, controls=controls) if each.id == "qemu" else each for each in spec.projects
    ]
    older = replace(spec, projects=tuple(projects))
    (processor,) = read(older, whole_model(older, apxf=True)).processors
    assert processor.features == {"cpuid.fred": False}


def test_qmp_properties_that_are_cut_short_leave_the_rest_unknown(spec: vmcsgen.Spec) -> None:
    text = json.dumps({"model": {"name": "x", "props": {"vmx-ept": True, "vmx-vnmi": 1}}})
    (processor,) = read(spec, text).processors
    assert processor.controls == {"secondary.enable_ept": True}


def test_a_model_without_vmx_has_no_fields(spec: vmcsgen.Spec) -> None:
    props = {"vmx": False, "vmx-ept": True, "vmx-vnmi": True}
    dump = read(spec, json.dumps({"return": {"model": {"name": "Skylake-Client", "props": props}}}))
    assert dump.processors == ()
    assert [fault.message for fault in dump.faults] == [
        'VMX is off in this CPU model: ask for it with "props": {"vmx": true}'
    ]
    for policy in ("disable", "forbid"):
        xml = (
            "<cpu><model>x</model>\n<feature name='vmx-ept'/>\n"
            f"<feature policy='{policy}' name='vmx'/></cpu>\n<cpu><feature name='vmx-ept'/></cpu>"
        )
        dump = read(spec, xml)
        assert [each.name for each in dump.processors] == [None]
        assert [(each.message, each.location.line) for each in dump.faults] == [
            ("VMX is off in this CPU model", 3)
        ]


def test_a_spec_may_lack_qemu_and_groups(checkout: Path) -> None:
    """What is told of controls that a spec doesn't have is left alone."""
    spec = vmcsgen.load(checkout / "tests/golden/spec")
    assert "qemu" not in spec.project_by_id
    assert "pin" not in spec.group_by_id
    assert load(spec, "qmp-skylake-client.json").processors == ()
    (processor,) = load(spec, "vmxcap-i9-7900x.txt").processors
    assert set(processor.controls) < set(spec.controls)


@pytest.mark.parametrize(
    "value",
    [
        {"0x48b": "0x57cff00000000", "0x10a": "0x1"},
        {"0x48B": 0x57CFF00000000},
        {"48b": "57cff00000000"},
        {"IA32_VMX_PROCBASED_CTLS2": "0x57cff00000000"},
        {"msrs": {"0x48b": 0x57CFF00000000}},
        [[{"0x48b": "0x57cff00000000"}]],
        {"result": {"0x48b": "0x57cff00000000"}},
    ],
)
def test_json_shapes(spec: vmcsgen.Spec, value: object) -> None:
    dump = read(spec, json.dumps(value))
    assert [dict(each.msrs) for each in dump.processors] == [{0x48B: 0x57CFF00000000}]


def test_json_several_cpus(spec: vmcsgen.Spec) -> None:
    text = '{"cpu0": {"0x480": 1}, "cpu1": {"0x480": 2}}\n[{"0x480": 3}, {"0x480": 3}]'
    dump = read(spec, text)
    assert dump.count == 4
    found = [(each.numbers, each.msrs[0x480]) for each in dump.processors]
    assert found == [((0,), 1), ((1,), 2), ((), 3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"0x480": -1}', "does not fit 64 bits"),
        ('{"0x480": 18446744073709551616}', "does not fit 64 bits"),
        ('{"0x480": "12 34"}', "does not fit 64 bits"),
        ('{"0x48b": 1, "0x48b": 2}', "stands twice in one object"),
        ('{"0x48b": 1, "0x48B": 2}', "stands twice in one object"),
        ('{"0x480": 1, "0x482": 1.8445055215326585e19}', "0x482 is neither an integer nor text"),
        ('{"0x480": 1, "0x48b": [1]}', "0x48b is neither an integer nor text"),
        ('{"0x480": 1, "0x48b": true}', "0x48b is neither an integer nor text"),
    ],
)
def test_json_values_that_can_not_be(spec: vmcsgen.Spec, text: str, message: str) -> None:
    (fault,) = read(spec, text).faults
    assert message in fault.message


@pytest.mark.parametrize(
    "text",
    [
        '{"0x480": 1',
        '{"0x480": 1}\n480 1',
        "{0x480: 1}",
        "[" * 100_000,
        '{"0x480": ' + "9" * 5000 + "}",
    ],
)
def test_json_that_is_none(spec: vmcsgen.Spec, text: str) -> None:
    with pytest.raises(vmcsgen.DiagnosticError, match="not JSON"):
        read(spec, text)


def test_bracketed_text_is_not_json(spec: vmcsgen.Spec) -> None:
    dump = read(spec, "[cpu 0] 0x480 = 1\n[cpu 1] 0x480 = 2\n")
    assert (dump.format, dump.count) == ("MSR text", 2)


@pytest.mark.parametrize(
    ("model", "derived", "brand"),
    [
        ("corei7_haswell_4770", 0x2E, "Intel(R) Core(TM) i7-4770 CPU @ 3.40GHz"),
        ("tigerlake", 0x32, "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz"),
    ],
)
def test_log_of_the_probe_in_bochs(
    spec: vmcsgen.Spec, known: KnownCpus, model: str, derived: int, brand: str
) -> None:
    """What an emulated processor answered to RDMSR and CPUID."""
    raw = (DUMPS.parent / f"probe/bochs-2.7-{model}.log").read_bytes()
    dump = parse(raw, model, spec)
    assert dump.format == "probe log"
    found = assess(spec, dump.processors[0], known)
    assert found.identity.brand == brand
    assert found.enumeration.vmcs_enum == derived
    assert (found.reported, found.verdict) == (0x34, Verdict.TOO_HIGH)


def test_what_ran_in_an_emulator_is_no_silicon(spec: vmcsgen.Spec, known: KnownCpus) -> None:
    """Errata of the processor that Bochs plays are none of Bochs's; its CPUID says nothing."""
    raw = (DUMPS.parent / "probe/bochs-2.7-corei7_haswell_4770.log").read_bytes()
    first, rest = raw.split(b"\n", 1)
    assert b" host bochs " in first
    # The last run counts, and the line before it.
    for log, virtual in ((raw, True), (rest + raw, True), (rest, False), (raw + rest, False)):
        (processor,) = parse(log, "log", spec).processors
        assert assess(spec, processor, known).virtual is virtual


def test_damaged_log_of_the_probe_is_refused(spec: vmcsgen.Spec) -> None:
    raw = (DUMPS.parent / "probe/bochs-2.7-tigerlake.log").read_bytes()
    with pytest.raises(vmcsgen.DiagnosticError):
        parse(raw.replace(b"02977fff00000000", b"02977fff00000001"), "log", spec)


def test_utf_16_of_windows(spec: vmcsgen.Spec) -> None:
    raw = (DUMPS / "aida64-lakefield.txt").read_text().encode("utf-16")
    assert len(parse(raw, "dump", spec).processors) == 2
