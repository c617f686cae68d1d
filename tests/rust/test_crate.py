"""The generated crate under its oldest compiler, under cargo and its lints, and broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import vmcsgen
from needs import missing, need
from rustc import DEBIAN, Rustc, any_rustc
from vmcsgen.targets.manifest import load_target
from vmcsgen.targets.render import render


@pytest.fixture(scope="session")
def sources(spec: vmcsgen.Spec, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crate as it is generated."""
    folder = tmp_path_factory.mktemp("rust")
    for rendered in render(spec, load_target("rust")):
        path = folder / rendered.output.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rendered.text, encoding="utf-8")
    return folder


@pytest.fixture
def crate(sources: Path, tmp_path: Path) -> Path:
    """A private copy of ``sources``."""
    return Path(shutil.copytree(sources, tmp_path / "crate"))


@pytest.fixture(params=["path", "debian"])
def compiler(request: pytest.FixtureRequest) -> Rustc:
    """The compiler on the path, and Debian's."""
    if request.param == "path":
        return any_rustc()
    if not DEBIAN.exists():
        missing("needs Debian's compiler: apt-get install rustc")
    return Rustc(str(DEBIAN))


def cargo(crate: Path, *arguments: str) -> str:
    """Run cargo without a network; what it printed."""
    done = subprocess.run(
        [need("cargo", "cargo"), *arguments],
        cwd=crate, capture_output=True, text=True, check=False,
        env=os.environ | {"CARGO_NET_OFFLINE": "true", "RUSTFLAGS": "-D warnings"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_compiler_builds_it_and_its_tests_pass(compiler: Rustc, crate: Path) -> None:
    compiler.build(crate, "selftest", "answer")
    done = subprocess.run([crate / "selftest"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_debian_s_compiler_is_the_one_that_the_manifest_promises(sources: Path) -> None:
    if not DEBIAN.exists():
        missing("needs Debian's compiler: apt-get install rustc")
    promised = re.search(r'rust-version = "(.*)"', (sources / "Cargo.toml").read_text())
    assert promised is not None
    version = subprocess.run([DEBIAN, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)\.(\d+)", version.stdout)
    assert found is not None
    if int(found[2]) > 63:
        pytest.skip(f"this is not Debian 12's compiler: {version.stdout.strip()}")
    assert found[0] == promised[1]


def test_cargo_test_runs_the_example_of_the_documentation_too(crate: Path) -> None:
    cargo(crate, "check", "--features", "std")
    printed = cargo(crate, "test")
    counts = [int(count) for count in re.findall(r"ok\. (\d+) passed; 0 failed", printed)]
    assert counts[-1] == 1
    assert sum(counts) == (crate / "tests/selftest.rs").read_text().count("#[test]") + 1


def test_clippy_and_rustfmt_have_nothing_to_say(crate: Path) -> None:
    need("cargo-clippy", "rust-clippy")
    need("rustfmt", "rustfmt")
    cargo(crate, "fmt", "--check")
    cargo(crate, "clippy", "--all-targets", "--", "-D", "warnings")


USER = """
#![no_std]
use vmcs::*;
#[no_mangle] pub fn scaling(mask: FeatureMask) -> bool { mask.exists(Encoding::TscMultiplier) }
#[no_mangle] pub fn any(mask: FeatureMask, raw: u32) -> bool { mask.exists_raw(raw) }
#[no_mangle] pub fn raw(caps: &VmxCaps) -> u64 { caps.feature_mask().vmcs_enum() }
#[no_mangle] pub fn read(rdmsr: fn(u32) -> u64) -> VmxCaps { VmxCaps::read(rdmsr) }
#[no_mangle] pub fn title(raw: u32) -> Option<&'static str> { find(raw).map(|field| field.title) }
#[no_mangle] pub fn requires(field: &Field) -> &'static str { field.requires() }
#[no_mangle] pub fn encoding(raw: u32) -> Option<Encoding> { Encoding::try_from(raw).ok() }
#[no_mangle] pub fn parts(raw: u32) -> Option<u32> { decode(raw).ok().map(Decoded::encode) }
"""


def undefined(path: Path) -> list[str]:
    """The symbols that an object or library wants from elsewhere."""
    listed = subprocess.run(
        [need("nm", "binutils"), "-u", path], capture_output=True, text=True, check=True
    )
    return re.findall(r"^ +U (\S+)", listed.stdout, re.MULTILINE)


def test_nothing_panics_and_nothing_asks_for_std(compiler: Rustc, crate: Path) -> None:
    """What a user's code and the crate call beyond themselves is Debug and Display of core."""
    (crate / "user.rs").write_text(USER)
    optimized = ("-C", "opt-level=3", "-C", "panic=abort", "-C", "codegen-units=1")
    compiler.compile("--crate-type", "rlib", "--crate-name", "vmcs", *optimized, "src/lib.rs",
                     cwd=crate)  # fmt: skip
    compiler.compile("--crate-type", "lib", "--emit=obj", *optimized, "user.rs", "--extern",
                     "vmcs=libvmcs.rlib", cwd=crate)  # fmt: skip
    compiler.compile("--crate-type", "lib", "--emit=obj", "--crate-name", "vmcs", *optimized,
                     "src/lib.rs", cwd=crate)  # fmt: skip
    wanted = undefined(crate / "user.o")
    assert wanted
    assert [name for name in wanted if "vmcs" not in name] == []
    wanted = undefined(crate / "vmcs.o")
    assert [name for name in wanted if "fmt" not in name] == []


FALLIBLE = """
fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(vmcs::Encoding::try_from(0x2032)?.index(), 25);
    Ok(())
}
"""


@pytest.mark.parametrize("feature", [(), ("--cfg", 'feature="std"')], ids=["core", "std"])
def test_an_error_is_one_of_std_with_that_feature(
    compiler: Rustc, crate: Path, feature: tuple[str, ...]
) -> None:
    (crate / "user.rs").write_text(FALLIBLE)
    library = ("--crate-type", "rlib", "--crate-name", "vmcs", "src/lib.rs")
    compiler.compile(*library, *feature, cwd=crate)
    done = compiler.run("user.rs", "--extern", "vmcs=libvmcs.rlib", cwd=crate)
    if feature:
        assert done.returncode == 0, done.stderr
        subprocess.run([crate / "user"], check=True)
    else:
        assert "EncodingError" in done.stderr


def test_existence_of_a_constant_field_is_one_bit_test(compiler: Rustc, crate: Path) -> None:
    """No call, no branch, no load: a mask in, a bit out."""
    (crate / "user.rs").write_text(USER)
    compiler.compile("--crate-type", "rlib", "--crate-name", "vmcs", "src/lib.rs", cwd=crate)
    compiler.compile("--crate-type", "lib", "--emit=asm", "-C", "opt-level=3", "user.rs",
                     "--extern", "vmcs=libvmcs.rlib", cwd=crate)  # fmt: skip
    text = (crate / "user.s").read_text()
    body = re.search(r"^scaling:\n(.*?)^\s*ret", text, re.MULTILINE | re.DOTALL)
    assert body is not None
    instructions = re.findall(r"^\t([a-z]\w*)", body[1], re.MULTILINE)
    assert 1 <= len(instructions) <= 4
    assert set(instructions) <= {"endbr64", "movq", "movl", "shrq", "shrl", "andl", "btq", "btl",
                                 "setb"}  # fmt: skip


MUTATIONS = {
    "value": (r"(\bTscMultiplier) = 0x2032", r"\1 = 0x2034"),
    "value of a field that no rung rests on": (r"(\bGuestRip) = 0x\w+", r"\1 = 0x6830"),
    "high half": (r"(\bTscMultiplierHigh) = 0x2033", r"\1 = 0x2035"),
    "high half of what has none": (r" && matches!\(self\.width, Width::W64\)", ""),
    "index bits": (r"(index = \(encoding >> 1 & 0x)1ff", r"\1ff"),
    "highest index": (r"(MAX_INDEX: u16 =) \d+", r"\1 7"),
    "a project's highest index": (r'(id: "linux".*max_index:) \d+', r"\1 3"),
    "rung": (r"(return )25;", r"\g<1>24;"),
    "group of a cell": (r"(// 16-bit control\n\s+)1, 2,", r"\1 2, 1,"),
    "hole": (r"NO_GROUP, NO_GROUP", r"0, NO_GROUP"),
    "row of a cell": (r"(// 64-bit read-only data\n\s+6)3, 64", r"\g<1>4, 63"),
    "first cell of a class": (r"\(24, (\d+)\)", r"(25, \1)"),
    "reserved bits": (r"0xffff_9000", "0xffff_8000"),
    "group of a field": (r"(encoding: Encoding::TscMultiplier,.* group:) \d+", r"\1 3"),
    "name": (r'name: "tsc_multiplier"', 'name: "tsc_multiplieR"'),
    "unread MSR": (r"caps\.(ia32_vmx_vmfunc) = rdmsr\(0x491\)", r"caps.\1 = 0"),
    "MSR read where there is none": (
        r"if all\(caps\.allowed_primary\(\), 0x20000\)",
        "if true",
    ),
    "activation forgotten": (r"if !all\(self\.allowed_primary\(\), 0x80000000\)", "if false"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_self_test_finds(mutation: str, crate: Path) -> None:
    """A wrong number does not compile, or does not pass the self-test."""
    library = crate / "src/lib.rs"
    before = library.read_text()
    after, changed = re.subn(*MUTATIONS[mutation], before, count=1)
    assert changed == 1
    assert after != before
    library.write_text(after)
    compiler = any_rustc()
    done = compiler.run("--crate-type", "rlib", "--crate-name", "vmcs", "src/lib.rs", cwd=crate)
    if done.returncode:
        assert re.search("assertion failed|assigned more than once", done.stderr)
        return
    compiler.compile("--test", "tests/selftest.rs", "--extern", "vmcs=libvmcs.rlib", cwd=crate)
    done = subprocess.run([crate / "selftest"], capture_output=True, text=True, check=False)
    assert "test result: FAILED" in done.stdout


def test_what_was_written_before_a_feature_came_still_compiles(
    spec: vmcsgen.Spec, crate: Path
) -> None:
    """VmxCaps gets a member for it; the example is what users begin with."""
    *others, newest = spec.features
    older = replace(
        spec,
        features=tuple(others),
        fields=tuple(each for each in spec.fields if newest.name not in str(each.requires)),
    )
    example = crate / "examples/answer.rs"
    before = example.read_text()
    texts = {each.output.path: each.text for each in render(older, load_target("rust"))}
    example.write_text(texts["examples/answer.rs"])
    assert example.read_text() != before
    any_rustc().build(crate, "answer")


HOSTILE = 'x */ # "y" \\ %s {{ z }} /* """ //! {} [a](b) <c> \''


def test_no_text_of_a_spec_becomes_code(spec: vmcsgen.Spec, crate: Path) -> None:
    """Titles are any printable text; they end neither a comment nor a string."""
    hostile = replace(
        spec,
        fields=tuple(replace(each, title=f"{each.id} {HOSTILE}") for each in spec.fields),
        groups=tuple(
            replace(
                group,
                title=HOSTILE,
                controls=tuple(replace(each, title=HOSTILE) for each in group.controls),
            )
            for group in spec.groups
        ),
        features=tuple(replace(each, title=HOSTILE) for each in spec.features),
        projects=tuple(replace(each, title=HOSTILE) for each in spec.projects),
        tables=dict.fromkeys(spec.tables, HOSTILE),
    )
    for rendered in render(hostile, load_target("rust")):
        (crate / rendered.output.path).write_text(rendered.text, encoding="utf-8")
    compiler = any_rustc()
    compiler.build(crate, "selftest", "answer")
    done = subprocess.run([crate / "selftest"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
