"""The processor view: the library's answer for known CPUs, pasted dumps and random sets."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import arrived, visit

import vmcsgen
from vmcsgen.capabilities.assess import assess
from vmcsgen.capabilities.dump import Processor, msr_label
from vmcsgen.capabilities.sources import parse, processor
from vmcsgen.core.enumeration import climb, ladder
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.specfile.cpus import KnownCpus

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
DUMPS = FIXTURES / "dumps"
SOURCES = sorted([*DUMPS.iterdir(), *(FIXTURES / "probe").glob("*.log")])

ANSWER = """
    const msrsOf = (plain) => new Map(
        Object.entries(plain).map(([msr, value]) => [Number(msr), BigInt(value)]));
    const answerOf = (processor) => {
        const answer = vmcs.evaluateProcessor(processor);
        const { verdict, errata } = vmcs.judge(answer, processor);
        const having = (truth) => [...answer.existence].filter((each) => each[1] === truth)
            .map((each) => each[0]);
        return {
            msrs: Object.fromEntries([...processor.msrs].map(([a, v]) => [a, v.toString()])),
            truths: Object.fromEntries(answer.truths), fields: having(true),
            undecided: having(null), derived: answer.derived, upper: answer.upper,
            exact: answer.exact, reported: answer.reported?.toString() ?? null,
            verdict, errata: errata.map((each) => each.id),
            rung: answer.rungs[answer.deciding]?.vmcs_enum ?? null,
            readingErrata: vmcs.errataOf(processor).filter((each) => each.kind === "vmread")
                .map((each) => each.id),
        };
    };
    const remarksOn = (processor, self) => ({
        warnings: vmcs.inconsistencies(processor.msrs).map(
            ({ msr, bit, message }) => [bit, `${vmcs.citedMsr(msr)}: ${message}`]),
        alike: vmcs.alike(processor, self).map((each) => each.id),
    });
"""


def answer_of(spec: vmcsgen.Spec, told: Processor, known: KnownCpus) -> dict[str, Any]:
    """The library's answer in the shape of the page's."""
    found = assess(spec, told, known)
    rung = climb(ladder(spec), found.capabilities)
    return {
        "msrs": {str(address): str(value) for address, value in told.msrs.items()},
        "truths": dict(found.capabilities.truths),
        "fields": [field.id for field in found.fields],
        "undecided": [field.id for field in found.undecided],
        "derived": found.enumeration.vmcs_enum,
        "upper": found.enumeration.upper_vmcs_enum,
        "exact": found.enumeration.exact,
        "reported": None if found.reported is None else str(found.reported),
        "verdict": None if found.verdict is None else found.verdict.value,
        "errata": [erratum.id for erratum in found.errata],
        "rung": None if rung is None else rung.vmcs_enum,
        "readingErrata": [erratum.id for erratum in found.reading_errata],
    }


def remarks_on(spec: vmcsgen.Spec, told: Processor, known: KnownCpus) -> dict[str, Any]:
    """What ``caps`` warns of and compares with, in the shape of the page's."""
    found = assess(spec, told, known)
    return {
        "warnings": [
            [each.bit, f"{msr_label(spec, each.msr)}: {each.message}"]
            for each in found.inconsistencies
        ],
        "alike": [cpu.id for cpu in found.alike],
    }


def told_by_page(page: Any, script: str, argument: Any = None) -> Any:
    """What a script returns, as JSON: Playwright itself takes minutes over large answers."""
    return json.loads(
        page.evaluate(f"(argument) => {{ {ANSWER} return JSON.stringify({script}); }}", argument)
    )


def read_by_page(page: Any, texts: list[str]) -> list[list[dict[str, Any]]]:
    """What the page makes of texts: for each, the answers for its processors."""
    found: list[list[dict[str, Any]]] = told_by_page(
        page,
        """argument.map((text) => vmcs.readDump(text).processors.map(
            (each) => ({ ...answerOf(each), ...remarksOn(each), numbers: each.numbers,
                virtual: each.virtual,
                identity: ["vendor", "family", "model", "stepping"].map(
                    (key) => each[key] ?? null) })))""",
        texts,
    )
    return found


def read_by_library(
    spec: vmcsgen.Spec, known: KnownCpus, texts: Iterable[str]
) -> list[list[dict[str, Any]]]:
    found = []
    for text in texts:
        try:
            processors = parse(text.encode(), "dump", spec).processors
        except DiagnosticError:
            processors = ()
        found.append(
            [
                answer_of(spec, each, known)
                | remarks_on(spec, each, known)
                | {
                    "numbers": list(each.numbers),
                    "virtual": assess(spec, each, known).virtual,
                    "identity": identity_of(spec, each, known),
                }
                for each in processors
            ]
        )
    return found


def identity_of(spec: vmcsgen.Spec, told: Processor, known: KnownCpus) -> list[str | int | None]:
    """Vendor, family, model and stepping."""
    found = assess(spec, told, known).identity
    return [found.vendor, found.family, found.model, found.stepping]


def test_every_known_cpu_gets_the_answer_of_the_library(
    page: Any, spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    answers = told_by_page(
        page,
        """vmcs.facts.cpus.map((cpu) => [cpu.id, {
            ...answerOf(vmcs.knownProcessor(cpu)), ...remarksOn(vmcs.knownProcessor(cpu), cpu),
        }])""",
    )
    assert len(answers) == len(known.cpus) > 40
    for (identity, answer), cpu in zip(answers, known.cpus, strict=True):
        assert identity == cpu.id
        told = processor(cpu)
        assert answer == answer_of(spec, told, known) | remarks_on(spec, told, known), cpu.id


def test_random_capabilities_get_the_answer_of_the_library(
    page: Any, spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    chosen = random.Random(48_010)
    processors = [random_processor(chosen, spec) for _ in range(3000)]
    sent = [
        [
            {str(address): str(value) for address, value in each.msrs.items()},
            dict(each.controls),
            dict(each.features),
            each.virtual,
        ]
        for each in processors
    ]
    answers = told_by_page(
        page,
        """argument.map(([msrs, controls, features, virtual]) => answerOf({
            msrs: msrsOf(msrs), controls: new Map(Object.entries(controls)),
            features: new Map(Object.entries(features)), virtual, vendor: "",
        }))""",
        sent,
    )
    for told, answer in zip(processors, answers, strict=True):
        assert answer == answer_of(spec, told, known), told
    derived = {answer["derived"] for answer in answers}
    assert {rung.vmcs_enum for rung in ladder(spec)} <= derived
    assert {answer["exact"] for answer in answers} == {True, False}


def test_random_capabilities_are_contradicted_in_the_words_of_the_library(
    page: Any, spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    chosen = random.Random(10)
    processors = [random_processor(chosen, spec) for _ in range(100)]
    found = told_by_page(
        page,
        "argument.map((msrs) => remarksOn({ msrs: msrsOf(msrs) }))",
        [{str(a): str(value) for a, value in each.msrs.items()} for each in processors],
    )
    for told, remarks in zip(processors, found, strict=True):
        assert remarks == remarks_on(spec, told, known)
    told_of = {
        re.sub(r"\d+|\S*[._]\S*", "", text) for each in found for _, text in each["warnings"]
    }
    assert len(told_of) > 6  # every kind of contradiction came up


def random_processor(chosen: random.Random, spec: vmcsgen.Spec) -> Processor:
    """MSRs of which some lack, with few or many bits set, and what else a source can tell."""
    msrs = {0x480: chosen.getrandbits(64)} if chosen.random() < 0.9 else {}
    density = chosen.choice((0.02, 0.2, 0.5, 0.9, 1))
    for group in spec.groups:
        for msr in (group.msr, group.true_msr):
            if msr is not None and chosen.random() < 0.9:
                msrs[msr] = sum(1 << bit for bit in range(64) if chosen.random() < density)
    if chosen.random() < 0.8:
        msrs[0x48A] = chosen.choice((chosen.randrange(0, 0x60, 2), chosen.getrandbits(64)))
    some = chosen.random() * 0.3
    controls = {name: chosen.random() < 0.5 for name in spec.controls if chosen.random() < some}
    features = {
        name: chosen.random() < 0.5 for name in spec.feature_by_name if chosen.random() < 0.5
    }
    virtual = chosen.choice((True, False, None))
    return Processor(None, (), msrs, {}, controls, features, virtual)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_dump_is_read_as_the_library_reads_it(
    page: Any, spec: vmcsgen.Spec, known: KnownCpus, path: Path
) -> None:
    text = path.read_text("latin-1" if path.suffix == ".log" else "utf-8")
    (found,) = read_by_page(page, [text])
    assert found and [found] == read_by_library(spec, known, [text])


def test_spellings_are_read_as_the_library_reads_them(
    page: Any, spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    texts = [
        "0x48b 0x7cff00000000",
        "MSR 0000048B: 0005-7CFF-0000-0000",
        "48b=7CFF00000000",
        "IA32_VMX_PROCBASED_CTLS2 (0x48b): 0x007cff0000000000",
        "msr_ia32_vmx_misc 30040165\ncpu3: 48a 2e\ncpu 3: 48b edx 7cff eax 0",
        "# rdmsr -p 2 0x48b\n7cff00000000\n# rdmsr -a 0x48a\n2e\n2e\n2c",
        '{"0x48b": "0x7cff00000000", "IA32_VMX_VMCS_ENUM": 46}',
        '{"msrs": {"0x480": 61276963466027027, "0x48b": 18446744073709551615}}',
        "[cpu 0] 0x480 = 3da050000000013",
        "0x48b 0x17cff0000000000000",
        "nothing of the kind",
        "",
        "0x48b 0x1\n0x48b 0x2\n0x48b 0x1",
        "rdmsr 0x48b -p 3\n7cff00000000\n* 0x48a -> 2e",
        '{"0x48b": 1, "48B": 2, "vmx_misc": true, "0x48a": -1}',
        "0x490 3ffff000011fb\n0x491 1\n0x492 \n\n0x493 \n\n0x480\n12\n",
        "# rdmsr 0x481\n48a\n# rdmsr 0x48a\n2e\n",
        "# rdmsr -a 0x480\n1\n1\n# rdmsr 0x48a\n2e\n# rdmsr -p 1 0x482\n3\n# rdmsr 0x48e\n4\n",
        "cpu 3\nrdmsr 0x480 = 1\ncpu 4\nrdmsr 0x480 = 2\n",
        "# rdmsr -u 0x48b\n1544809542057984\n# rdmsr --oct 1152\n17\n# rdmsr -d 0x482\n-2",
        "# rdmsr -0a 0x480\n01\n01\n# rdmsr -xp1 0x48a\n2e\n# rdmsr -p0 0x48b 2>/dev/null\n5",
        "48bh: 00057cffh 00000000h\n0x48a: bad address\n0x480: ffff\n0x482 ffffffff ffffffff",
        "0x48b 0x5ffcff 0x0\n0x48a: 0xfe and more\n0x480 edx=5h eax=6h",
        '"0x480": 61276963466027027,\n "0x481": "7f00000016",\n"0x48a" : 46 }\n"48b": 9' + "9" * 20,
        '{\n"0x480": 1,\n"0x48a": 46,\n',
        '{"0x480": 1}\n480 1',
        '{"0x480": NaN, "0x48a": 46, "0x481": -Infinity, "vendor": "NaN"}',
        '{"msrs": null, "0x48a": 46}',
        '{"msrs": null, "cpu": {"0x48a": 46}}',
        '{"__proto__": {"msrs": {"0x48a": 46}}, "constructor": 1}',
        "Basic VMX Information\n  Hex: 0x1\nconstructor\n  Hex: 0x2\n  NMI exiting   yes\n",
        "<cpu><feature policy='constructor' name='vmx-ept'/><feature name='vmx-vpid'/></cpu>",
        "<cpu><feature name='constructor'/><__proto__ name='vmx'/><feature name='vmx-pml'/></cpu>",
        '[{"0x480": 1}, {"0x48a": 46]',
        '[ "0x480" ] 0x48a 2e',
        "[\t[0x480 1]]",
        "{ 0x480 = 1",
        "# rdmsr -d 0x480\n-9999999999999999999\n# rdmsr 480\n1\n# rdmsr -o 0x48a\n18\n",
        "# rdmsr -a -0f 63:32 0x48b\n5\n5\n# rdmsr --bit=63:32 0x48b: 5\n# rdmsr 0x48a\n2e",
        '{"0x48b": true, "48b": 2, "0x480": 1.5, "0x482": 2e3, "0x48a": 01}',
        '{"0x48b": 1.8e19, "0x48a": 46}',
    ]
    assert read_by_page(page, texts) == read_by_library(spec, known, texts)


def test_a_stick_that_bore_a_longer_log_is_read_as_the_library_reads_it(
    page: Any, spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    older, log = (
        (FIXTURES / f"probe/bochs-2.7-{model}.log").read_text("latin-1")
        for model in ("tigerlake", "core_duo_t2400_yonah")
    )
    rest = older[len(log) :]
    _, silicon = log.split("\n", 1)
    texts = [
        log + rest, log + rest.replace("@vmcs1", "@vmcs1 00ff x @vmcs1", 1), rest,
        silicon, log + silicon, silicon + log,
    ]  # fmt: skip
    found = read_by_page(page, texts)
    assert found == read_by_library(spec, known, texts)
    assert [len(each) for each in found] == [1, 1, 0, 1, 1, 1]
    assert found[5] == found[0] != found[4] == found[3]


def test_reports_of_caps_and_models_are_read_as_the_library_reads_them(
    page: Any, spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    told = {"msrs": {"0x480": 1, "0x48a": 2}, "logical_cpus": [4, True, 6], "vendor": "Intel",
            "family": 6, "model": 0x45, "stepping": 1, "virtual": False}  # fmt: skip
    props = {"vmx": True, "vmx-ept": True, "vendor": "GenuineIntel", "level": 6, "family": 6,
             "model": 94, "stepping": 3}  # fmt: skip
    off = {f"vmx-{number}": False for number in range(50)}
    texts = [
        json.dumps([told, told | {"stepping": 2}, told | {"logical_cpus": [9]}]),
        json.dumps(told | {"vendor": "CentaurHauls"}),
        json.dumps(told | {"vendor": None, "family": 6.0}),
        json.dumps({"model": {"name": "x", "props": props}}),
        json.dumps({"model": {"name": "x", "props": props | off | {"fred": False, "apxf": True}}}),
        json.dumps({"model": {"name": "x", "props": props | off}}),
        json.dumps({"model": {"name": "x", "props": props | {"vendor": 123456789012}}}),
        json.dumps({"model": {"name": "x", "props": props | {"vmx": False}}}),
        "<cpu><feature name='vmx-ept'/><feature policy='disable' name='vmx'/></cpu>"
        "<cpu><feature name='vmx-ept'/></cpu>",
        "<cpu><mode name='custom'><blockers model='x'><feature name='vmx-ept'/></blockers></mode>"
        "<mode name='custom' supported='no'/><feature name='fred'/><feature name='vmx-pml'/></cpu>",
    ]
    found = read_by_page(page, texts)
    assert found == read_by_library(spec, known, texts)
    assert [each["numbers"] for each in found[0]] == [[4, 6, 9], [4, 6]]
    assert found[0][0]["errata"] and not found[1][0]["errata"]
    assert [len(each) for each in found] == [2, 1, 1, 1, 1, 1, 1, 0, 1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "# rdmsr -a -f 63:32 0x48b\n57cff\n57cff\n",
        "0x48b 0x5ffcff 0x0",
        "0x48b 0000 0000 0000 0000 0001",
        "0x48b edx=5ffcff eax=100000000",
        '{"0x480": 1, "0x482": 1.8445055215326585e19}',
        '{"0x480": 1, "0x48b": [1]}',
        '{"0x480": 1, "0x48b": true}',
        '{"model": {"props": {"vmx": false, "vmx-ept": true}}}',
        "<cpu><feature name='vmx-ept'/><feature policy='forbid' name='vmx'/></cpu>",
    ],
)
def test_what_is_wrong_with_a_dump_is_told_in_the_words_of_the_library(
    page: Any, spec: vmcsgen.Spec, text: str
) -> None:
    faults = parse(text.encode(), "dump", spec).faults
    assert len(faults) == 1
    assert told_by_page(page, "vmcs.readDump(argument).faults", text) == [
        each.message for each in faults
    ]


def test_json_that_is_cut_is_refused_as_the_library_does(page: Any, spec: vmcsgen.Spec) -> None:
    text = '{"msrs": {\n"0x480": 61276963466027027,\n"0x48a": 46,\n'
    with pytest.raises(DiagnosticError, match="not JSON"):
        parse(text.encode(), "dump", spec)
    found = told_by_page(page, "vmcs.readDump(argument)", text)
    assert found == {
        "format": "JSON", "processors": [], "faults": ["not JSON: cut short, or damaged"],
    }  # fmt: skip


def test_processors_beyond_the_limit_are_left_out_as_the_library_does(
    page: Any, spec: vmcsgen.Spec
) -> None:
    text = "".join(f"cpu{number} 0x48b {number:x}\n" for number in range(5000))
    found = told_by_page(
        page,
        """vmcs.readDump(argument).processors.map(
            (each) => [each.numbers, each.msrs.get(0x48b).toString()])""",
        text,
    )
    assert found == [
        [list(each.numbers), str(each.msrs[0x48B])]
        for each in parse(text.encode(), "dump", spec).processors
    ]


def test_damaged_dumps_are_read_as_the_library_reads_them(
    page: Any, spec: vmcsgen.Spec, known: KnownCpus
) -> None:
    chosen = random.Random(11)
    texts = []
    for path in SOURCES:
        text = path.read_text("utf-8")
        for _ in range(40):
            texts.append(damage(text, chosen))
    for text, found, expected in zip(
        texts, read_by_page(page, texts), read_by_library(spec, known, texts), strict=True
    ):
        assert found == expected, text


def damage(text: str, chosen: random.Random) -> str:
    """``text`` with lines lost, doubled or swapped, and characters changed."""
    lines = text.split("\n")
    for _ in range(chosen.randint(1, 4)):
        place, other = chosen.randrange(len(lines)), chosen.randrange(len(lines))
        match chosen.randrange(4):
            case 0:
                lines[place : place + chosen.randint(1, 5)] = []
                lines = lines or [""]
            case 1:
                lines.insert(place, lines[other])
            case 2:
                lines[place], lines[other] = lines[other], lines[place]
            case _:
                line = lines[place]
                column = chosen.randrange(len(line) + 1)
                lines[place] = (
                    line[:column] + chosen.choice('0fxg :=-<>[]{}",') + line[column + 1 :]
                )
    return "\n".join(lines)


def test_known_cpu_is_chosen_and_its_deciding_rung_is_marked(open_page: Any) -> None:
    page = open_page("#processors")
    page.select_option("#known-cpu", "i7-4770r")
    arrived(page, "#processors=i7-4770r")
    values = page.locator(".tile-value").all_inner_texts()
    assert values == ["0x2e", "0x2a", "too low, as errata say", "137"]
    assert "HSD70" in page.locator(".tile.bad").inner_text()
    rung = page.locator(".rung[aria-current=true]")
    assert rung.count() == 1
    assert rung.locator(".rung-value").inner_text() == "0x2e"
    assert rung.locator(".rung-state").inner_text() == "decides"
    page.select_option("#existence-filter", "true")
    assert page.locator("#existence-table tbody tr").count() == 137


def test_no_processor_chosen_is_no_processor_shown(open_page: Any) -> None:
    page = open_page("#processors=i7-4770r")
    page.select_option("#known-cpu", "")
    assert page.locator("#processor-result").inner_text() == ""
    assert page.locator("#existence").is_hidden()
    assert page.evaluate("location.hash") == "#processors"
    visit(page, "#map")
    assert page.locator("#map-cpu").is_hidden()


def test_nothing_is_shown_after_coming_back_that_does_not_count(open_page: Any) -> None:
    """What a browser restores by itself, no script hears of."""
    page = open_page("#processors")
    page.fill("#dump", "0x480 00da040000000012\n0x48a 2e")
    page.select_option("#feature-fred", "yes")
    visit(page, "#projects")
    page.check("#matrix-lacking")
    page.goto("about:blank")
    page.go_back()
    page.wait_for_function("globalThis.vmcs")
    assert not page.is_checked("#matrix-lacking")
    visit(page, "#processors")
    assert page.input_value("#dump") == page.input_value("#feature-fred") == ""
    assert page.locator("#processor-result").inner_text() == ""


def test_pasted_msrs_are_explained_bit_by_bit(open_page: Any) -> None:
    page = open_page("#processors")
    page.fill("#dump", "0x480 00da040000000012\n0x482 fff9fffe0401e172\n0x48e fff9fffe04006172\n"
              "0x48b 0200 0000 0000 0000\n0x48a 2e")  # fmt: skip
    row = page.locator("#existence-table tr", has_text="TSC multiplier")
    assert row.locator("td.state").inner_text() == "exists"
    assert "0x48b bit 57 is 1" in row.inner_text()
    assert "0x48e bit 63 is 1" in row.inner_text()
    row = page.locator("#existence-table tr", has_text="EPT pointer").first
    assert "0x48b bit 33 is 0" in row.inner_text()
    assert page.locator(".tile-note").first.inner_text().startswith("at least; at most")
    page.select_option("#feature-fred", "yes")
    assert page.locator(".tile-value").first.inner_text() == "0x52"


def test_contradictions_in_msrs_are_told(open_page: Any) -> None:
    page = open_page("#processors")
    page.fill("#dump", "0x480 00da040000000012\n0x48b 0000000100000002\n0x48a 1000")
    told = page.locator("#processor-result .verdict.warn")
    assert told.locator("summary").inner_text() == "2 contradictions in these MSRs"
    assert told.locator("li").all_inner_texts() == [
        "IA32_VMX_VMCS_ENUM (0x48A): bit 12 is reserved, zero, but reads 1 (SDM A.9)",
        "IA32_VMX_PROCBASED_CTLS2 (0x48B): bit 1 says that secondary.enable_ept must be 1, "
        "bit 33 that it can't be",
    ]
    page.fill("#dump", "0x480 00da040000000012\n0x48b 0000000100000000\n0x48a 2e")
    assert told.count() == 0


def test_text_without_msrs_and_hostile_text_are_answered(open_page: Any) -> None:
    page = open_page("#processors")
    page.fill("#dump", "<img src=x onerror=alert(1)> no MSR")
    assert "No VMX capability MSR" in page.locator("#processor-result").inner_text()
    page.fill("#dump", "cpu0 0x48b 1\ncpu1 0x48b 2\n<cpu><msr index='0x48b'")
    assert "2 different processors" in page.locator("#processor-result").inner_text()
    page.fill("#dump", "[" * 1000)
    assert "No VMX capability MSR" in page.locator("#processor-result").inner_text()


@pytest.mark.parametrize(
    ("repeated", "times"),
    [
        ("cpu ", 500_000),
        ("cpu", 500_000),
        ("0x48b ", 100_000),
        ("[", 500_000),
        ('{"a":', 200_000),
        ("<cpu ", 200_000),
        ("<!--", 200_000),
        ("<msr index='0x48b' eax='1'>\n", 50_000),
        ("Basic VMX Information\n  Hex: 0x1\n", 50_000),
        ("---[ MSR Registers ------[", 50_000),
        ("HM: MSR_IA32_VMX_BASIC" + " " * 50, 20_000),
        ("0x48b 0x1\n", 200_000),
    ],
)
def test_hostile_text_is_read_in_bounded_time(page: Any, repeated: str, times: int) -> None:
    spent, processors = page.evaluate(
        """([repeated, times]) => {
            const text = repeated.repeat(times).slice(0, 4 << 20);
            const start = performance.now();
            const { processors } = vmcs.readDump(text);
            return [performance.now() - start, processors.length];
        }""",
        [repeated, times],
    )
    assert spent < 10_000
    assert processors <= 4096


def test_processors_of_a_dump_are_told_apart(open_page: Any) -> None:
    page = open_page("#processors")
    page.set_input_files("#dump-file", str(DUMPS / "aida64-lakefield.txt"))
    page.wait_for_selector("#dump-place")
    assert page.locator("#dump-place option").all_inner_texts() == ["CPU 0, 1", "CPU 4"]
    secondary = page.locator(".msrs tr", has_text="IA32_VMX_PROCBASED_CTLS2").locator("td").last
    assert secondary.text_content() == "0x035d6fff00000000"
    page.select_option("#dump-place", "1")
    assert secondary.text_content() == "0x435d6fff00000000"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_dump_over_the_limit_is_cut_between_lines_and_that_is_told(
    open_page: Any, tmp_path: Path, end: str
) -> None:
    begin, cut = f"0x480 0x00da040000000012{end}", "0x48b 0x0002"
    # The limit falls behind what seems a whole line, however lines end.
    filler = (4 << 20) - len(begin.replace(end, "\n") + "\n" + cut)
    text = f"{begin}{'#' * filler}{end}{cut}00ff00000000{end}"
    (tmp_path / "large.txt").write_text(text, newline="")
    page = open_page("#processors")
    page.set_input_files("#dump-file", tmp_path / "large.txt")
    told = page.locator("#processor-result .verdict.bad")
    told.wait_for()
    assert told.all_inner_texts() == ["only the first 4 MiB were read"]
    assert page.locator(".msrs tr").count() == 1


def test_pasted_text_over_the_limit_is_cut_between_lines_and_that_is_told(open_page: Any) -> None:
    page = open_page("#processors")
    shown = page.evaluate(
        """(ends) => ends.map((end) => {
            document.getElementById("dump").value =
                "0x480 12" + end + "#".repeat(4 << 20) + end + "0x48a 2e";
            document.getElementById("dump").dispatchEvent(new Event("input"));
            return [...document.querySelectorAll("#processor-result .verdict.bad, .msrs th")]
                .map((each) => each.textContent);
        })""",
        ["\n", " "],
    )
    told = "only the first 4 MiB were read"
    assert shown[0] == [told, "IA32_VMX_BASIC"]
    assert shown[1][1:] == [told]
    assert "No VMX capability MSR" in shown[1][0]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_file_is_decoded_by_its_mark(open_page: Any, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "dump.txt"
    path.write_bytes("\ufeff0x480 0x00da040000000012\r\n0x48a 0x2e\r\n".encode(encoding))
    page = open_page("#processors")
    # The standard's text(), which knows UTF-8 only: Chromium's own looks at the mark.
    page.evaluate(
        """() => {
            Blob.prototype.text = async function () {
                return new TextDecoder().decode(await this.arrayBuffer());
            };
        }"""
    )
    page.set_input_files("#dump-file", path)
    page.locator("#processor-result > *").first.wait_for()
    assert page.locator(".msrs tr").count() == 2
    assert page.input_value("#dump") == "0x480 0x00da040000000012\n0x48a 0x2e\n"


def test_map_shows_only_what_the_chosen_processor_has(open_page: Any) -> None:
    page = open_page("#processors=i7-4770r")
    visit(page, "#map")
    assert page.locator(".cell.truth-true").count() == 137
    page.uncheck("#map-cpu")
    assert page.locator(".cell.truth-true").count() == page.locator(".cell").count()
