"""Files that others own: marked regions, lists to adopt, and code that hunks are applied to."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable
from pathlib import Path

from common import CHECKOUT, Look, below, lay, packed, told, unpacked

import vmcsgen
from vmcsgen.diagnostics import DiagnosticError
from vmcsgen.targets import hunks
from vmcsgen.targets.adopt import Draft, apply_patch
from vmcsgen.targets.constructs import find
from vmcsgen.targets.header_names import header_names
from vmcsgen.targets.languages import LANGUAGES
from vmcsgen.targets.regions import State, parse, replace, state
from vmcsgen.targets.series import load_series
from vmcsgen.targets.tree import Workshop, examine_file

sys.path.append(str(CHECKOUT / "tests/unit/targets"))
from kernel_tree import FILES

_NAMES = frozenset({"GUEST_RIP", "HOST_RIP", "VIRTUAL_PROCESSOR_ID", "TSC_MULTIPLIER"})


@functools.cache
def _spec() -> vmcsgen.Spec:
    return vmcsgen.load()


def regions(_place: Path) -> Look:
    """The marks of a file; a region that was replaced is current, and the rest of it stays."""
    language = LANGUAGES["c"]

    def look(raw: bytes) -> None:
        text = raw.decode("utf-8", "surrogateescape")
        marked = parse(text, "file.h")
        if marked.faults:
            told(marked.faults)
            return
        wanted = ["one", "", "two"]
        bodies = [(each, wanted) for each in marked.regions]
        renewed = replace(text, bodies, language, "spec 2026.11 sha256:0123456789ab")
        again = parse(renewed, "file.h")
        assert not again.faults
        assert [each.name for each in again.regions] == [each.name for each in marked.regions]
        assert all(state(each, wanted) is State.CURRENT for each in again.regions)
        assert [each.selection for each in again.regions] == [
            each.selection for each in marked.regions
        ]

    return look


def tree(place: Path) -> Look:
    """``gen --tree`` of one file in a small kernel; the second time there is nothing to do."""
    lay(place, {name: text.encode() for name, text in FILES.items()})
    count = 0
    workshop = Workshop(_spec(), place)

    def look(raw: bytes) -> None:
        nonlocal count, workshop
        count += 1
        if count % 100 == 0:
            workshop = Workshop(_spec(), place)  # it keeps every selection that it has met
        for force in (False, True):
            (place / "file.h").write_bytes(raw)
            try:
                found = examine_file(workshop, "file.h", frozenset(), force)
            except DiagnosticError as error:
                told(error.diagnostics)
                return
            assert found.found == raw
            (place / "file.h").write_bytes(found.wanted)
            again = examine_file(workshop, "file.h", frozenset(), force)
            assert again.wanted == found.wanted

    return look


def region_seeds() -> Iterable[bytes]:
    """Regions of several targets and comment styles."""
    yield b"/* vmcsgen begin: linux/vmcs-field */\n/* vmcsgen end: linux/vmcs-field */\n"
    yield (
        b"before\r\n/* vmcsgen begin: linux/vmcs-field  spec 2026.11 sha256:0123456789ab */\r\n"
        b"/* vmcsgen without: GUEST_RIP GUEST_RSP */\r\nx\r\n"
        b"/* vmcsgen end: linux/vmcs-field  sha256:0123456789ab */\r\nafter"
    )
    yield b"  # vmcsgen begin: vmxcap/controls\n  # vmcsgen end: vmxcap/controls\n"
    yield (
        b"// vmcsgen begin: qemu/hvf-fields\n// vmcsgen with: all\n"
        b"// vmcsgen end: qemu/hvf-fields\n"
    )
    yield b"<!-- vmcsgen begin: markdown/a -->\n<!-- vmcsgen end: markdown/a -->\n"
    yield b"/* vmcsgen begin: linux/vmcs12-fields */\n/* vmcsgen end: linux/vmcs12-fields */\n"


def adopt(place: Path) -> Look:
    """``adopt`` of a small kernel, some files of which the input replaces."""
    usual = {name: text.encode() for name, text in FILES.items()}
    short = {name.rpartition("/")[2]: name for name in FILES if "selftests" not in name}
    lay(place, usual)
    target = Workshop(_spec(), place).maker("linux").target
    series = load_series(target)
    changed: set[str] = set()

    def look(raw: bytes) -> None:
        lay(place, {name: usual[name] for name in changed})
        files = {short[name]: text for name, text in unpacked(raw, short).items()}
        changed.clear()
        changed.update(files)
        lay(place, files)
        workshop, draft = Workshop(_spec(), place), Draft(place)
        try:
            for patch in series.patches:
                if patch.adopt:
                    apply_patch(workshop, "linux", patch, draft)
        except DiagnosticError as error:
            told(error.diagnostics)

    return look


def adopt_seeds() -> Iterable[bytes]:
    """The files of the small kernel, one a seed."""
    for name, text in FILES.items():
        if "selftests" not in name:
            yield packed({name.rpartition("/")[2]: text.encode()})


def hunk(place: Path) -> Look:
    """A diff of a target, and a file that it meets; and that file as a header that is read."""
    place.mkdir(parents=True)

    def look(raw: bytes) -> None:
        files = unpacked(raw, ("a.diff", "file"))
        text = files.get("file", b"").decode("utf-8", "surrogateescape")
        header_names(text)
        for kind in ("enum vmcs_field", "#define"):
            find(text, kind, _NAMES, "file")
        (place / "a.diff").write_bytes(files.get("a.diff", b""))
        try:
            found = hunks.read_hunks(place / "a.diff")
        except DiagnosticError as error:
            told(error.diagnostics)
            return
        for each in found:
            try:
                text = hunks.apply(each, text)
            except hunks.UnfitError as error:
                assert str(error)

    return look


def hunk_seeds() -> Iterable[bytes]:
    """Our own diffs, and code that is like what they meet."""
    for text in below(CHECKOUT / "templates", "*.diff").values():
        if len(text) < 4000:
            lines = text.decode().split("\n")
            old = "\n".join(each[1:] for each in lines if each[:1] in (" ", "-"))
            yield packed({"a.diff": text, "file": old.encode()})
    for text in FILES.values():
        yield packed({"file": text.encode()})
    yield packed({"file": b"#define GUEST_RIP 0x681e\n#define HOST_RIP (0x6c00 | 0x16)\n"})
