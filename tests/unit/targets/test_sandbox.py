"""Templates of strangers: no way out of the sandbox, of the folder, or of time and memory."""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmcsgen import DiagnosticError, Spec
from vmcsgen.targets import sandbox
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import Renderer

MANIFEST = """\
target: stranger
title: Of a stranger
license: MIT
outputs:
  - {template: t.j2, path: t.txt, language: text}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "targets/stranger").mkdir(parents=True)
    return tmp_path / "targets/stranger"


def made(spec: Spec, folder: Path, text: str) -> str:
    (folder / "target.yaml").write_text(MANIFEST)
    if not (folder / "t.j2").is_symlink():
        (folder / "t.j2").write_text(text)
    target = load_target("stranger", folder.parent)
    assert target.foreign
    return Renderer(spec, target).body(target.outputs[0])


def fault(spec: Spec, folder: Path, text: str) -> str:
    with pytest.raises(DiagnosticError) as caught:
        made(spec, folder, text)
    (found,) = caught.value.diagnostics
    assert found.location.path.endswith("t.j2") or "target.yaml" in found.location.path
    return found.message


def test_an_honest_template_is_made(spec: Spec, folder: Path) -> None:
    text = made(spec, folder, "{{ view.max_index * 2 }} {{ 2 ** 10 }} {{ 1.26 | round(1) }}")
    assert text.split()[1:] == ["1024", "1.3"]


def test_arithmetic_and_rounding_are_those_of_jinja(spec: Spec, folder: Path) -> None:
    text = "{{ '-' * 3 }} {{ 3 * 'ab' }} {{ 2 * 1.5 }} {{ 2.75 | round }} "
    text += "{{ 2.78 | round(1, 'floor') }} {{ 1234.0 | round(-2) }} {{ 2 ** 1000 % 7 }}"
    assert made(spec, folder, text).split() == "--- ababab 3.0 3.0 2.7 1200.0 2".split()


def test_a_target_whose_folder_is_a_link_is_made(spec: Spec, folder: Path, tmp_path: Path) -> None:
    (folder / "part.j2").write_text("of a part\n")
    link = tmp_path / "link"
    link.symlink_to(folder.parent)
    assert made(spec, link / "stranger", "{% include 'part.j2' %}") == "of a part\n"


@pytest.mark.parametrize("name", ["sub", "none", "../outside.j2"])
def test_what_is_no_file_of_the_folder_is_named(spec: Spec, folder: Path, name: str) -> None:
    (folder / "sub").mkdir()
    (folder.parent / "outside.j2").write_text("outside")
    said = f"there is no file '{name}' in the target's folder"
    assert said in fault(spec, folder, f"{{{{ asset('{name}') }}}}")


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ ''['__cla' ~ 'ss__'].__mro__ }}",
        "{{ [''|attr('__class__')]|map(attribute='__mro__')|list }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(asset) }}",
        "{{ '{x.__class__}'.format_map({'x': asset}) }}",
        "{{ asset.__globals__ }}",
        "{{ asset.__closure__[0].cell_contents }}",
        "{{ lipsum.__globals__['os'] }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ namespace.__init__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ self.__init__.__globals__ }}",
        "{{ view.spec.__class__.__subclasses__() }}",
        "{{ view.__dict__.clear() }}",
        "{{ (view.max_index|string).__doc__.__class__ }}",
        "{{ view.spec.fields|map('attr', '__class__')|join }}",
        "{% set x = view.spec.__init__ %}{{ x() }}",
        "{{ [].append(1) }}",
        "{{ {}.update(a=1) }}",
        "{% for x in view.spec.fields %}{{ x.__setattr__('id', 'y') }}{% endfor %}",
        "{{ (joiner.__call__).__globals__ }}",
        "{{ dict.__base__.__subclasses__() }}",
        "{{ (x for x in ()).gi_frame }}",
        "{% include '/etc/hostname' %}",
        "{% include '../../t.j2' %}",
        "{% import '../outside.j2' as x %}",
        "{% extends '../outside.j2' %}",
        "{{ asset('../outside.j2') }}",
        "{{ asset('/etc/hostname') }}",
        "{{ asset('link') }}",
        "{% include 'link' %}",
        "{{ asset('/proc/self/environ') }}",
        "{{ asset('a\\x00b') }}",
    ],
)
def test_known_escapes_are_refused(spec: Spec, folder: Path, escape: str) -> None:
    (folder.parent / "outside.j2").write_text("outside\n")
    (folder / "link").symlink_to(folder.parent / "outside.j2")
    assert "outside\n" not in fault(spec, folder, escape)


def test_a_template_that_is_a_link_to_elsewhere_is_refused(spec: Spec, folder: Path) -> None:
    (folder / "t.j2").symlink_to("/etc/passwd")
    assert "t.j2" in fault(spec, folder, "")


FIVE = "".join(f"{{% for {name} in range(99999) %}}" for name in "abcde") + "{% endfor %}" * 5


@pytest.mark.parametrize(
    ("bomb", "answer"),
    [
        (FIVE, "processor time"),
        ("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
        ("{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}"
         "{% endfor %}", "MemoryError"),
        ("{{ 'a' * 99999999999 }}", "MemoryError"),
        ("{{ 'a'.center(9999999999) }}", "MemoryError"),
        ("{{ '%9999999999d' % 1 }}", "MemoryError"),
        ("{{ '{:>9999999999}'.format(1) }}", "MemoryError"),
        ("{{ 1 | pad(9999999999) }}", "MemoryError"),
        ("{{ 9 ** 9 ** 9 ** 9 ** 9 ** 9 }}", "too large"),
        ("{% set n = namespace(x=9) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}"
         "{% endfor %}", "too large"),
        ("{{ 1 | round(999999999, 'ceil') }}", "places at most"),
        ("{{ 1 | round(-999999999, 'ceil') }}", "places at most"),
        ("{{ range(999999999) | list }}", "too big"),
        ("{{ " + "(" * 9999 + ")" * 9999 + " }}", "recursion"),
        ("{% for a in [1] %}" * 99 + "{% endfor %}" * 99, "too many"),
    ],
)  # fmt: skip
def test_bombs_end(
    spec: Spec, folder: Path, monkeypatch: pytest.MonkeyPatch, bomb: str, answer: str
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1)
    monkeypatch.setattr(sandbox, "MEMORY", 1 << 28)
    before = resource.getrlimit(resource.RLIMIT_AS)
    assert answer in fault(spec, folder, bomb)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0


DOUBLED = "".join(f"{{% set {name} = [1] %}}" for name in "ab")
DOUBLED += "".join(f"{{% set {name} = [{name}, {name}] %}}" for name in "ab") * 60
SWALLOWED = """\
{% for i in range(99999) | map("string") | map("center", 10000000) | map("length") %}
{{ loop is sequence }}{% endfor %}
"""


@pytest.mark.parametrize(
    ("made", "seconds", "answer"),
    [
        (("text", DOUBLED + "{{ a == b }}"), 1, "1 seconds of processor time in one step"),
        (("text", SWALLOWED), 1, "TooSlowError: took more than 1 seconds"),
        (("python", 'x = {{ "(" * 9000 }}1{{ ")" * 9000 }}'), 1, "TooSlowError"),
        (("python", 'x = {{ "not " * 20000 }}1'), 10, ""),  # crashes black, with most Pythons
        (("python", "x = {{ '[' }}"), 10, "makes invalid Python"),
        (("text", '{{ "\\ud800" }}'), 10, "UnicodeEncodeError"),
    ],
)
def test_what_no_exception_ends_is_an_error_all_the_same(
    folder: Path, tmp_path: Path, made: tuple[str, str], seconds: int, answer: str
) -> None:
    """Two targets, one of them honest, so that a helper makes one: each is tried once."""
    language, text = made
    (folder / "target.yaml").write_text(MANIFEST.replace("text}", f"{language}}}"))
    (folder / "t.j2").write_text(text)
    honest = folder.parent / "honest"
    honest.mkdir()
    (honest / "target.yaml").write_text(MANIFEST.replace("stranger", "honest"))
    (honest / "t.j2").write_text("text\n")
    program = f"""
import os, sys
from vmcsgen import cli, helpers
from vmcsgen.targets import render, sandbox
sandbox.SECONDS = {seconds}
helpers.processors = lambda: 2
def bound_process(plain=sandbox.bound_process):
    os.write(1, b"tried\\n")
    plain()
render.bound_process = bound_process
arguments = ["gen", "--templates", {str(folder.parent)!r}, "-o", {str(tmp_path / "out")!r}]
sys.exit(cli.main(arguments))
"""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "t.j2" in done.stderr
    assert answer in done.stderr
    assert "[TARGET003]" in done.stderr
    assert done.stdout.split() == ["tried"] * 2
    assert not (tmp_path / "out").exists()
    assert time.monotonic() - began < 20


@pytest.fixture
def address_space() -> Iterator[int]:
    """Bytes of address space that this process has; its limit is the same afterwards."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = Path("/proc/self/statm").read_text().split()[0]
    yield int(pages) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, limits)


def test_a_lower_limit_of_the_user_stays_and_a_higher_one_does_not(address_space: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    low, high = address_space + sandbox.MEMORY // 2, address_space + 4 * sandbox.MEMORY
    for soft in (low, high):
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        with sandbox.bounds():
            inside, still = resource.getrlimit(resource.RLIMIT_AS)
        assert still == hard
        assert (inside == low) == (soft == low)
        assert inside < high
        assert resource.getrlimit(resource.RLIMIT_AS) == (soft, hard)


def test_memory_is_bounded_beside_what_the_process_has(
    address_space: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "MEMORY", address_space // 2)
    with sandbox.bounds():
        assert len(bytearray(address_space // 4)) == address_space // 4
        with pytest.raises(MemoryError):
            bytearray(address_space)


def test_other_threads_may_render_too(spec: Spec, folder: Path) -> None:
    made_there: list[str] = []
    thread = threading.Thread(target=lambda: made_there.append(made(spec, folder, "text")))
    thread.start()
    thread.join()
    assert made_there == ["text\n"]


def test_what_templates_are_handed_leads_to_no_file_and_no_code(spec: Spec, folder: Path) -> None:
    """Everything that can be reached by names that the sandbox allows."""
    made(spec, folder, "text")
    target = load_target("stranger", folder.parent)
    renderer = Renderer(spec, target)
    view = renderer.view(target.outputs[0])
    pending: list[object] = [view, target.outputs[0], renderer._environment.globals["site"]]
    seen: set[int] = set()
    while pending:
        found = pending.pop()
        if id(found) in seen or isinstance(found, str | int | bytes | float | None):
            continue
        seen.add(id(found))
        assert not isinstance(found, Path | type(threading)), found
        if isinstance(found, dict):
            pending += [*found, *found.values()]
        elif isinstance(found, list | tuple | frozenset | set):
            pending += list(found)[:20]
        elif type(found).__module__.startswith("vmcsgen"):
            names = [name for name in dir(found) if not name.startswith("_")]
            for name in names:
                with contextlib.suppress(LookupError):  # what only a run of the program has
                    pending.append(getattr(found, name))
            pending[:] = [each for each in pending if not callable(each)]
    assert len(seen) > 1000
