"""CPUID leaves as Debian's ``cpuid`` prints them on this machine, read as part of a dump."""

from __future__ import annotations

import subprocess
from pathlib import Path

import vmcsgen
from needs import missing, need
from vmcsgen.capabilities.assess import assess
from vmcsgen.capabilities.sources import parse
from vmcsgen.specfile.cpus import load_cpus


def cpuinfo() -> dict[str, str]:
    """The kernel's view of the first processor."""
    first = Path("/proc/cpuinfo").read_text().partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def test_leaves_of_this_machine_say_which_processor_it_is(
    spec: vmcsgen.Spec, checkout: Path
) -> None:
    program = need("cpuid", "cpuid")
    kernel = cpuinfo()
    if "cpu family" not in kernel:
        missing("needs an x86 processor")
    printed = subprocess.run([program, "-r"], capture_output=True, check=True).stdout
    dump = parse(b"0x480 0xda040000000004\n" + printed, "dump", spec)
    known = load_cpus(spec, checkout / "spec", cache=False)
    found = assess(spec, dump.processors[0], known)
    assert found.identity.vendor == kernel["vendor_id"]
    assert (found.identity.family, found.identity.model, found.identity.stepping) == (
        int(kernel["cpu family"]), int(kernel["model"]), int(kernel["stepping"]),
    )  # fmt: skip
    assert found.identity.brand == " ".join(kernel["model name"].split())
    assert found.virtual is ("hypervisor" in kernel["flags"].split())
    assert found.capabilities.supports("cpuid.fred") is ("fred" in kernel["flags"].split())
