"""Every verb on names and files full of escape sequences: none of it reaches the terminal."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from vmcsgen.cli import VERBS, main
from vmcsgen.logs.probe_protocol import framed

EVIL = "\x1b[31m\x1b]0;owned\x07\x9b2J\x7f\r\u202eevil\u2066"
"""Colour, the window's title, CSI as one byte, delete, carriage return, bidirectional overrides."""

EVIL_NAME = "\x1b[2Jevil\x9b\u202e"
HEADER = f"""\
/* vmcs {EVIL} */
enum vmcs_field {{
	GUEST_RIP = 0x681c, /* {EVIL} */
	HOST_RIP = 0x6c16,
	GUEST_{EVIL} = 0x4402,
}};
#define VMCS_{EVIL} "{EVIL}"
/* vmcsgen begin: linux/vmcs-field {EVIL} */
"""

RUNS = {
    "validate": [["{spec}"], ["{here}/" + EVIL_NAME], [EVIL]],
    "list": [["--where", f"id={EVIL}"], ["--where", EVIL], ["--spec", "{spec}"]],
    "show": [[EVIL], ["0x2032", "--spec", "{spec}"], ["--format", EVIL, "0x2032"]],
    "gen": [
        ["-t", EVIL], ["-t", "stranger", "--templates", "{templates}", "-o", "{here}/out"],
        ["-t", "csv", "-o", "{file}/" + EVIL_NAME], ["--tree", "{tree}"],
        ["--tree", "{tree}", "--diff"], ["-t", "csv", "-o", "{here}/" + EVIL_NAME, "--check"],
        ["-t", "csv", "-o", "{stale}", "--diff"],
        ["--templates", "{odd}", "-o", "{here}/out", "--check"],
    ],
    "adopt": [[EVIL, "{tree}"], ["linux", "{tree}", "--diff"], ["linux", "{here}/" + EVIL_NAME]],
    "patch": [[EVIL, "{tree}"], ["linux", "{tree}"]],
    "check": [
        ["{file}"], ["{tree}"], ["{file}", "--format", "github"], ["{file}", "--statistics"],
        [EVIL], ["--project", EVIL, "{file}"], ["{file}", "--baseline", "{file}"],
        ["{file}", "--format", "json"], ["{file}", "--format", "sarif"], ["{mend}", "--fix"],
    ],
    "targets": [["--templates", "{templates}"], ["--templates", "{odd}"], ["--templates", EVIL]],
    "caps": [["{dump}"], ["{json}"], ["{xml}"], ["{log}"], [EVIL], ["qemu:" + EVIL], ["{dump}@9"],
             ["{kinds}"]],
    "cpus": [["--field", EVIL], ["--kind", EVIL], [EVIL]],
    "diff": [["{dump}", "{json}"], [EVIL, EVIL], ["{spec}", "{spec}"]],
    "annotate": [["{here}/" + EVIL_NAME], ["--names", EVIL, "{file}"], [EVIL, EVIL]],
    "probe": [
        ["read", "{log}"], ["read", EVIL], ["run", EVIL], [EVIL],
        ["build", "-o", "{here}/" + EVIL_NAME],
    ],
    "new-target": [[EVIL], ["a", "--templates", "{file}/" + EVIL_NAME]],
    "completion": [[EVIL]],
}  # fmt: skip
"""Verb -> arguments; what stands in braces is a file or folder full of escape sequences."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    here = tmp_path_factory.mktemp("evil") / EVIL_NAME
    here.mkdir()
    checkout = Path(__file__).resolve().parents[3]

    def put(name: str, text: str) -> str:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text, newline="")
        return str(here / name)

    shutil.copytree(checkout / "tests/golden/spec", here / "spec")
    put("spec/fields/b99.yaml", f"table: {EVIL!r}\n{EVIL}: [\n")
    put(f"tree/{EVIL_NAME}.h", HEADER)
    put("stale/csv/fields.csv", EVIL)
    put("targets/stranger/target.yaml", f"target: stranger\ntitle: T\n'{EVIL!a}': 1\n")
    put("targets/stranger/t.j2", f"{{{{ {EVIL} }}}}\n")
    hidden = "\u200bevil\ufeff"
    put("odd/odd/t.j2", "")
    put("odd/odd/target.yaml", "target: odd\ntitle: T \u200bevil\nlicense: MIT\noutputs:\n"
        f"  - {{template: t.j2, path: \"{hidden}\", language: text}}\n")  # fmt: skip
    (kinds,) = checkout.glob("tests/fixtures/dumps/aida64-lakefield*")
    wrong = checkout / "tests/golden/check/VMCS101/vmx.h"
    lines = [framed(["0000", "begin", "1", "x", "y"]), f"@vmcs1 0001 {EVIL} *0000", EVIL]
    return {
        "here": str(here), "spec": str(here / "spec"), "tree": str(here / "tree"),
        "stale": str(here / "stale"), "templates": str(here / "targets"),
        "odd": str(here / "odd"),
        "file": put(f"{EVIL_NAME}.h", HEADER),
        "dump": put("dump.txt", f"{EVIL}\ncpu0 0x480 = 0x{'f' * 99}{EVIL}\n0x48a: 2e {EVIL}\n"),
        "json": put("dump.json", json.dumps({"msrs": {"0x48a": "0x2e"}, "cpu": EVIL, EVIL: 1})),
        "xml": put("dump.xml", f"<cpu><model>{EVIL}</model><feature name='vmx-ept{EVIL}'/></cpu>"),
        "log": put("probe.log", "\n".join(lines)),
        "mend": put(f"mend/{EVIL_NAME}.h", wrong.read_text()),
        "kinds": put(f"{EVIL_NAME}.txt", kinds.read_text()),
    }  # fmt: skip


def test_every_verb_is_tried() -> None:
    assert RUNS.keys() == VERBS.keys()


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [(verb, arguments) for verb, runs in RUNS.items() for arguments in runs],
    ids=lambda each: ascii(each)[:60],
)
def test_nothing_steers_the_terminal(
    verb: str,
    arguments: list[str],
    places: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    try:
        status = main([verb, *(each.format(**places) for each in arguments)])
    except SystemExit as usage:
        status = usage.code  # type: ignore[assignment]
    said = capsys.readouterr()
    assert status in (0, 1, 2)
    assert "internal error" not in said.err
    for text in (said.out, said.err):
        left = text.replace("\n", "").replace("\t", "")
        assert left.isprintable(), ascii([each for each in left if not each.isprintable()])


def test_an_unknown_verb_does_not_either(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([EVIL]) == 2
    assert capsys.readouterr().err.replace("\n", "").isprintable()


STEERING = "\x00\x1b\x7f\x9b\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"
"""Control characters, and those that turn the direction of text or end a line (UAX #9, #14)."""


def test_no_schema_lets_text_steer(checkout: Path) -> None:
    free = []
    for path in sorted((checkout / "spec/schema").glob("*.json")):
        definitions = json.loads(path.read_text())["$defs"]
        assert re.search(definitions["text"]["pattern"], "“VM-function” controls, é")
        free += re.findall(r'"pattern": ("\^[^"]*\[\^.*"),', path.read_text())
    assert len(free) > 12
    for pattern in map(json.loads, free):
        assert [each for each in STEERING if re.search(pattern, f"a{each}b")] == [], pattern


@pytest.mark.parametrize("key", ["title", "description", "path"])
def test_a_manifest_of_others_does_not_steer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    (tmp_path / "mine").mkdir()
    values = {"title": "T", "description": "D", "path": "t.txt", key: "\u202etxt.t"}
    (tmp_path / "mine/target.yaml").write_text(
        "target: mine\ntitle: {title}\ndescription: {description}\nlicense: MIT\n"
        "outputs:\n  - {{template: t.j2, path: {path}, language: text}}\n".format(**values)
    )
    (tmp_path / "mine/t.j2").write_text("")
    assert main(["targets", "--templates", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "SPEC015" in said.err
    assert "\\u202etxt.t" in said.err
