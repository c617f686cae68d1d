"""From templates to the probe's images: render target probe, compile and link it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import refuse
from vmcsgen.resources import shown

COMPILE_SECONDS = 120
_MESSAGE_LINES = 12

HEADER = "vmcs.h"
"""The header of target c."""


@dataclass(frozen=True, slots=True)
class Built:
    """A probe: a multiboot kernel (ELF), and an image for floppy, stick or disk."""

    kernel: Path
    image: Path


def build(spec: Spec, folder: Path) -> Built:
    """Make the probe of this spec in ``folder``: its sources, ``probe.elf`` and ``probe.img``.

    $CC and $OBJCOPY are obeyed. DiagnosticError if a tool is missing or the compiler objects.
    """
    render_sources(spec, folder)
    return compile_sources(folder)


def render_sources(spec: Spec, folder: Path) -> None:
    """Write the sources of the probe into ``folder``, with a Makefile that builds them.

    The probe judges by the header of target c, which goes there too.
    """
    from vmcsgen.targets.manifest import load_target
    from vmcsgen.targets.render import render
    from vmcsgen.writer import destination, write

    for target in ("probe", "c"):
        for each in render(spec, load_target(target)):
            if target == "probe" or each.output.path == HEADER:
                write(destination(folder, each.output.path), each.text.encode())


def compile_sources(folder: Path, program: str = "probe", *variables: str) -> Built:
    """Run make in a folder of probe sources; DiagnosticError with the tools' own last lines.

    ``variables`` go to make, such as ``FIELD_TEST=test.c`` for the program ``field-test``.
    """
    # Empty is as good as unset.
    compiler = os.environ.get("CC", "").strip() or "gcc"
    objcopy = os.environ.get("OBJCOPY", "").strip() or "objcopy"
    for tool in ("make", compiler.split()[0], objcopy.split()[0]):
        if shutil.which(tool) is None:
            raise refuse(
                f"the probe can't be built: there is no {tool!r} here",
                shown(folder),
                rule="PROBE001",
                hint="Debian: apt-get install gcc make binutils",
            )
    tools = (f"CC={compiler}", f"OBJCOPY={objcopy}")
    goals = (f"{program}.elf", f"{program}.img")
    try:
        done = subprocess.run(
            ["make", "--silent", "--no-print-directory", *tools, *variables, *goals],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMPILE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise refuse(
            f"the compiler did not finish in {COMPILE_SECONDS} s", shown(folder), rule="PROBE001"
        ) from None
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip().split("\n")[-_MESSAGE_LINES:]
        raise refuse(
            "the probe can't be built: " + " | ".join(said), shown(folder), rule="PROBE001"
        )
    return Built(folder / goals[0], folder / goals[1])
