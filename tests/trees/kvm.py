"""KVM's own nested VMX functions, run in user space: the driver of kvm_harness/."""

from __future__ import annotations

import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from .cache import need, run
from .kernel import VMX, KernelBuild, compile_like
from .objects import link_with_stubs

HERE = Path(__file__).parent / "kvm_harness"

ENOENT = -2
"""What KVM's look-up of a field that doesn't exist returns."""


@dataclass(frozen=True, slots=True)
class Host:
    """What a host's capability MSRs allow: the 1-settings of each group, MISC and EPT bits."""

    pin: int
    primary: int
    secondary: int
    tertiary: int
    exit: int
    entry: int
    misc: int = 0
    ept: int = 0

    @property
    def request(self) -> str:
        """The harness's request for a vCPU on this host."""
        return "host " + " ".join(f"{word:x}" for word in astuple(self))


ALL = Host(
    pin=2**32 - 1,
    primary=2**32 - 1,
    secondary=2**32 - 1,
    tertiary=2**64 - 1,
    exit=2**32 - 1,
    entry=2**32 - 1,
    misc=2**32 - 1,
    ept=2**32 - 1,
)
NOTHING = Host(0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Kvm:
    """The harness, linked with the objects of one kernel."""

    program: Path

    def ask(self, requests: Iterable[str]) -> list[str]:
        """The answers to `requests`, in order, from one process: see kvm_harness/main.c."""
        asked = list(requests)
        answers = run([self.program], feed="".join(f"{line}\n" for line in asked)).splitlines()
        if len(answers) != len(asked):
            raise RuntimeError(f"{len(asked)} requests, {len(answers)} answers")
        return answers

    def instructions(self, host: Host, field: int, *, rounds: int = 1000) -> float:
        """Instructions executed per look-up of `field`, call and return of the wrapper included."""
        need({"valgrind": "valgrind"})
        # The difference of two counts is free of all that is executed once.
        low, high = (self._collected(host, field, count) for count in (rounds, 2 * rounds))
        return (high - low) / rounds

    def _collected(self, host: Host, field: int, rounds: int) -> int:
        output = self.program.with_name("callgrind.out")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"]
        command.append("--toggle-collect=harness_field_offset")
        run([*command, self.program], feed=f"{host.request}\nrepeat {rounds:x} {field:x}\n")
        found = re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE)
        if found is None:
            raise RuntimeError("callgrind counted nothing")
        return int(found[1])

    def lines(self, field: int) -> frozenset[int]:
        """The 64-byte lines of static data that one look-up of `field` reads, by number.

        Those are the tables, what counts them, and the harness's vCPU, which has everything.
        """
        need({"valgrind": "valgrind"})
        once, twice = (self._reads(field, count) for count in (1, 2))
        return frozenset((twice - once).keys())

    def _reads(self, field: int, rounds: int) -> Counter[int]:
        """How often each line of static data is read by a process that looks up so often."""
        command = ["valgrind", "--tool=lackey", "--trace-mem=yes", "--log-fd=9", self.program]
        words = " ".join(shlex.quote(str(word)) for word in command)
        # Lackey can't see an instruction that traps, such as a host's RDMSR.
        table = ALL.request.replace("host", "table", 1)
        everything = "vcpu" + " ffffffff" * 5 + " ffffffffffffffff"
        # The trace leaves by a descriptor of its own; what the harness says is not wanted.
        trace = run(
            ["sh", "-c", f"{words} 9>&1 >/dev/null"],
            feed=f"{table}\n{everything}\nrepeat {rounds:x} {field:x}\n",
        )
        end = self._end_of_data()
        found: Counter[int] = Counter()
        for address, size in re.findall(r"^ [LM] ([0-9a-f]+),(\d+)$", trace, re.MULTILINE):
            start = int(address, 16)
            if start < end:
                found.update({start // 64, (start + int(size) - 1) // 64})
        return found

    def _end_of_data(self) -> int:
        """Where static data ends: linked at fixed addresses, with heap and stack above."""
        symbols = (line.split() for line in run(["nm", self.program]).splitlines())
        return next(int(words[0], 16) for words in symbols if words[-1] == "_end")


def fields(answer: str) -> dict[int, int]:
    """The answer to `fields`: encoding to offset in struct vmcs12."""
    pairs = (pair.split(":") for pair in answer.split())
    return {int(encoding, 16): int(offset, 16) for encoding, offset in pairs}


def shadowed(answer: str) -> tuple[set[int], set[int]]:
    """The answer to `shadow`: encodings that VMREAD, and VMWRITE, reach without an exit."""
    read, _, write = answer.removeprefix("read").partition("write")
    return {int(word, 16) for word in read.split()}, {int(word, 16) for word in write.split()}


def link(build: KernelBuild, folder: Path, *, whole: bool = False) -> Kvm:
    """Link the harness with vmcs12.o and nested.o of `build`; `folder` takes what is made.

    With `whole`, nested.c is compiled into the harness, which then reaches what is static there
    (`bitmaps` of a patched KVM); the code that is asked is not that of nested.o any more.
    """
    if build.arch != "x86_64":
        raise ValueError("the harness runs x86_64 objects")
    folder.mkdir(parents=True, exist_ok=True)
    source = HERE / "kvm.c"
    if whole:
        source = folder / "kvm_whole.c"
        source.write_text(f'#define WITH_NESTED_C\n#include "{HERE}/kvm.c"\n')
    like = f"{VMX}/nested.o" if whole else f"{VMX}/vmcs12.o"
    kernel_side = compile_like(build, like, source, folder / "kvm.o")
    user_side = folder / "main.o"
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-fno-pie", "-fno-stack-protector"]
    run(["gcc", *flags, "-c", HERE / "main.c", "-o", user_side])
    kernel_objects = [kernel_side]
    for name in ("vmcs12.o",) if whole else ("vmcs12.o", "nested.o"):
        kernel_objects.append(folder / name)
        shutil.copy(build.folder / VMX / name, folder / name)
    for path in kernel_objects:
        # Disabled static branches are jumps that objtool makes no-ops, in vmlinux.o on newer
        # kernels; here it does so in each object (again, where kbuild did).
        run([build.folder / "tools/objtool/objtool", "--hacks=jump_label", path])
    return Kvm(link_with_stubs([user_side, *kernel_objects], folder / "kvm"))
