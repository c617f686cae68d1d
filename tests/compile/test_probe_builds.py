"""The probe compiles without a warning, always to the same bytes, and is what loaders expect."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from compilers import C_WARNINGS, PACKAGES, WARNINGS

import vmcsgen
from needs import need
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.probe.build import Built, build, compile_sources, render_sources
from vmcsgen.targets.questions import LOG_AREA

MULTIBOOT_MAGIC = 0x1BADB002
SECTOR = 512


@pytest.fixture(scope="session")
def built(spec: vmcsgen.Spec, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The probe, built as users build it."""
    need("gcc", "gcc")
    need("make", "make")
    return build(spec, tmp_path_factory.mktemp("probe"))


@pytest.mark.parametrize(("name", "optimization"), [("gcc", "-O0"), ("clang", "-Os")])
def test_it_compiles_without_a_warning(
    spec: vmcsgen.Spec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    optimization: str,
) -> None:
    monkeypatch.setenv("CC", need(name, PACKAGES[name]))
    render_sources(spec, tmp_path)
    flags = " ".join((optimization, *WARNINGS, *C_WARNINGS))
    built = compile_sources(tmp_path, "probe", f"CFLAGS={flags}")
    assert built.image.stat().st_size == 2880 * SECTOR


def test_two_builds_have_the_same_bytes(spec: vmcsgen.Spec, built: Built, tmp_path: Path) -> None:
    again = build(spec, tmp_path)
    assert again.image.read_bytes() == built.image.read_bytes()
    assert again.kernel.read_bytes() == built.kernel.read_bytes()


def test_the_image_is_what_a_bios_boots(built: Built) -> None:
    image = built.image.read_bytes()
    assert image[510:512] == b"\x55\xaa"
    status, *_, kind = struct.unpack_from("<B3sB", image, 446)
    assert (status, kind) == (0x80, 0x7F)
    # The boot sector jumps over the place of a BIOS parameter block, which is free.
    assert image[0] == 0xEB
    assert image[2:0x3E] == b"\x90" + bytes(0x3B)
    mark = image[256 * SECTOR :]
    assert mark.startswith(LOG_AREA.encode())
    assert not any(mark[len(LOG_AREA) :])


def test_the_kernel_is_what_a_multiboot_loader_loads(built: Built) -> None:
    kernel = built.kernel.read_bytes()
    assert kernel[:5] == b"\x7fELF\x01"
    headers = [
        offset
        for offset in range(0, 8192, 4)
        if struct.unpack_from("<I", kernel, offset) == (MULTIBOOT_MAGIC,)
    ]
    assert len(headers) == 1
    assert sum(struct.unpack_from("<III", kernel, headers[0])) & 0xFFFFFFFF == 0


def test_what_the_compiler_objects_to_is_told(
    spec: vmcsgen.Spec, built: Built, tmp_path: Path
) -> None:
    render_sources(spec, tmp_path)
    (tmp_path / "probe.c").write_text("int broken(void) { return nothing; }\n")
    with pytest.raises(DiagnosticError, match=r"nothing.*undeclared"):
        compile_sources(tmp_path)


def test_an_empty_variable_is_as_good_as_none(
    spec: vmcsgen.Spec, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``CC= vmcsgen probe build``, as a shell passes a variable that is not set on."""
    render_sources(spec, tmp_path)
    monkeypatch.setenv("CC", " ")
    monkeypatch.setenv("OBJCOPY", "")
    assert compile_sources(tmp_path).image.read_bytes() == built.image.read_bytes()


def test_flags_of_a_distribution_change_nothing(
    spec: vmcsgen.Spec, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control-flow protection, which an i586 has not, and notes from the assembler."""
    render_sources(spec, tmp_path)
    monkeypatch.setenv("CC", "gcc -Wa,-mx86-used-note=yes")
    again = compile_sources(tmp_path, "probe", "CFLAGS=-O2 -fcf-protection")
    assert again.image.read_bytes() == built.image.read_bytes()


def test_a_missing_compiler_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(DiagnosticError, match="there is no 'no-such-compiler' here"):
        compile_sources(tmp_path)
