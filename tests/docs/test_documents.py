"""Generated documents build: pages for trees under Sphinx, manual pages in a terminal."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.needs import missing, need

import vmcsgen
from vmcsgen.cli import VERBS, manual
from vmcsgen.site.site import Site
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import render


@pytest.fixture(scope="session")
def outputs(spec: vmcsgen.Spec, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what targets rst and man make."""
    folder = tmp_path_factory.mktemp("documents")
    for name in ("rst", "man"):
        target = load_target(name, checkout / "templates")
        for rendered in render(spec, target, site=Site(spec, checkout / "spec", manual)):
            path = folder / name / rendered.output.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(rendered.text, "utf-8")
    return folder


@pytest.mark.parametrize(
    "path", ["Documentation/virt/kvm/x86/vmcs-fields.rst", "docs/system/i386/vmx-fields.rst"]
)
def test_sphinx_builds_a_page_without_a_warning(
    outputs: Path, path: str, tmp_path: Path, spec: vmcsgen.Spec
) -> None:
    if importlib.util.find_spec("sphinx") is None:
        missing("needs Sphinx: pip install 'vmcsgen[docs]'")
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text("project = 'tree'\n")
    page = Path(path)
    (source / page.name).write_bytes((outputs / "rst" / path).read_bytes())
    (source / "index.rst").write_text(f"Tree\n====\n\n.. toctree::\n\n   {page.stem}\n")
    command = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*command, source, tmp_path / "html"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "html" / f"{page.stem}.html").read_text("utf-8")
    assert "TSC multiplier" in text
    assert "\\" not in re.sub(r"<[^>]*>", "", text)


def test_kernel_page_has_every_field_with_the_kernels_name(
    outputs: Path, spec: vmcsgen.Spec
) -> None:
    text = (outputs / "rst/Documentation/virt/kvm/x86/vmcs-fields.rst").read_text("utf-8")
    names = spec.project_by_id["linux"].fields
    for field in spec.confirmed:
        name = f"``{names[field.id]}``" if field.id in names else "none"
        assert re.search(rf"\* - {field.encoding}\n     - .*\n     - {re.escape(name)}\n", text)


@pytest.mark.parametrize("name", ["vmcsgen.1", "vmcs-fields.7"])
def test_man_renders_a_page_clean(outputs: Path, name: str) -> None:
    man = need("man", "man-db")
    need("groff", "groff")
    for width in ("60", "80", "200"):
        done = subprocess.run(
            [man, "--warnings=w", "-P", "cat", "-l", outputs / "man" / name],
            capture_output=True,
            text=True,
            check=False,
            env={"MANWIDTH": width, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TERM": "dumb"},
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "NAME" in done.stdout


def test_manual_describes_every_verb_and_option(outputs: Path) -> None:
    text = (outputs / "man/vmcsgen.1").read_text("utf-8").replace("\\-", "-")
    verbs = manual()
    assert [verb.name for verb in verbs if " " not in verb.name] == list(VERBS)
    for verb in verbs:
        assert f".SS vmcsgen {verb.name}" in text
        for argument in verb.arguments:
            assert argument.help, (verb.name, argument)
            for form in argument.forms:
                assert f"\\fB{form}\\fR" in text


def test_fields_page_has_every_field(outputs: Path, spec: vmcsgen.Spec) -> None:
    text = (outputs / "man/vmcs-fields.7").read_text("utf-8")
    for field in spec.confirmed:
        assert re.search(rf"^\.B {field.encoding}( {field.high_encoding})?$", text, re.MULTILINE)


def test_examples_of_the_help_are_commands_that_parse() -> None:
    """Every example in a verb's help can be typed: its arguments are accepted."""
    import shlex
    from importlib import import_module

    from vmcsgen.cli import _parser

    tried = 0
    for verb in manual():
        if not verb.examples:
            continue
        parser = _parser(
            verb.name, import_module(f"vmcsgen.commands.{verb.name.replace('-', '_')}")
        )
        for example in verb.examples:
            for command in example.command.split(" | "):
                words = shlex.split(command.partition(" > ")[0], comments=True)
                if words[:2] == ["vmcsgen", verb.name]:
                    parser.parse_args(words[2:])
                    tried += 1
    assert tried > 10
