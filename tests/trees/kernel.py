"""Kernel trees: prepared build folders, private copies, single objects of KVM."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .cache import hard_linked, made_once, need, need_header, own_copy, run
from .debian_sources import Origin, kernel_source

VMX = "arch/x86/kvm/vmx"
OBJECTS = (f"{VMX}/vmcs12.o", f"{VMX}/nested.o", f"{VMX}/vmx.o")
"""The objects that see `enum vmcs_field` and the vmcs12 tables."""

ARCHITECTURES = ("x86_64", "i386")


@dataclass(frozen=True, slots=True)
class KernelBuild:
    """A kernel tree with a configured and prepared build folder inside it.

    Inside, because kbuild then reaches the source as `..`: the pair can be copied elsewhere,
    and its objects stay byte for byte the same.
    """

    tree: Path
    arch: str
    origin: Origin

    @property
    def folder(self) -> Path:
        """The build folder, `make O=`."""
        return self.tree / f"build-{self.arch}"


def prepared(series: str, arch: str) -> KernelBuild:
    """The cached tree of a series, prepared for `arch`, with OBJECTS built; not to be changed.

    The configuration is the architecture's defconfig with KVM and KVM_INTEL built in.
    """
    source = kernel_source(series)
    build = KernelBuild(source.path, arch, source.origin)

    def make(folder: Path) -> None:
        need({tool: tool for tool in ("gcc", "make", "flex", "bison", "bc", "perl")})
        need_header("gelf.h", "libelf-dev")
        need_header("openssl/opensslv.h", "libssl-dev")
        kbuild(build, f"{arch}_defconfig")
        run(
            ["scripts/config", "--file", folder / ".config", "-e", "KVM", "-e", "KVM_INTEL"],
            cwd=build.tree,
        )
        kbuild(build, "olddefconfig")
        kbuild(build, "prepare")
        kbuild(build, *OBJECTS)

    made_once(build.folder, make)
    return build


def private_copy(build: KernelBuild, into: Path) -> KernelBuild:
    """A copy in `into` (not there yet) that a test may patch and build.

    Source files are hard links: replace them, never write into them.
    """
    hard_linked(build.tree, into)
    for folder in into.glob("build-*"):
        run(["rm", "-rf", folder])
    copy = replace(build, tree=into)
    own_copy(build.folder, copy.folder)
    return copy


def kbuild(build: KernelBuild, *targets: str, warnings: str = "") -> str:
    """Run the kernel's make for `targets` and return what it printed; `warnings` is its W=."""
    jobs = f"-j{os.cpu_count() or 1}"
    also = [f"W={warnings}"] if warnings else []
    # Not the environment's: a developer's ARCH or CROSS_COMPILE would change the objects.
    return run(
        [
            "make",
            "-s",
            jobs,
            f"O={build.folder.name}",
            "ARCH=x86",
            "CROSS_COMPILE=",
            *also,
            *targets,
        ],
        cwd=build.tree,
        env={"KBUILD_BUILD_TIMESTAMP": "0", "KBUILD_BUILD_USER": "-", "KBUILD_BUILD_HOST": "-"},
    )


def build_objects(build: KernelBuild, objects: Sequence[str] = OBJECTS) -> dict[str, Path]:
    """Build single objects, named as make knows them, and return where each lies."""
    kbuild(build, *objects)
    return {name: build.folder / name for name in objects}


def compile_like(build: KernelBuild, like: str, source: Path, output: Path) -> Path:
    """Compile `source` with the very command that made the object `like`, into `output`.

    So a file of ours sees the structures, flags and configuration that KVM's own files see.
    """
    made = (build.folder / like).with_name(f".{Path(like).name}.cmd").read_text()
    found = re.match(r"(?:saved)?cmd_\S+ := (.*)", made)
    if found is None:
        raise RuntimeError(f"kbuild keeps no command for {like}")
    # objtool and the like follow the compiler's own command.
    command = found[1].split(" ; ")[0].replace("$(pound)", "#").replace("$$", "$")
    words = shlex.split(command)
    words[words.index("-o") + 1] = str(output)
    words[-1] = str(source)
    words = [word for word in words if not word.startswith("-Wp,-M")]
    folder = (build.folder / like).parent.relative_to(build.folder)
    run([*words, f"-I../{folder}"], cwd=build.folder)
    return output
