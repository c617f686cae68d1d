"""QEMU trees: configured build folders, single objects, and QEMU's own VMX code in user space."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .cache import (
    Unavailable,
    hard_linked,
    made_once,
    need,
    need_header,
    need_library,
    own_copy,
    run,
)
from .debian_sources import Origin, qemu_source
from .objects import link_with_stubs

HERE = Path(__file__).parent / "qemu_harness"

KVM = "target/i386/kvm/kvm.c"
CPU = "target/i386/cpu.c"

CONFIGURE = (
    "--target-list=x86_64-softmmu",
    "--without-default-features",
    "--enable-kvm",
    "--disable-docs",
    # Debian's source packages come without the firmware images that would be installed.
    "--disable-install-blobs",
)


@dataclass(frozen=True, slots=True)
class QemuBuild:
    """A QEMU tree with a configured build folder inside it."""

    tree: Path
    origin: Origin
    configured_as: Path

    @property
    def folder(self) -> Path:
        """The build folder."""
        return self.tree / "build"


def configured(series: str) -> QemuBuild:
    """The cached tree of a series, configured for KVM, KVM and CPU objects built; read only."""
    source = qemu_source(series)
    build = QemuBuild(source.path, source.origin, source.path)

    def make(folder: Path) -> None:
        # Meson and ninja may be installed beside the running Python only.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for tool in ("meson", "ninja"):
            if not shutil.which(tool, path=path):
                raise Unavailable(f"install the Python package {tool}")
        need({"gcc": "gcc", "pkg-config": "pkg-config", "bison": "bison", "flex": "flex"})
        need_library("glib-2.0", "libglib2.0-dev")
        need_header("libfdt.h", "libfdt-dev")
        need_library("pixman-1", "libpixman-1-dev")
        run(["../configure", *CONFIGURE], cwd=folder, env={"PATH": path})
        objects = [_command(build, source)["output"] for source in (KVM, CPU)]
        run(["ninja", *objects], cwd=folder, env={"PATH": path})

    made_once(build.folder, make)
    return build


def private_copy(build: QemuBuild, into: Path) -> QemuBuild:
    """A copy in `into` (not there yet) that a test may patch; compile with compile_source.

    Source files are hard links: replace them, never write into them.
    """
    hard_linked(build.tree, into)
    copy = replace(build, tree=into)
    run(["rm", "-rf", copy.folder])
    own_copy(build.folder, copy.folder)
    return copy


def compile_source(
    build: QemuBuild,
    name: str,
    output: Path,
    *,
    source: Path | None = None,
    flags: Sequence[str] = (),
) -> Path:
    """Compile `name`, or `source` with the very command that meson gives `name`, into `output`.

    Warnings are errors.
    """
    entry = _command(build, name)
    # Meson writes some include folders as absolute paths, of the tree it configured.
    command = entry["command"].replace(str(build.configured_as), str(build.tree))
    words = shlex.split(command)
    words[words.index("-o") + 1] = str(output)
    words[words.index("-MF") + 1] = f"{output}.d"
    words[words.index("-c") + 1] = str(source or Path("..") / name)
    run([*words, "-Werror", *flags], cwd=build.folder)
    return output


def _command(build: QemuBuild, name: str) -> dict[str, str]:
    entries = json.loads((build.folder / "compile_commands.json").read_text())
    for entry in entries:
        if entry["file"] == f"../{name}" and "softmmu" in entry["output"]:
            return {key: str(value) for key, value in entry.items()}
    raise RuntimeError(f"meson compiles no {name}")


@dataclass(frozen=True, slots=True)
class FeatureWord:
    """A word of QEMU's FeatureWordArray: its place, the MSR or CPUID leaf, a property per bit."""

    index: int
    msr: int | None
    cpuid: tuple[int, int | None, str] | None
    properties: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Qemu:
    """The harness, linked with the objects of one QEMU."""

    program: Path

    def feature_words(self) -> list[FeatureWord]:
        """Every word of the FeatureWordArray, as feature_word_info tells."""
        return [_word(line) for line in run([self.program], feed="words\n").splitlines()]

    def vmcs_enums(self, states: Iterable[Mapping[int, int]]) -> list[int]:
        """The IA32_VMX_VMCS_ENUM that kvm_msr_entry_add_vmx() sets for each state of the words.

        A state maps the index of a feature word to its value; words left out are 0.
        """
        lines = [
            "enum" + "".join(f" {index:x}={value:x}" for index, value in state.items())
            for state in states
        ]
        answers = run([self.program], feed="".join(f"{line}\n" for line in lines)).splitlines()
        if len(answers) != len(lines):
            raise RuntimeError(f"{len(lines)} requests, {len(answers)} answers")
        return [int(answer, 16) for answer in answers]


def _word(line: str) -> FeatureWord:
    index, kind, *place, names = line.split(" ")
    properties = tuple(None if name == "-" else name for name in names.split(","))
    if kind == "msr":
        return FeatureWord(int(index, 16), int(place[0], 16), None, properties)
    leaf, subleaf, register = place
    cpuid = int(leaf, 16), None if subleaf == "-" else int(subleaf, 16), register
    return FeatureWord(int(index, 16), None, cpuid, properties)


def link(build: QemuBuild, folder: Path) -> Qemu:
    """Link the harness with kvm.c and cpu.c of `build`; `folder` takes what is made."""
    folder.mkdir(parents=True, exist_ok=True)
    tree_side = compile_source(build, KVM, folder / "qemu.o", source=HERE / "qemu.c")
    cpu = build.folder / _command(build, CPU)["output"]
    host = folder / "host.o"
    run(["gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-c", HERE / "host.c", "-o", host])
    libraries = [*run(["pkg-config", "--libs", "glib-2.0"]).split(), "-lm"]
    return Qemu(link_with_stubs([tree_side, host, cpu], folder / "qemu", libraries))


def cpu_models(program: str = "qemu-system-x86_64") -> dict[str, dict[str, bool]]:
    """Every named CPU model of an installed QEMU with VMX on: its boolean properties.

    Asked through QMP (query-cpu-model-expansion); no KVM is needed.
    """
    need({"qemu-system-x86_64": "qemu-system-x86"})
    (definitions,) = _qmp(program, [{"execute": "query-cpu-definitions"}])
    names = sorted(
        model["name"]
        for model in definitions["return"]
        # Those are not models but what the accelerator has.
        if model["name"] not in ("host", "max", "base")
    )
    return dict(zip(names, _expanded(program, [(name, {}) for name in names]), strict=True))


def switched_models(
    models: Mapping[str, Mapping[str, bool]],
    names: Sequence[str],
    program: str = "qemu-system-x86_64",
) -> dict[str, dict[str, bool]]:
    """Each of `models` with one of these properties switched, as `MODEL,+PROPERTY` or `-`.

    QEMU leaves a property as it was if it depends on another that the model lacks; such a pair is
    left out.
    """
    pairs = [(model, name) for model, has in models.items() for name in names if name in has]
    asked = [(model, {name: not models[model][name]}) for model, name in pairs]
    return {
        f"{model},{'+' if has[name] else '-'}{name}": has
        for (model, name), has in zip(pairs, _expanded(program, asked), strict=True)
        if has[name] != models[model][name]
    }


def _expanded(
    program: str, asked: Iterable[tuple[str, Mapping[str, bool]]]
) -> list[dict[str, bool]]:
    """The boolean properties of CPU models with VMX on and some properties set."""
    commands = [
        {
            "execute": "query-cpu-model-expansion",
            "arguments": {"type": "full", "model": {"name": model, "props": {"vmx": True, **set_}}},
        }
        for model, set_ in asked
    ]
    return [
        {
            key: value
            for key, value in answer["return"]["model"]["props"].items()
            if isinstance(value, bool)
        }
        for answer in _qmp(program, commands)
    ]


def _qmp(program: str, commands: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
    asked = [{"execute": "qmp_capabilities"}, *commands, {"execute": "quit"}]
    command = [program, "-machine", "none", "-accel", "tcg", "-S", "-display", "none"]
    text = run([*command, "-qmp", "stdio"], feed="\n".join(map(json.dumps, asked)))
    said = [json.loads(line) for line in text.splitlines()]
    for line in said:
        if "error" in line:
            raise RuntimeError(f"QMP: {line['error']}")
    returned = [line for line in said if "return" in line]
    if len(returned) != len(asked):
        raise RuntimeError(f"QMP answered {len(returned)} of {len(asked)} commands")
    return returned[1:-1]


def version(program: str = "qemu-system-x86_64") -> str:
    """The version of an installed QEMU: 7.2.22."""
    need({"qemu-system-x86_64": "qemu-system-x86"})
    found = re.search(r"version (\d[\d.]*)", run([program, "--version"]))
    if found is None:
        raise RuntimeError(f"{program} tells no version")
    return found[1]
