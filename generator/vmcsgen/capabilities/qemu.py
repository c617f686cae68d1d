"""Runs an installed QEMU, without KVM, to ask it for a CPU model (``qemu:MODEL``)."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vmcsgen.capabilities.dump import Collector, Dump
from vmcsgen.capabilities.qmp import add_model
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import refuse

NAME = "QEMU CPU model"
COMMAND = "qemu-system-x86_64"

_SECONDS = 30
_OUTPUT_LIMIT = 32 << 20


@dataclass(frozen=True, slots=True)
class Models:
    """What one run of QEMU said: its version and the expanded models, in the order asked for."""

    version: str
    dumps: tuple[Dump, ...]


def models(spec: Spec, names: Sequence[str], command: str = COMMAND) -> Models:
    """Expand CPU models; DiagnosticError if QEMU can't be run or does not know one of them.

    QEMU is started with no machine and the TCG accelerator; ``vmx`` is switched on, as a model
    without it has no VMX MSRs.
    """
    requests = [
        {
            "execute": "query-cpu-model-expansion",
            "arguments": {"type": "full", "model": {"name": name, "props": {"vmx": True}}},
        }
        for name in names
    ]
    version, answers = converse(requests, command)
    dumps = []
    for name, answer in zip(names, answers, strict=True):
        source = f"qemu:{name}"
        if "error" in answer:
            reason = str(answer["error"].get("desc", "unknown error"))
            raise refuse(
                f"QEMU {version}: {reason}", source, rule="CAPS003",
                hint=f"{command} -cpu help lists its models",
            )  # fmt: skip
        collector = Collector(source, spec)
        model = answer["return"]["model"]
        add_model(collector, f"{name} of QEMU {version}", model["props"], spec)
        collector.current.emulator = "qemu", version
        dumps.append(collector.finish(NAME))
    return Models(version, tuple(dumps))


def converse(
    requests: list[dict[str, Any]], command: str = COMMAND
) -> tuple[str, list[dict[str, Any]]]:
    """QEMU's version and its answers to QMP requests, one each; DiagnosticError if it has none."""
    lines = [{"execute": "qmp_capabilities"}, *requests, {"execute": "quit"}]
    arguments = [
        command, "-machine", "none", "-accel", "tcg", "-S", "-nodefaults", "-no-user-config",
        "-display", "none", "-qmp", "stdio",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            arguments,
            input="".join(json.dumps(line) + "\n" for line in lines).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise refuse(
            f"{command} is not installed", "qemu:", rule="CAPS003",
            hint="install QEMU for x86 (Debian: apt install qemu-system-x86)",
        ) from None  # fmt: skip
    except subprocess.TimeoutExpired:
        raise refuse(f"{command} gave no answer in {_SECONDS} s", "qemu:", rule="CAPS003") from None
    except OSError as error:
        raise refuse(f"{command} can't be run: {os.strerror(error.errno or 0)}", "qemu:") from None
    replies = list(_replies(done.stdout[:_OUTPUT_LIMIT]))
    greeting = next((reply["QMP"] for reply in replies if "QMP" in reply), None)
    answers = [reply for reply in replies if "return" in reply or "error" in reply][1:-1]
    if greeting is None or len(answers) != len(requests):
        said = done.stderr.decode(errors="replace").strip().split("\n")[0][:200]
        raise refuse(
            f"{command} does not answer as QMP does: {said or 'no message'}", "qemu:",
            rule="CAPS003",
        )  # fmt: skip
    numbers = greeting["version"]["qemu"]
    return ".".join(str(numbers[part]) for part in ("major", "minor", "micro")), answers


def _replies(output: bytes) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        try:
            reply = json.loads(line)
        except ValueError:
            continue
        if isinstance(reply, dict):
            yield reply


def valid_name(name: str) -> bool:
    """Whether ``name`` can be a CPU model (it is sent as data, but nonsense needs no QEMU)."""
    return re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,79}", name) is not None
