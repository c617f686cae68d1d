"""``caps``, ``cpus``, ``diff`` and ``annotate`` as a user runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import vmcsgen
from vmcsgen.cli import main

DUMPS = Path(__file__).resolve().parent.parent.parent / "fixtures/dumps"
LAKEFIELD = str(DUMPS / "aida64-lakefield.txt")

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def as_json(capsys: Capture, *arguments: str) -> Any:
    status, out, err = run(capsys, *arguments, "--format", "json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_caps_json_has_the_shape_of_the_contract(capsys: Capture, spec: vmcsgen.Spec) -> None:
    shown = as_json(capsys, "caps", "i9-12900k")
    assert shown["source"] == "i9-12900k"
    assert shown["cpu"] == "12th Gen Intel(R) Core(TM) i9-12900K"
    assert shown["msrs"]["0x48b"] == 0xF5F7FFF00000000
    assert set(shown["controls"]) == set(spec.controls)
    assert shown["controls"]["secondary.use_tsc_scaling"] is True
    assert shown["controls"]["secondary.enable_encls_exiting"] is False
    assert shown["controls"]["tertiary.enable_hlat"] is None
    assert "tsc_multiplier" in shown["fields"]
    assert "guest_deadline" in shown["undecided"]
    assert shown["decided_by"]["guest_deadline"] == ["0x492"]
    assert shown["vmcs_enum"] == {
        "derived": 0x44, "exact": False, "upper": 0x4E, "reported": 0x2E,
        "verdict": "too_low_capped", "errata": [],
    }  # fmt: skip


def test_caps_json_of_several_cpus_is_an_array(capsys: Capture) -> None:
    shown = as_json(capsys, "caps", LAKEFIELD)
    assert [each["logical_cpus"] for each in shown] == [[0, 1], [4]]
    assert [each["alike"] for each in shown] == [["i5-l16g7-tremont"], ["i5-l16g7-sunny-cove"]]


def test_caps_json_can_be_read_again(capsys: Capture, tmp_path: Path) -> None:
    dumps = [str(DUMPS / name) for name in ("libvirt-cooperlake.xml", "rdmsr-i7-7700k.txt")]
    for number, source in enumerate(("i9-12900k", "i7-3770k", LAKEFIELD, *dumps)):
        first = as_json(capsys, "caps", source)
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(first))
        second = as_json(capsys, "caps", str(path))
        for left, right in zip(
            first if isinstance(first, list) else [first],
            second if isinstance(second, list) else [second],
            strict=True,
        ):
            # Of a known CPU the one that it is itself is not told as one like it.
            assert set(left["alike"]) | {left["source"]} >= set(right["alike"])
            for key in left.keys() - {"source", "format", "alike"}:
                assert left[key] == right[key], key
    assert as_json(capsys, "caps", f"{tmp_path / '2.json'}@4")["logical_cpus"] == [4]


def test_caps_without_vmcs_enum_reports_null(capsys: Capture) -> None:
    shown = as_json(capsys, "caps", "nested-cooperlake")
    assert shown["vmcs_enum"]["reported"] is None
    assert shown["vmcs_enum"]["verdict"] is None
    assert shown["virtual"] is True


def test_caps_text_tells_everything(capsys: Capture) -> None:
    status, out, err = run(capsys, "caps", "i7-3770k")
    assert (status, err) == (0, "")
    for line in (
        "  derived   0x2e: index 23, of vmx_preemption_timer_value",
        "  reported  0x2a",
        "  verdict   too low, as errata say: BV102, BU105",
        "  VMREAD    BV29, BU29: VMREAD or VMWRITE of an unsupported field may succeed.",
        "    none: primary.activate_tertiary_controls is not supported",
        "134 of 207 fields exist",
        "  B-1 16-bit control fields: 1 of 6",
    ):
        assert line in out.splitlines(), line
    assert all(len(line) <= 100 for line in out.splitlines())


def test_caps_text_of_what_is_not_exact(capsys: Capture) -> None:
    lines = run(capsys, "caps", "i9-12900k")[1].splitlines()
    assert "  derived   at least 0x44: index 34, of secondary_vm_exit_controls" in lines
    assert any(line.startswith("            0x4e at most; undecided: ") for line in lines)
    assert "  IA32_VMX_PROCBASED_CTLS3 (0x492)" in lines


def test_caps_text_of_a_hybrid_processor_compares_the_kinds(capsys: Capture) -> None:
    status, out, _ = run(capsys, "caps", LAKEFIELD)
    assert status == 0
    assert out.startswith("3 logical CPUs, of 2 kinds\n")
    differ = out.partition(" differ:\n")[2].splitlines()
    assert "  +   secondary.vmm_bus_lock_detection" in differ
    assert (
        "      IA32_VMX_PROCBASED_CTLS2 (0x48B): 0x35d6fff00000000 -> 0x435d6fff00000000" in differ
    )


def test_kinds_without_numbers_are_called_as_they_can_be_chosen(
    capsys: Capture, tmp_path: Path
) -> None:
    path = tmp_path / "dump.txt"
    path.write_text("0x480 1\n0x48b 0\n0x480 1\n0x48b 1\n")
    _, out, err = run(capsys, "caps", str(path))
    assert f"\n{path}@0 and {path}@1 differ:\n" in out
    assert f"{path}@1: warning: " in err


def test_caps_warns_of_contradictions_and_names_the_bit(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "dump.txt"
    path.write_text("0x481 0x7f00000016\n0x48d 0xff00000016\n0x480 0xda040000000004\n")
    status, out, err = run(capsys, "caps", str(path))
    assert status == 1
    assert "IA32_VMX_VMCS_ENUM" in out
    assert "warning: IA32_VMX_TRUE_PINBASED_CTLS (0x48D): bit 39" in err
    status, out, err = run(capsys, "caps", str(path), "--format", "json")
    assert (status, err) == (1, "")
    assert [each["bit"] for each in json.loads(out)["warnings"]] == [39]


def test_caps_never_shows_control_characters(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "dump\x1b[31m.json"
    path.write_text(json.dumps({"msrs": {"0x480": "1"}, "cpu": "evil\x1b]0;title\x07\n"}))
    _, out, err = run(capsys, "caps", str(path))
    assert "\x1b" not in out + err
    assert "\x07" not in out + err


@pytest.mark.parametrize(
    ("field", "lines"),
    [
        (
            "tsc_multiplier",
            [
                "TSC multiplier (0x2032) exists on i9-12900k",
                "    secondary.use_tsc_scaling: yes; bit 57 of IA32_VMX_PROCBASED_CTLS2 (0x48B) = "
                "0xf5f7fff00000000 is 1",
            ],
        ),
        (
            "0x2034",
            ["    primary.activate_tertiary_controls: yes; bit 49 of IA32_VMX_TRUE_PROCBASED_CTLS"],
        ),
        (
            "guest_deadline",
            [
                "Guest deadline (0x2830) can't be decided on i9-12900k",
                "  IA32_VMX_PROCBASED_CTLS3 (0x492) would decide it",
            ],
        ),
        ("injected_event_data", ["    cpuid.fred: no; the source says so by name"]),
        ("exit_reason", ["    every processor with VMX has it"]),
        ("guest_ia32_pat", ["    one of these: yes"]),
    ],
)
def test_caps_why(capsys: Capture, field: str, lines: list[str]) -> None:
    status, out, _ = run(capsys, "caps", "i9-12900k", "--why", field)
    assert status == 0
    for line in lines:
        assert any(shown.startswith(line) for shown in out.splitlines()), out


def test_caps_why_of_an_inference_and_in_json(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "dump.txt"
    path.write_text("0x480 0x07da060000000015\n")
    _, out, _ = run(capsys, "caps", str(path), "--why", "injected_event_data")
    assert "inferred: bit 58 of IA32_VMX_BASIC (0x480) is set" in out
    shown = as_json(capsys, "caps", str(path), "--why", "injected_event_data")
    assert shown["exists"] is True
    assert shown["steps"][0]["name"] == "cpuid.fred"


def test_caps_why_of_no_field_suggests(capsys: Capture) -> None:
    status, _, err = run(capsys, "caps", "i9-12900k", "--why", "tsc_multiplyer")
    assert status == 2
    assert "tsc_multiplier" in err


def test_cpus_table(capsys: Capture) -> None:
    status, out, _ = run(capsys, "cpus")
    assert status == 0
    rows = out.splitlines()
    assert rows[0].split() == [
        "id", "year", "microarchitecture", "fields", "derived", "reported", "verdict",
    ]  # fmt: skip
    assert len(rows) == 51
    years = [row[24:28] for row in rows[1:41]]
    assert years == sorted(years)


def test_cpus_json_and_kind(capsys: Capture) -> None:
    shown = as_json(capsys, "cpus", "--kind", "hardware")
    assert len(shown) == 40
    assert {each["kind"] for each in shown} == {"hardware"}


def test_cpus_field_says_where_it_first_appears(capsys: Capture) -> None:
    status, out, _ = run(capsys, "cpus", "--field", "TSC_MULTIPLIER")
    assert status == 0
    assert "First in 2014: Haswell (EP/E) (xeon-e5-2696-v3)." in out.splitlines()
    shown = as_json(capsys, "cpus", "--field", "0x2052")
    assert shown["first"] == "core-7-350"
    assert [cpu for cpu, truth in shown["cpus"].items() if truth] == ["core-7-350"]


def test_cpus_field_that_none_has(capsys: Capture) -> None:
    status, out, _ = run(capsys, "cpus", "--field", "guest_deadline")
    assert status == 1
    assert "It exists on 0 of 50 CPUs, " in out


def test_cpus_revision(capsys: Capture) -> None:
    shown = as_json(capsys, "cpus", "--revision")
    assert [each for each in shown if len(each["reported"]) != 1] == []
    assert run(capsys, "cpus", "--revision")[1].startswith("revision  reported  processors\n")


def test_diff_of_cpus(capsys: Capture) -> None:
    status, out, _ = run(capsys, "diff", "i7-7700k", "i9-12900k")
    assert status == 1
    lines = out.splitlines()
    assert lines[:2] == ["--- i7-7700k", "+++ i9-12900k"]
    assert "-   encls_exiting_bitmap, guest_ia32_bndcfgs" in lines
    assert "    derived: 0x2e -> at least 0x44" in lines
    assert run(capsys, "diff", "i7-7700k", "i7-7700k")[:2] == (
        0, "--- i7-7700k\n+++ i7-7700k\nno difference\n",
    )  # fmt: skip


def test_diff_is_antisymmetric(capsys: Capture) -> None:
    sides = []
    for pair in (("xeon-8351n", "i9-11900k"), ("i9-11900k", "xeon-8351n")):
        status, out, _ = run(capsys, "diff", *pair, "--format", "json")
        assert status == 1
        sides.append(json.loads(out))
    assert sides[0]["added"] == sides[1]["removed"] != {"fields": [], "controls": []}
    assert sides[0]["removed"] == sides[1]["added"]


def test_diff_of_two_cpus_of_one_dump(capsys: Capture) -> None:
    status, out, _ = run(capsys, "diff", f"{LAKEFIELD}@0", f"{LAKEFIELD}@4")
    assert status == 1
    assert "+   secondary.vmm_bus_lock_detection" in out.splitlines()
    status, _, err = run(capsys, "diff", LAKEFIELD, "i7-7700k")
    assert status == 2
    assert f"choose one by its logical CPU: {LAKEFIELD}@0" in err


def test_diff_of_specs(capsys: Capture, checkout: Path, tmp_path: Path) -> None:
    old = checkout / "tests/golden/spec"
    assert run(capsys, "diff", str(old), str(old))[0] == 0
    new = tmp_path / "spec"
    shutil.copytree(old, new)
    path = new / "fields/b04.yaml"
    added = (
        "  - {id: pid_pointer_table_address, title: PID-pointer table address, encoding: 0x2042,\n"
        "     requires: always, sources: [manual]}\n"
    )
    path.write_text(path.read_text().replace("title: TSC multiplier", "title: TSC factor") + added)
    status, out, err = run(capsys, "diff", str(old), str(new))
    assert (status, err) == (1, "")
    assert out.splitlines()[2:] == [
        "+ 1 field",
        "+   pid_pointer_table_address (0x2042)",
        "fields",
        "    0x2032 title: TSC multiplier -> TSC factor",
        "VMCS_ENUM",
        "    largest: 0x32 -> 0x42",
    ]


def test_diff_of_specs_tells_all_that_breaks_users(
    capsys: Capture, checkout: Path, tmp_path: Path
) -> None:
    new = tmp_path / "spec"
    shutil.copytree(checkout / "spec", new)
    for path, before, after in (
        ("controls/secondary_exit.yaml", "msr: 0x493", "msr: 0x494"),
        ("controls/cpuid.yaml", "bit: 17\n", "bit: 18\n"),
        ("controls/tertiary.yaml", "primary.activate_tertiary", "primary.activate_secondary"),
        ("projects/linux.yaml", "EPT_POINTER", "EPT_PTR"),
    ):
        text = (new / path).read_text("utf-8")
        assert before in text
        (new / path).write_text(text.replace(before, after, 1), "utf-8")
    status, out, err = run(capsys, "diff", str(checkout / "spec"), str(new))
    assert (status, err) == (1, "")
    lines = [line.strip() for line in out.splitlines()]
    assert "-   linux EPT_POINTER, linux EPT_POINTER_HIGH" in lines
    assert "+   linux EPT_PTR, linux EPT_PTR_HIGH" in lines
    assert "secondary_exit.save_fred bit: MSR 0x493 bit 0 -> MSR 0x494 bit 0" in lines
    feature = "CPUID leaf 0x7 subleaf 0x1 eax bit"
    assert f"cpuid.fred bit: {feature} 17 -> {feature} 18" in lines
    activating = "primary.activate_tertiary_controls -> primary.activate_secondary_controls"
    assert f"tertiary activated by: {activating}" in lines
    status, _, err = run(capsys, "diff", str(checkout / "spec"), str(new), "--breaking")
    assert (status, err) == (1, "")


def test_diff_of_a_spec_and_a_cpu(capsys: Capture, checkout: Path) -> None:
    status, _, err = run(capsys, "diff", str(checkout / "spec"), "i7-7700k")
    assert status == 2
    assert "i7-7700k: error: is no spec folder, and a spec (" in err


def test_annotate_file(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"vmread failed: field=2032\n\xff\n")
    assert main(["annotate", str(path)]) == 0
    assert capfdbinary.readouterr().out == b"vmread failed: field=2032 [tsc_multiplier]\n\xff\n"


@pytest.mark.parametrize("arguments", [["no-such-file"], ["/"], ["--names", "windows"]])
def test_annotate_what_can_not_be(capsys: Capture, arguments: list[str]) -> None:
    status, _, err = run(capsys, "annotate", *arguments)
    assert status == 2
    assert "error: " in err


def test_annotate_escapes_on_a_terminal_only(tmp_path: Path) -> None:
    import pty

    path = tmp_path / "log"
    path.write_bytes(b"\x1b[2Jvmread failed: field=2032\n")
    command = [sys.executable, "-m", "vmcsgen", "annotate", str(path)]
    assert subprocess.run(command, capture_output=True, check=True).stdout.startswith(b"\x1b[2J")
    master, slave = pty.openpty()
    try:
        subprocess.run(command, stdout=slave, check=True)
        shown = os.read(master, 1000)
    finally:
        os.close(master)
        os.close(slave)
    assert shown == b"\\x1b[2Jvmread failed: field=2032 [tsc_multiplier]\r\n"


HEAVY = ("yaml", "jsonschema", "jinja2", "black", "tree_sitter", "rich")


def test_caps_of_a_file_imports_nothing_heavy_when_the_cache_is_warm(tmp_path: Path) -> None:
    dump = str(DUMPS / "rdmsr-i7-7700k.txt")
    script = (
        "import sys; from vmcsgen.cli import main; "
        f"status = main(['caps', {dump!r}]); "
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr); sys.exit(status)"
    )
    environment = os.environ | {"VMCSGEN_CACHE": str(tmp_path)}
    loaded = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        loaded.append(done.stderr.splitlines()[-1])
    assert loaded == ["['jsonschema', 'yaml']", "[]"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["caps", "i9-12900k"],
        ["caps", "i9-12900k", "--why", "tsc_multiplier"],
        ["cpus"],
        ["cpus", "--field", "tsc_multiplier"],
        ["cpus", "--revision"],
    ],
)
def test_json_page_names_every_key(capsys: Capture, checkout: Path, arguments: list[str]) -> None:
    page = (checkout / "docs/json.md").read_text()
    shown = as_json(capsys, *arguments)
    first = shown[0] if isinstance(shown, list) else shown
    inner = first.get("vmcs_enum", {})
    assert [key for key in (*first, *inner) if f"`{key}`" not in page] == []
