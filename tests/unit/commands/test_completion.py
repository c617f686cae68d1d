"""Completion, asked of real shells: what Tab offers after what is typed."""

from __future__ import annotations

import os
import pty
import select
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from needs import need
from vmcsgen.cli import VERBS, main

Offer = Callable[[str], set[str]]
"""What a shell offers after a line: words without what describes them."""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the scripts of all shells, which is where completion happens too."""
    import contextlib

    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        with (folder / shell).open("w") as stream, contextlib.redirect_stdout(stream):
            assert main(["completion", shell]) == 0
    (folder / "a folder").mkdir()
    (folder / "dumps").mkdir()
    (folder / "dump.txt").write_text("")
    return folder


def bash(scripts: Path) -> Offer:
    """Calls the function as readline would."""
    program = need("bash", "bash")

    def offer(line: str) -> set[str]:
        words = shlex.split(line.replace("=", " = ")) + ([""] if line.endswith(" ") else [])
        text = (
            f"source {scripts}/bash\ncompopt() {{ :; }}\nCOMP_WORDS=({shlex.join(words)})\n"
            f"COMP_CWORD={len(words) - 1}\n_vmcsgen\n"
            'printf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        done = subprocess.run(
            [program, "--norc", "-c", text],
            capture_output=True, text=True, check=True, cwd=scripts,
        )  # fmt: skip
        assert done.stderr == ""
        return set(done.stdout.splitlines()) - {""}

    return offer


def fish(scripts: Path) -> Offer:
    """Fish says itself what it would offer."""
    program = need("fish", "fish")

    def offer(line: str) -> set[str]:
        done = subprocess.run(
            [program, "--no-config", "-c", f"source fish; complete -C {shlex.quote(line)}"],
            capture_output=True, text=True, check=True, cwd=scripts,
            env=os.environ | {"HOME": str(scripts), "TERM": "dumb"},
        )  # fmt: skip
        assert done.stderr == ""
        found = {each.partition("\t")[0].rstrip("/") for each in done.stdout.splitlines()}
        return {each.rpartition("=")[2] for each in found}

    return offer


ZSH = """
stty rows 500 cols 500 -echo
autoload -Uz compinit; compinit -D -u
# Keeps what a completion adds that fits the word, and asks zsh itself what that is.
compadd() {
  if (( ${argv[(I)-*[OAD]]} )); then builtin compadd "$@"; return; fi
  local -a fitting
  builtin compadd -O fitting "$@"
  print -rl -- $fitting >> offered
  builtin compadd "$@"
}
finish() { BUFFER=; : > finished }
zle -N finish; bindkey '^X^F' finish
source zsh
: > finished
"""


class Terminal:
    """A zsh at a terminal: completion of zsh works nowhere else."""

    def __init__(self, scripts: Path) -> None:
        program = need("zsh", "zsh")
        self._folder = scripts
        (scripts / "setup").write_text(ZSH)
        environment = {"TERM": "dumb", "HOME": str(scripts), "PATH": os.environ["PATH"]}
        self._terminal, other = pty.openpty()
        self._process = subprocess.Popen(
            [program, "-f", "-i"],
            stdin=other, stdout=other, stderr=other, start_new_session=True,
            cwd=scripts, env=environment,
        )  # fmt: skip
        os.close(other)
        self._type("source ./setup\n")

    def _type(self, text: str) -> None:
        """Type, and read what is shown, until the shell says that it is done."""
        os.write(self._terminal, text.encode())
        finished, end, shown = self._folder / "finished", time.monotonic() + 60, b""
        while not finished.exists():
            assert time.monotonic() < end, shown
            if select.select([self._terminal], [], [], 0.05)[0]:
                shown += os.read(self._terminal, 1 << 16)
        finished.unlink()

    def offer(self, line: str) -> set[str]:
        """The words that Tab puts into the line or lists."""
        offered = self._folder / "offered"
        offered.write_text("")
        self._type(f"{line}\t\x18\x06")
        return set(offered.read_text().splitlines())

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def offer(request: pytest.FixtureRequest, scripts: Path) -> Iterator[Offer]:
    if request.param != "zsh":
        yield {"bash": bash, "fish": fish}[request.param](scripts)
        return
    terminal = Terminal(scripts)
    yield terminal.offer
    terminal.close()


@pytest.mark.parametrize(
    ("line", "expected", "unexpected"),
    [
        ("vmcsgen ", set(VERBS), {"tsc_multiplier", "dump.txt"}),
        ("vmcsgen ge", {"gen"}, {"list"}),
        ("vmcsgen gen --t", {"--target", "--tree", "--templates"}, {"--check"}),
        ("vmcsgen gen -t ru", {"rust"}, {"c", "qemu"}),
        ("vmcsgen list --format=j", {"json"}, {"text"}),
        ("vmcsgen show tsc_m", {"tsc_multiplier"}, {"guest_rip"}),
        ("vmcsgen probe ", {"build", "run", "read"}, {"gen"}),
        ("vmcsgen probe run --em", {"--emulator"}, {"--cpu"}),
        ("vmcsgen adopt ", {"linux", "qemu"}, {"gen", "dump.txt"}),
        ("vmcsgen caps i9-129", {"i9-12900k"}, {"dump.txt"}),
        ("vmcsgen caps du", {"dump.txt"}, {"i9-12900k"}),
        ("vmcsgen completion ", {"bash", "zsh", "fish"}, {"dump.txt"}),
        ("vmcsgen list --format=", {"text", "json"}, {"dump.txt"}),
        ("vmcsgen gen --templates d", {"dumps"}, {"dump.txt"}),
        ("vmcsgen gen -t c --templates d", {"dumps"}, {"dump.txt"}),
        ("vmcsgen gen -t c -t ru", {"rust"}, {"qemu"}),
        ("vmcsgen gen --target ru", {"rust"}, {"qemu"}),
        ("vmcsgen check du", {"dump.txt"}, {"gen"}),
        ("vmcsgen check dump.txt du", {"dump.txt"}, {"gen"}),
        ("vmcsgen show guest_rip tsc_m", {"tsc_multiplier"}, {"dump.txt"}),
        ("vmcsgen show --format json tsc_m", {"tsc_multiplier"}, {"dump.txt"}),
        ("vmcsgen diff dump.txt i9-129", {"i9-12900k"}, {"dump.txt"}),
        ("vmcsgen diff --breaking dump.txt i9-129", {"i9-12900k"}, {"dump.txt"}),
        ("vmcsgen caps --format json i9-129", {"i9-12900k"}, {"dump.txt"}),
        ("vmcsgen caps --format=json i9-129", {"i9-12900k"}, {"dump.txt"}),
        ("vmcsgen probe read du", {"dump.txt"}, {"gen", "run"}),
    ],
)
def test_offers(offer: Offer, line: str, expected: set[str], unexpected: set[str]) -> None:
    offered = offer(line)
    assert expected <= offered
    assert not unexpected & offered


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("vmcsgen --", {"--help", "--version"}),
        ("vmcsgen caps dump.txt ", set()),
        ("vmcsgen completion bash ", set()),
        ("vmcsgen check --jobs ", set()),
        ("vmcsgen gen -o d", {"dumps"}),
    ],
)
def test_bash_offers_this_and_nothing_else(scripts: Path, line: str, expected: set[str]) -> None:
    assert bash(scripts)(line) == expected


def test_fish_says_what_verbs_and_options_do(scripts: Path) -> None:
    program = need("fish", "fish")
    for line, told in (("ge", f"gen\t{VERBS['gen']}"), ("gen --che", "--check\twrite nothing;")):
        done = subprocess.run(
            [program, "--no-config", "-c", f"source fish; complete -C 'vmcsgen {line}'"],
            capture_output=True, text=True, check=True, cwd=scripts,
            env=os.environ | {"HOME": str(scripts), "TERM": "dumb"},
        )  # fmt: skip
        assert done.stdout.startswith(told)


def test_every_option_of_every_verb_is_offered(scripts: Path) -> None:
    from vmcsgen.cli import parsers

    offer = bash(scripts)
    for verb, parser in parsers().items():
        flags = {flag for action in parser._actions for flag in action.option_strings}
        assert offer(f"vmcsgen {verb} -") == flags or verb == "probe"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_no_help_text_becomes_code(shell: str, tmp_path: Path) -> None:
    """Descriptions hold quotes, brackets and dollars; they must stay words."""
    import argparse
    from importlib import import_module

    from vmcsgen.completion.commands import commands

    hostile = 'it\'s $(touch made) `touch made` [x]: "y" \\ %% ;|&'
    parser = argparse.ArgumentParser(description=hostile)
    parser.add_argument("--one", metavar="N", help=hostile)
    parser.add_argument("two", metavar="DIR", help=hostile)
    found = commands({"verb": parser}, {"verb": hostile}, {})
    script = tmp_path / "script"
    script.write_text(import_module(f"vmcsgen.completion.{shell}").script(found, "1"))
    before = "compdef() { :; }; " if shell == "zsh" else ""
    done = subprocess.run(
        [need(shell, shell), "-c", f"{before}source {script}"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"HOME": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "made").exists()
