"""Fixtures of the compiled tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from compilers import PACKAGES, Compiler, generate

import vmcsgen
from needs import need
from rustc import any_rustc


@pytest.fixture(params=["gcc", "clang"])
def compiler(request: pytest.FixtureRequest) -> Compiler:
    """Each compiler in turn; skips without it."""
    need(request.param, PACKAGES[request.param])
    return Compiler(request.param)


@pytest.fixture(scope="session")
def c_folder(spec: vmcsgen.Spec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the outputs of target c."""
    return generate(spec, "c", tmp_path_factory.mktemp("c"))


@pytest.fixture(scope="session")
def crate(spec: vmcsgen.Spec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs of target rust, built; skips without a compiler."""
    compiler = any_rustc()
    folder = generate(spec, "rust", tmp_path_factory.mktemp("rust"))
    compiler.build(folder, "selftest", "answer")
    return folder
