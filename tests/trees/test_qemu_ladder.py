"""QEMU's ladder of IA32_VMX_VMCS_ENUM, replaced in the real tree, run, and compared with ours."""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import vmcsgen
from vmcsgen.cli import main

from . import qemu
from .cache import root, run
from .qemu_ladder import (
    Combinations,
    asked,
    control_places,
    ladder_properties,
    library_value,
    models,
    state,
)

HEADER = "target/i386/kvm/vmx-vmcs-enum.h"
CPU_H = "target/i386/cpu.h"


@dataclass(frozen=True, slots=True)
class Converted:
    """A tree that took the generated ladder over, and its kvm_msr_entry_add_vmx() to be asked."""

    build: qemu.QemuBuild
    harness: qemu.Qemu


@pytest.fixture(scope="module")
def spec() -> vmcsgen.Spec:
    return vmcsgen.load()


@pytest.fixture(scope="module")
def expanded() -> dict[str, dict[str, bool]]:
    return qemu.cpu_models()


@pytest.fixture(scope="module")
def converted(qemu_build: qemu.QemuBuild) -> Iterator[Converted]:
    """A private copy of each QEMU after ``vmcsgen adopt qemu``."""
    home = root() / "scratch"
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home) as folder:
        copy = qemu.private_copy(qemu_build, Path(folder) / "qemu")
        assert main(["adopt", "qemu", str(copy.tree)]) == 0
        yield Converted(copy, qemu.link(copy, Path(folder) / "harness"))


def test_every_combination_has_the_value_that_the_library_derives(
    spec: vmcsgen.Spec, converted: Converted
) -> None:
    places = control_places(spec, converted.harness.feature_words())
    combinations = Combinations(spec, asked(spec, places))
    assert len(combinations.names) >= 12
    masks = range(1 << len(combinations.names))
    answers = converted.harness.vmcs_enums(state(places, combinations.set(m)) for m in masks)
    wrong = [combinations.set(m) for m, a in zip(masks, answers, strict=True)
             if a != combinations.value(m)]  # fmt: skip
    assert not wrong
    assert len(set(answers)) >= 11
    for mask in random.Random(1).sample(masks, 500):
        assert combinations.value(mask) == library_value(spec, combinations.set(mask))


def test_bits_that_the_ladder_does_not_ask_for_change_nothing(
    spec: vmcsgen.Spec, converted: Converted
) -> None:
    words = converted.harness.feature_words()
    places = control_places(spec, words)
    chance = random.Random(2)
    states = []
    for _ in range(2000):
        density = [chance.getrandbits(64) for _ in words]
        thin = chance.choice([density, [chance.getrandbits(64) & each for each in density]])
        states.append({word.index: value for word, value in zip(words, thin, strict=True)})
    for words_set, answer in zip(states, converted.harness.vmcs_enums(states), strict=True):
        on = [name for name, (index, bit) in places.items() if words_set[index] >> bit & 1]
        assert answer == library_value(spec, on)


def test_every_cpu_model_has_the_value_that_the_library_derives(
    spec: vmcsgen.Spec, converted: Converted, expanded: dict[str, dict[str, bool]]
) -> None:
    words = converted.harness.feature_words()
    places = control_places(spec, words)
    switched = qemu.switched_models(expanded, ladder_properties(spec, words))
    found = models(words, expanded | switched)
    assert len(found) > 500
    answers = converted.harness.vmcs_enums(model.words for model in found)
    for model, answer in zip(found, answers, strict=True):
        on = [n for n, (index, bit) in places.items() if model.words.get(index, 0) >> bit & 1]
        assert answer == library_value(spec, on), model.name


def test_the_object_compiles_without_warnings(converted: Converted, tmp_path: Path) -> None:
    built = qemu.compile_source(converted.build, qemu.KVM, tmp_path / "kvm.o")
    assert built.is_file()
    assert "vmx-vmcs-enum.h" in (tmp_path / "kvm.o.d").read_text()


def test_adopting_twice_changes_nothing(
    converted: Converted, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = str(converted.build.tree)
    assert main(["adopt", "qemu", tree, "--diff"]) == 0
    assert main(["gen", "--tree", tree, "--check"]) == 0
    assert "0 to change" in capsys.readouterr().err


def test_checkpatch_is_silent_for_our_lines(
    qemu_build: qemu.QemuBuild, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["adopt", "qemu", str(qemu_build.tree), "--diff"])
    patch = tmp_path / "adopt.diff"
    patch.write_text(capsys.readouterr().out)
    said = checkpatch(qemu_build.tree, patch)
    assert "0 errors" in said
    assert complaints(said) <= ABOUT_MAINTAINERS


TOUCHED = (CPU_H, "target/i386/kvm/kvm.c", "target/i386/hvf/vmcs.h")


@pytest.fixture
def repository(qemu_build: qemu.QemuBuild, tmp_path: Path) -> Path:
    """A git repository with the files of QEMU that the series is about."""
    top = tmp_path / "qemu"
    for name in TOUCHED:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(qemu_build.tree / name, top / name)
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "as it was")
    return top


def git(top: Path, *words: str | Path) -> str:
    who = ["-c", "user.name=A Developer", "-c", "user.email=dev@example.org"]
    return run(["git", *who, "-c", "core.whitespace=trailing-space", *words], cwd=top)


def test_the_series_applies_and_makes_what_adopt_makes(
    qemu_build: qemu.QemuBuild, repository: Path, converted: Converted, tmp_path: Path
) -> None:
    mails = tmp_path / "series"
    mails.mkdir()
    author = "A Developer <dev@example.org>"
    command = ["patch", "qemu", str(repository), "-o", str(mails), "-s", "--from", author]
    assert main(command) == 0
    patches = sorted(mails.glob("000[1-9]-*.patch"))
    assert len(patches) == 2
    assert (mails / "0000-cover-letter.patch").is_file()
    git(repository, "am", "-q", *patches)
    for name in (*TOUCHED, HEADER):
        assert (repository / name).read_text() == (converted.build.tree / name).read_text()
    assert main([*command[:4], str(tmp_path), *command[5:]]) == 0
    assert not list(tmp_path.glob("*.patch"))  # the tree has everything now

    for patch in patches:
        said = checkpatch(qemu_build.tree, patch)
        assert "0 errors" in said, said
        assert complaints(said) <= ABOUT_MAINTAINERS


ABOUT_MAINTAINERS = {
    "added, moved or deleted file(s), does MAINTAINERS need updating?",
    "added, moved or deleted file(s):",
}
"""What checkpatch says of every patch that adds a file; ours is in a folder that is listed."""


def complaints(said: str) -> set[str]:
    return set(re.findall(r"^(?:WARNING|ERROR): (.*)", said, re.MULTILINE))


def test_the_hvf_list_keeps_its_names_values_and_order(
    qemu_build: qemu.QemuBuild, converted: Converted
) -> None:
    before, after = (
        macros(tree / "target/i386/hvf/vmcs.h") for tree in (qemu_build.tree, converted.build.tree)
    )
    assert len(before) > 140
    assert [name for name in after if name in before] == list(after)
    assert after == before


def macros(header: Path) -> dict[str, int]:
    """The numbers that a header defines, as the preprocessor sees it."""
    text = run(["gcc", "-E", "-dD", "-P", "-fpreprocessed", header])
    found = re.findall(r"^#define (VMCS_\w+) (0x[0-9A-Fa-f]+)$", text, re.MULTILINE)
    return {name: int(value, 16) for name, value in found}


def returned(header: str) -> set[int]:
    """The values of a ladder's rungs."""
    return {int(value, 16) for value in re.findall(r"return (0x[0-9a-f]+);", header)}


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that stands once in a file of a private copy; the file becomes a new one."""
    text = path.read_text()
    assert text.count(old) == 1
    path.unlink()
    path.write_text(text.replace(old, new))


def test_a_tree_that_gains_the_tertiary_word_gains_its_rungs(
    spec: vmcsgen.Spec, scratch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = qemu.private_copy(qemu.configured("newest"), scratch / "qemu")
    assert main(["adopt", "qemu", str(copy.tree)]) == 0
    header = copy.tree / HEADER
    before = header.read_text()
    assert "FEAT_VMX_TERTIARY_CTLS" not in before
    assert "tertiary.ipi_virtualization" in before

    # As the patch of 2026-02-03 on qemu-devel, with one macro more.
    edit(
        copy.tree / CPU_H,
        "    FEATURE_WORDS,\n",
        "    FEAT_VMX_TERTIARY_CTLS,\n    FEATURE_WORDS,\n",
    )
    edit(
        copy.tree / CPU_H,
        "#define VMX_PIN_BASED_EXT_INTR_MASK ",
        "#define VMX_CPU_BASED_ACTIVATE_TERTIARY_CONTROLS 0x00020000\n"
        "#define VMX_TERTIARY_EXEC_APIC_TIMER_VIRT 0x0000000000000100ull\n"
        "#define VMX_TERTIARY_EXEC_IPI_VIRT (1ULL << 4)\n"
        "#define VMX_PIN_BASED_EXT_INTR_MASK ",
    )
    assert main(["gen", "--tree", str(copy.tree), "--check"]) == 1
    assert main(["gen", "--tree", str(copy.tree)]) == 0
    after = header.read_text()
    assert "tertiary_ctls & VMX_TERTIARY_EXEC_APIC_TIMER_VIRT" in after
    assert "tertiary_ctls & VMX_TERTIARY_EXEC_IPI_VIRT" in after
    assert "primary_ctls & VMX_CPU_BASED_ACTIVATE_TERTIARY_CONTROLS ?" in after
    assert "No feature word holds" not in after
    assert returned(after) - returned(before) == {0x4E, 0x4C, 0x42, 0x40, 0x3C}

    words = qemu.link(qemu.configured("newest"), scratch / "words").feature_words()
    places = control_places(spec, words)
    tertiary = len(words)  # the new word stands behind the others
    harness = qemu.link(copy, scratch / "harness")
    places |= {
        control.name: (tertiary, control.bit) for control in spec.group_by_id["tertiary"].controls
    }
    combinations = Combinations(spec, asked(spec, places))
    assert len(combinations.names) == 19
    masks = random.Random(3).sample(range(1 << 19), 30_000)
    answers = harness.vmcs_enums(state(places, combinations.set(mask)) for mask in masks)
    assert answers == [combinations.value(mask) for mask in masks]
    assert len(set(answers)) == 16


def test_a_macro_on_another_bit_than_the_spec_has_is_refused(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(repository / CPU_H, "TSC_SCALING              0x02000000", "TSC_SCALING 0x01000000")
    assert main(["adopt", "qemu", str(repository)]) == 2
    assert "secondary.use_tsc_scaling is bit 25" in capsys.readouterr().err


def checkpatch(tree: Path, patch: Path) -> str:
    """What the tree's own checkpatch.pl says of a patch."""
    script = 'perl scripts/checkpatch.pl --no-signoff "$1" || test $? = 1'
    return run(["sh", "-c", script, "sh", patch], cwd=tree)
