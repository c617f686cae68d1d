"""Source trees that are checked: every language, the settings and the baseline beside them."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from common import CHECKOUT, Look, shown

import vmcsgen
from vmcsgen.scan import baseline as baselines
from vmcsgen.scan import config, derive, existence, fix, lexicon, reports
from vmcsgen.scan.check import Result
from vmcsgen.scan.inspect import inspect
from vmcsgen.scan.match import Matcher

LANGUAGES = {
    "c": "a.c", "c++": "a.cpp", "header": "a.h", "rust": "a.rs", "python": "a.py",
    "assembler": "a.S", "nasm": "a.asm", "yaml": "a.yaml", "json": "a.json", "unnamed": "a",
}  # fmt: skip
"""Name of the harness -> name of the file."""

_CASES = CHECKOUT / "tests/golden/check"
_ENDINGS = {
    "a.cpp": (".h", ".cpp", ".c"), "a.h": (".h",), "a.asm": (".asm", ".inc", ".S"),
    "a": (".h", ".rs", ".py", ".json"),
}  # fmt: skip
_EXAMPLES = {
    "a.rs": b"// VMCS\npub mod control { pub const VPID: u32 = 0x0; pub const EPTP_FULL: u32 = "
    b"0x201A; }\npub enum Field { GuestRip = 0x681E, HostRip = 0x6C16 }\n",
    "a.py": b"# VMCS\nGUEST_RIP = 0x681e\nclass Vmcs(IntEnum):\n    HOST_RIP = 0x6c16\n"
    b"NAMES = {0x681e: 'GUEST_RIP', 'HOST_RIP': 0x6c16}\n",
    "a.S": b"/* VMCS */\n.equ GUEST_RIP, 0x681e\n.set HOST_RIP, 0x6c16\n#define A 0x4402\n",
    "a.asm": b"; VMCS\nGUEST_RIP equ 0x681e\n%define HOST_RIP 6c16h\n",
    "a.yaml": b"# VMCS\nfields:\n  - {name: GUEST_RIP, encoding: 0x681e}\n  GUEST_RSP: 0x681c\n",
    "a.json": b'{"vmcs": [{"name": "GUEST_RIP", "encoding": 26654}, {"HOST_RIP": "0x6c16"}]}',
    "a.c": b"/* VMCS */\nenum vmcs_field { GUEST_RIP = 0x681e, HOST_RIP = 0x6c16, };\n"
    b"#define X (0x681e | 1)\nint f(int x) { switch (x) { case MSR_IA32_VMX_VMCS_ENUM:\n"
    b" return VMCS12_MAX_FIELD_INDEX << 1; } if (vmcs_index(x) & 0x1f) return 0x2e; }\n"
    b"static const u16 t[] = { [GUEST_RIP] = 1, FIELD(HOST_RIP, host_rip) };\n",
}


@functools.cache
def _spec() -> vmcsgen.Spec:
    return vmcsgen.load()


def language(name: str) -> Callable[[Path], Look]:
    """The check of a file with this name, its reports in every format, and its mending."""

    def make(_place: Path) -> Look:
        words = lexicon.load()
        return functools.partial(_look, name, words, Matcher(words))

    return make


def _look(name: str, words: lexicon.Lexicon, matcher: Matcher, raw: bytes) -> None:
    report = inspect(name, raw, matcher)
    findings = [*report.findings, *derive.judge([report], words)]
    if report.conditions:
        findings += existence.judge(report.conditions, _spec())
    result = Result(1, 1, report.constants, (report,), tuple(findings))
    text = io.StringIO()
    reports.as_text(findings, text)
    shown(text.getvalue())
    reports.as_github(findings, io.StringIO())
    json.loads(reports.as_json(result, findings))
    json.loads(reports.as_sarif(result, findings))
    fixes = [each.fix for each in findings if each.fix is not None]
    mended, count = fix.replace(raw, fixes)
    assert count or mended == raw


def seeds(name: str) -> Callable[[], Iterable[bytes]]:
    """The golden cases in the language, and an example."""

    def found() -> Iterable[bytes]:
        endings = _ENDINGS.get(name, (Path(name).suffix,))
        for path in sorted(_CASES.rglob("*")):
            if path.is_file() and path.suffix in endings:
                yield path.read_bytes()[:20_000]
        yield _EXAMPLES.get(name, _EXAMPLES["a.c"])

    return found


def settings(place: Path) -> Look:
    """vmcsgen.toml beside what is checked."""
    place.mkdir(parents=True)
    (place / ".git").mkdir()
    path = place / "vmcsgen.toml"

    def look(raw: bytes) -> None:
        path.write_bytes(raw)
        try:
            found = config.find([str(place)])
        except config.ConfigError as error:
            assert str(error)
        else:
            assert found.path

    return look


def settings_seeds() -> Iterable[bytes]:
    """Settings with every key."""
    yield (
        b'[check]\npaths = ["a", "b"]\nproject = "linux"\n[[check.ignore]]\nrule = "VMCS101"\n'
        b'path = "*.h"\nname = "X"\nreason = "why"\n[[check.extra]]\nname = "Y"\nencoding = 0x2054'
        b'\nreason = "why"\n'
    )


def baseline(place: Path) -> Look:
    """What --baseline reads."""
    place.mkdir(parents=True)
    path = place / "baseline.json"

    def look(raw: bytes) -> None:
        path.write_bytes(raw)
        try:
            found = baselines.read(str(path))
        except baselines.BaselineError as error:
            assert str(error)
            return
        assert baselines.unknown([], found) == ()

    return look


def baseline_seeds() -> Iterable[bytes]:
    """A baseline of one finding."""
    yield b'{"findings": [{"rule": "VMCS101", "path": "a.h", "name": "X", "value": 26}]}'
