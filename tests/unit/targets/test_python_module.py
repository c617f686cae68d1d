"""The generated Python module: what it says, how it is written, who can import it."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import vmcsgen
from vmcsgen.core.encoding import Encoding, EncodingError, FieldType, Width
from vmcsgen.core.enumeration import max_index
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import LINE_LENGTH, render

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def text_of(spec: vmcsgen.Spec) -> str:
    (rendered,) = render(spec, load_target("python"))
    return rendered.text


def run(text: str) -> ModuleType:
    module = ModuleType("generated_vmcs")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(text, "vmcs.py", "exec"), module.__dict__)
    return module


@pytest.fixture(scope="module")
def text(spec: vmcsgen.Spec) -> str:
    return text_of(spec)


@pytest.fixture(scope="module")
def path(text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("python") / "vmcs.py"
    made.write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def vmcs(text: str) -> Iterator[ModuleType]:
    yield run(text)
    del sys.modules["generated_vmcs"]


def test_encodings_are_those_of_the_spec(spec: vmcsgen.Spec, vmcs: ModuleType) -> None:
    expected = {}
    for each in spec.confirmed:
        expected[each.id.upper()] = each.encoding.value
        if each.high_encoding is not None:
            expected[f"{each.id.upper()}_HIGH"] = each.high_encoding.value
    assert {each.name: each.value for each in vmcs.Encoding} == expected
    assert len(vmcs.Encoding.__members__) == len(expected)


def test_table_is_that_of_the_spec(spec: vmcsgen.Spec, vmcs: ModuleType) -> None:
    assert [
        (each.encoding, each.title, each.width, each.type, each.index, each.status)
        for each in vmcs.FIELDS
    ] == [
        (each.encoding.value, each.title, each.width, each.type, each.index, each.status)
        for each in spec.confirmed
    ]


def test_maxima_are_those_of_the_spec(spec: vmcsgen.Spec, vmcs: ModuleType) -> None:
    highest = max_index(spec.fields)
    assert highest == vmcs.VMCS_MAX_INDEX
    assert highest << 1 == vmcs.VMCS_ENUM_MAX
    for project in spec.projects:
        name = project.id.upper().replace("-", "_")
        highest = max_index(spec.by_id[identity] for identity in project.fields)
        assert getattr(vmcs, f"VMCS_MAX_INDEX_{name}") == highest
        assert getattr(vmcs, f"VMCS_ENUM_MAX_{name}") == highest << 1


def test_widths_and_types_are_those_of_the_library(vmcs: ModuleType) -> None:
    assert {each.name: each.value for each in vmcs.Width} == {w.name: w.value for w in Width}
    assert {e.name: e.value for e in vmcs.FieldType} == {t.name: t.value for t in FieldType}


def test_decodes_what_the_library_decodes(vmcs: ModuleType) -> None:
    for number in (*range(0x10000), -1, 1 << 32):
        try:
            expected = Encoding(number)
        except EncodingError:
            with pytest.raises(ValueError, match=r"only 64-bit fields|reserved"):
                vmcs.decode(number)
        else:
            found = vmcs.decode(number)
            assert (found.width, found.type, found.index, found.high) == (
                expected.width, expected.type, expected.index, expected.high,
            )  # fmt: skip


def test_finds_both_halves_and_nothing_else(spec: vmcsgen.Spec, vmcs: ModuleType) -> None:
    for number in (*range(-1, 0x10000), 1 << 31 | 0x2032):
        found = vmcs.find(number)
        match = spec.by_encoding.get(number)
        if match is None or not match.field.confirmed:
            assert found is None
        else:
            assert found.encoding == match.field.encoding.value


def test_a_field_exists_with_its_group_and_no_other(vmcs: ModuleType) -> None:
    groups = len(vmcs.REQUIREMENTS)
    by_group = {
        group: {each for each in vmcs.Encoding if vmcs.exists(1 << group, each)}
        for group in range(groups)
    }
    assert {each for members in by_group.values() for each in members} == set(vmcs.Encoding)
    assert sum(map(len, by_group.values())) == len(vmcs.Encoding)
    for each in vmcs.FIELDS:
        assert each.encoding in by_group[each.group]
        assert each.high_encoding is None or each.high_encoding in by_group[each.group]
    assert not vmcs.exists((1 << groups) - 1, 0x7FFE)


def test_a_field_says_what_it_requires(spec: vmcsgen.Spec, vmcs: ModuleType) -> None:
    assert vmcs.find(spec.field("tsc_multiplier").encoding.value).requires == (
        "secondary.use_tsc_scaling"
    )
    for each in vmcs.FIELDS:
        if each.requires == "always":
            assert vmcs.exists(vmcs.feature_mask({}), each.encoding)


def test_a_missing_msr_counts_as_in_the_library(spec: vmcsgen.Spec, vmcs: ModuleType) -> None:
    """What nothing tells of does not exist; where a TRUE_ MSR is missing the plain one serves."""
    addresses = [0x480, *(group.msr for group in spec.groups)]
    addresses += [group.true_msr for group in spec.groups if group.true_msr is not None]
    source = random.Random(1)
    for _ in range(300):
        msrs = {each: source.getrandbits(64) for each in addresses if source.random() < 0.7}
        features = {each.name: source.random() < 0.5 for each in spec.features}
        capabilities = vmcsgen.Capabilities.from_msrs(spec, msrs, features)
        named = {name.removeprefix("cpuid."): truth for name, truth in features.items()}
        mask = vmcs.feature_mask(msrs, **named)
        existing = vmcsgen.existing_fields(spec, capabilities)
        assert [each.encoding for each in vmcs.FIELDS if vmcs.exists(mask, each.encoding)] == [
            each.encoding.value for each in existing
        ]
        assert vmcs.vmcs_enum(mask) == (vmcsgen.enumerate_fields(existing, capabilities).vmcs_enum)


def test_the_example_in_its_docstring_is_true(vmcs: ModuleType) -> None:
    results = doctest.testmod(vmcs)
    assert (results.attempted, results.failed) == (3, 0)


@pytest.mark.parametrize("style", ["stable", "preview"])
def test_black_has_nothing_to_change(text: str, style: str) -> None:
    """Nor has the style that black may have next: so every black writes these bytes."""
    import black
    from black.mode import TargetVersion

    mode = black.Mode(
        target_versions={TargetVersion.PY38}, line_length=LINE_LENGTH, preview=style == "preview"
    )
    assert black.format_str(text, mode=mode) == text


def test_lines_are_short(text: str) -> None:
    assert max(map(len, text.splitlines())) <= LINE_LENGTH


def test_is_typed(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_needs_nothing_newer_than_python_3_8(text: str) -> None:
    """Syntax that 3.8 has, and only these names from the library, all of which it has."""
    tree = ast.parse(text, feature_version=(3, 8))
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))
    assert imported == {
        "dataclasses.dataclass", "enum.IntEnum",
        "typing.Dict", "typing.Mapping", "typing.Optional", "typing.Tuple",
    }  # fmt: skip


def interpreters() -> set[str]:
    """Every Python from 3.8 on that this machine has, in its path or from pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    found = {sys.executable}
    for version in VERSIONS:
        candidates = [shutil.which(f"python{version}"), *pyenv.glob(f"{version}.*/bin/python")]
        for each in filter(None, candidates):
            if subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode == 0:
                found.add(str(each))
                break
    return found


def test_every_python_at_hand_imports_it_without_a_warning(path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(path.parent)!r}); sys.dont_write_bytecode = True; "
        "import vmcs; print(hex(vmcs.vmcs_enum(vmcs.feature_mask({0x482: 1<<63, 0x48B: 1<<57}))))"
    )
    for interpreter in interpreters():
        call = [interpreter, "-I", "-W", "error", "-c", script]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "0x32\n", ""), interpreter


def test_no_text_of_a_spec_becomes_code(spec: vmcsgen.Spec) -> None:
    title = 'x" """ \\ \' {y} # %s'
    replace = dataclasses.replace
    hostile = replace(
        spec,
        fields=tuple(replace(each, title=f"{each.id} {title}") for each in spec.fields),
        features=tuple(replace(each, title=title) for each in spec.features),
        projects=tuple(replace(each, title=title) for each in spec.projects),
        tables=dict.fromkeys(spec.tables, title),
    )
    module = run(text_of(hostile))
    assert [each.title for each in module.FIELDS] == [each.title for each in hostile.confirmed]
