"""MSR values as people write them."""

from __future__ import annotations

from dataclasses import replace

import pytest

import vmcsgen
from vmcsgen.capabilities import rdmsr
from vmcsgen.capabilities.dump import PROCESSORS_LIMIT, Dump
from vmcsgen.core.spec import Feature

SECONDARY = 0x57CFF00000000


def read(spec: vmcsgen.Spec, text: str) -> Dump:
    return rdmsr.read(text, "dump.txt", spec)


@pytest.mark.parametrize(
    "line",
    [
        "0x48b 0x57cff00000000",
        "MSR 0000048B: 0005-7CFF-0000-0000",
        "48b=57cff00000000",
        "48B=00057CFF00000000",
        "0x0000048b : 0x00057cff00000000 # secondary",
        "msr[48b] = 00057cff`00000000",
        "0x48b 00057cff 00000000",
        "MSR 0x48b  00057CFF:00000000",
        "48b: 0005 7cff 0000 0000",
        "IA32_VMX_PROCBASED_CTLS2 (0x48b): 0x57cff00000000",
        "MSR 0x48b (IA32_VMX_PROCBASED_CTLS2) = 0x57cff00000000",
        "MSR_IA32_VMX_PROCBASED_CTLS2 = 0x57cff00000000",
        "ia32_vmx_procbased_ctls2\t57cff00000000",
        "0x48b: edx=0x57cff eax=0x0",
        "0x48b eax: 00000000 edx: 00057cff",
        "MSR 0x48B : High 32bit(EDX) = 0x00057CFF, Low 32bit(EAX) = 0x00000000",
        '  "0x48b" : "0x57cff00000000",',
        "| 0x48B | 0x57cff00000000 |",
        "48bh 57cff00000000h",
        "48bh: 00057cffh 00000000h",
        "0x48b EDX 57cffh EAX 0h",
        "0x48b,0x57cff00000000",
        "rdmsr(0x48b) -> 0x57cff00000000",
        "# rdmsr 0x48b\n57cff00000000",
        "root@host:~# rdmsr -0 0x48b\n00057cff00000000",
    ],
)
def test_spelling(spec: vmcsgen.Spec, line: str) -> None:
    dump = read(spec, f"some words\n{line}\n")
    assert [dict(each.msrs) for each in dump.processors] == [{0x48B: SECONDARY}]
    assert dump.faults == ()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "0x2032 0x48b 0x1",
        "rdmsr: CPU 0 cannot read MSR 0x0000048b",
        "0x48b",
        "0x48b not supported",
        "MSR 0000048B: < FAILED >",
        "0x10a 0xd6b",
        "the value of 48b is unknown",
        "0x48b: bad address",
        "0x48b: a bad address",
        "x" * 2000 + " 0x48b 1",
    ],
)
def test_left_alone(spec: vmcsgen.Spec, line: str) -> None:
    assert read(spec, line) == Dump("dump.txt", "MSR text", (), 0, ())


def test_value_that_does_not_fit_is_reported_with_its_line(spec: vmcsgen.Spec) -> None:
    dump = read(spec, "0x480 1\n0x48b 0x1057cff0000000000\n")
    assert [dict(each.msrs) for each in dump.processors] == [{0x480: 1}]
    (fault,) = dump.faults
    assert fault.message == "the value of MSR 0x48b does not fit 64 bits: 1057cff0000000000"
    assert (fault.location.line, fault.location.text) == (2, "0x48b 0x1057cff0000000000")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0x48b 0x5ffcff 0x0", "which part of MSR 0x48b is which in 5ffcff 0?"),
        ("48bh: 5ffcffh 0h", "which part of MSR 0x48b is which in 5ffcff 0?"),
        ("0x48b 005ffcff ffff ffff", "which part of MSR 0x48b is which in 005ffcff ffff ffff?"),
        ("0x48b 0000 0000 0000 0000 0001", f"0x48b is which in {'0000 ' * 4}0001?"),
        ("0x48b: edx=0x5ffcff eax=0x100000000", "EAX or EDX of MSR 0x48b does not fit 32 bits"),
    ],
)
def test_numbers_that_may_be_halves_of_anything(
    spec: vmcsgen.Spec, line: str, message: str
) -> None:
    """The first of them was taken for the value."""
    dump = read(spec, line)
    assert dump.processors == ()
    (fault,) = dump.faults
    assert fault.message.endswith(message)


def test_numbers_in_lines_of_json_are_decimal(spec: vmcsgen.Spec) -> None:
    """A block out of what ``caps --format json`` prints; others write hexadecimal text."""
    text = (
        '    "msrs": {\n      "0x480": 61276963466027027,\n      "IA32_VMX_MISC" : 805568741 ,\n'
        '      "0x481": "7f00000016",\n      "0x48a": 46\n    },\n'
    )
    (processor,) = read(spec, text).processors
    assert processor.msrs == {
        0x480: 61276963466027027, 0x485: 805568741, 0x481: 0x7F00000016, 0x48A: 46,
    }  # fmt: skip


def test_letters_alone_are_a_value(spec: vmcsgen.Spec) -> None:
    text = "0x48b: ffffffff ffffffff\n0x48a: 0xfe and more\n0x480: ffff"
    (processor,) = read(spec, text).processors
    assert processor.msrs == {0x48B: (1 << 64) - 1, 0x48A: 0xFE, 0x480: 0xFFFF}


def test_cpus_are_told_apart_by_number(spec: vmcsgen.Spec) -> None:
    text = (
        "CPU 0:\n 0x480 = 1\n 0x48b = 5\nCPU 1:\n 0x480 = 1\n 0x48b = 6\nCPU 2:\n 480 1\n 48b 5\n"
    )
    dump = read(spec, text)
    assert dump.count == 3
    found = [(each.numbers, each.msrs[0x48B]) for each in dump.processors]
    assert found == [((0, 2), 5), ((1,), 6)]


@pytest.mark.parametrize("line", ["cpu3: 0x48b = 7", "CPU#3 48b 7", "[cpu 3] msr 0x48b: 7"])
def test_number_on_the_line_itself(spec: vmcsgen.Spec, line: str) -> None:
    assert [each.numbers for each in read(spec, line).processors] == [(3,)]


def test_commands_with_their_values_below(spec: vmcsgen.Spec) -> None:
    text = (
        "# rdmsr -a 0x48a\n2e\n2e\n# rdmsr -p 1 0x48b\n5\n# rdmsr 0x48b -p0\n4\n# done\n9\n"
        "# rdmsr --all 0x491\n1\n1\n# rdmsr --processor 1 0x492\n3\n"
    )
    dump = read(spec, text)
    assert [(each.numbers, dict(each.msrs)) for each in dump.processors] == [
        ((0,), {0x48A: 0x2E, 0x48B: 4, 0x491: 1}),
        ((1,), {0x48A: 0x2E, 0x48B: 5, 0x491: 1, 0x492: 3}),
    ]


def test_an_address_without_a_value_is_not_the_value_of_the_one_before(spec: vmcsgen.Spec) -> None:
    """As the loop of docs/capability-dumps.md writes what ``rdmsr`` could not read."""
    dump = read(spec, "0x490 3ffff000011fb\n0x491 1\n0x492 \n\n0x493 \n\n0x480\n12\n")
    (processor,) = dump.processors
    assert processor.msrs == {0x490: 0x3FFFF000011FB, 0x491: 1, 0x480: 0x12}


def test_the_value_of_a_command_may_look_like_an_address(spec: vmcsgen.Spec) -> None:
    (processor,) = read(spec, "# rdmsr 0x481\n48a\n# rdmsr 0x48a\n2e\n").processors
    assert processor.msrs == {0x481: 0x48A, 0x48A: 0x2E}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "# rdmsr -a 0x480\n1\n1\n# rdmsr 0x48a\n2e\n# rdmsr -p 1 0x482\n3\n# rdmsr 0x48e\n4\n",
            {(0,): {0x480: 1, 0x48A: 0x2E, 0x48E: 4}, (1,): {0x480: 1, 0x482: 3}},
        ),
        # A heading tells the CPU of what stands below it, whatever is quoted there.
        ("cpu 3\nrdmsr 0x480 = 1\ncpu 4\nrdmsr 0x480 = 2\n", {(3,): {0x480: 1}, (4,): {0x480: 2}}),
    ],
)
def test_a_command_without_a_cpu_asks_cpu_0(
    spec: vmcsgen.Spec, text: str, found: dict[tuple[int, ...], dict[int, int]]
) -> None:
    assert {each.numbers: dict(each.msrs) for each in read(spec, text).processors} == found


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("rdmsr -u 0x48b", "1544809542057984"),
        ("rdmsr --unsigned 0x48b", "1544809542057984"),
        ("rdmsr -d 1163", "1544809542057984"),
        ("rdmsr --dec 0x48b", "1544809542057984"),
        ("rdmsr -o 0x48b", "53717740000000000"),
        ("rdmsr -co 0x48b", "053717740000000000"),
        ("rdmsr -ox 0x48b", "57cff00000000"),
        ("rdmsr -c 0x48b 2>/dev/null", "0x57cff00000000"),
        ("rdmsr 0x48b 2>&1", "57cff00000000"),
        ("rdmsr -X0 0x48b > /dev/stdout", "00057CFF00000000"),
    ],
)
def test_a_command_prints_in_the_base_that_it_asks_for(
    spec: vmcsgen.Spec, command: str, printed: str
) -> None:
    dump = read(spec, f"root@host:~# {command}\n{printed}\n")
    assert [dict(each.msrs) for each in dump.processors] == [{0x48B: SECONDARY}]
    assert dump.faults == ()


def test_signed_values_of_a_command(spec: vmcsgen.Spec) -> None:
    text = "# rdmsr -d 0x482\n-2\n# rdmsr -d 0x481\n-9223372036854775809\n# rdmsr -d 0x480\n-"
    (processor,) = read(spec, f"{text}{1 << 63}\n").processors
    assert processor.msrs == {0x482: (1 << 64) - 2, 0x480: 1 << 63}


def test_options_of_a_command_may_be_joined(spec: vmcsgen.Spec) -> None:
    text = "# rdmsr -0a 0x480\n01\n01\n# rdmsr -xp1 0x48a\n2e\n# rdmsr -p0 0x48b\n5\n"
    assert [(each.numbers, dict(each.msrs)) for each in read(spec, text).processors] == [
        ((0,), {0x480: 1, 0x48B: 5}),
        ((1,), {0x480: 1, 0x48A: 0x2E}),
    ]


@pytest.mark.parametrize("option", ["-f 63:32", "-f63:32", "-0f 63:32", "--bitfield=63:32"])
def test_some_bits_of_an_msr_are_not_its_value(spec: vmcsgen.Spec, option: str) -> None:
    dump = read(spec, f"# rdmsr -a {option} 0x48b\n57cff\n57cff\n# rdmsr 0x48a\n2e\n")
    assert [dict(each.msrs) for each in dump.processors] == [{0x48A: 0x2E}]
    (fault,) = dump.faults
    assert (fault.location.line, fault.message) == (
        2,
        "rdmsr -f printed some bits of MSR 0x48b only: not used",
    )


def test_the_address_of_a_command_is_decimal_without_0x(spec: vmcsgen.Spec) -> None:
    """``rdmsr 480`` reads MSR 0x1e0."""
    assert read(spec, "# rdmsr 480\n57cff\n").processors == ()
    (processor,) = read(spec, "# rdmsr 1152\n57cff\n").processors
    assert processor.msrs == {0x480: 0x57CFF}


def test_unnumbered_repetition_begins_the_next_processor(spec: vmcsgen.Spec) -> None:
    dump = read(spec, "480 1\n48b 2\n480 1\n48b 3\n480 1\n48b 2\n")
    assert dump.count == 3
    assert [each.msrs[0x48B] for each in dump.processors] == [2, 3]


def test_numbered_contradiction_keeps_the_first_and_says_so(spec: vmcsgen.Spec) -> None:
    dump = read(spec, "cpu0 0x48b 2\ncpu0 0x48b 3\ncpu0 0x48b 2\n")
    assert [dict(each.msrs) for each in dump.processors] == [{0x48B: 2}]
    (fault,) = dump.faults
    assert fault.message == "CPU 0 has two values for MSR 0x48b: 0x2 and 0x3"


def test_cpuid_lines_of_cpuid_r(spec: vmcsgen.Spec) -> None:
    text = (
        "CPU 0:\n"
        "   0x00000000 0x00: eax=0x00000020 ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69\n"
        "   0x00000007 0x01: eax=0x00421c30 ebx=0x00000000 ecx=0x00000000 edx=0x00200000\n"
        "0x480 1\n"
    )
    (processor,) = read(spec, text).processors
    assert processor.cpuid[7, 1] == (0x00421C30, 0, 0, 0x00200000)
    assert processor.cpuid[0, 0][1] == 0x756E6547


@pytest.mark.parametrize(
    ("leaf", "registers", "joined"),
    [
        ("0x00000001 0x00", (0x906A4, 0x800800, 0x7FFAFBBF), True),  # APIC id, OSXSAVE
        ("0x00000001 0x00", (0x906A3, 0x400800, 0x77FAFBBF), False),  # another stepping
        ("0x00000001 0x00", (0x906A4, 0x400800, 0xF7FAFBBF), False),  # under a hypervisor
        ("0x00000007 0x00", (1, 0x239CA7EB, 0x98C007AC), True),  # not what features depend on
        ("0x00000007 0x01", (0x20000, 0, 0), False),  # FRED
        ("0x00000007 0x01", (0x401C30, 0, 0), True),  # features that no field depends on
    ],
)
def test_processors_with_the_same_msrs_are_told_apart_by_cpuid(
    spec: vmcsgen.Spec, leaf: str, registers: tuple[int, int, int], joined: bool
) -> None:
    leaves = {
        "0x00000001 0x00": (0x906A4, 0x400800, 0x77FAFBBF),
        "0x00000007 0x00": (1, 0x239CA7EB, 0x98C007BC),
        "0x00000007 0x01": (0, 0, 0),
    }
    found = read(spec, of_cpus(leaves, leaves | {leaf: registers})).processors
    assert [each.numbers for each in found] == ([(0, 1)] if joined else [(0,), (1,)])


def of_cpus(*cpus: dict[str, tuple[int, int, int]]) -> str:
    """A dump of processors with the same MSRs, and EAX to ECX of CPUID leaves of each."""
    lines = []
    for number, leaves in enumerate(cpus):
        lines.append(f"CPU {number}:")
        lines += [
            f"   {key}: eax={a:#010x} ebx={b:#010x} ecx={c:#010x} edx=0x00000000"
            for key, (a, b, c) in leaves.items()
        ]
        lines.append("0x480 1")
    return "\n".join(lines) + "\n"


def test_a_feature_that_is_absent_or_not_told_makes_a_difference(spec: vmcsgen.Spec) -> None:
    text = of_cpus({"0x00000007 0x00": (0, 0, 0)}, {"0x00000007 0x00": (1, 0, 0)})
    assert len(read(spec, text).processors) == 2


def test_a_feature_on_a_new_leaf_tells_processors_apart(spec: vmcsgen.Spec) -> None:
    text = of_cpus({"0x00000024 0x01": (0, 0, 0)}, {"0x00000024 0x01": (0, 1 << 3, 0)})
    assert len(read(spec, text).processors) == 1
    feature = Feature("made_up", "Made up", 0x24, 1, "ebx", 3)
    newer = replace(spec, features=(*spec.features, feature))
    assert len(read(newer, text).processors) == 2


def test_number_of_processors_is_limited(spec: vmcsgen.Spec) -> None:
    dump = read(spec, "\n".join(f"cpu{n} 480 {n:x}" for n in range(PROCESSORS_LIMIT + 500)))
    assert dump.count == PROCESSORS_LIMIT
    assert [fault.message for fault in dump.faults] == [
        f"more than {PROCESSORS_LIMIT} processors: the rest is not read"
    ]
