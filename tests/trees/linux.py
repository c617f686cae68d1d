"""Kernel trees that took over what target linux makes: adopted, patched, built patch by patch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vmcsgen.specfile.load import load
from vmcsgen.targets.adopt import Draft, apply_patch
from vmcsgen.targets.compose import compose
from vmcsgen.targets.mail import Mail
from vmcsgen.targets.series import load_series
from vmcsgen.targets.tree import Workshop

from . import kernel
from .cache import run

AUTHOR = "A. Tester <tester@vmcsgen.example>"

TOUCHED = (
    kernel.VMX,
    "arch/x86/include/asm/vmx.h",
    "tools/testing/selftests/kvm",
    "Documentation/virt/kvm",
    "MAINTAINERS",
)
"""What of a kernel tree the series may change, and git must know."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A mail that git took, and what the kernel's tools said of it."""

    mail: Mail
    warnings: str
    """What a build of KVM's objects with W=1 printed afterwards."""
    style: str
    """What scripts/checkpatch.pl --strict printed."""


@dataclass(frozen=True, slots=True)
class PatchedKernel:
    """A private copy of a kernel with the whole series applied."""

    build: kernel.KernelBuild
    series: str
    cover: Mail
    applied: tuple[Applied, ...]


def adopt(tree: Path, *, every: bool = False) -> dict[str, tuple[str | None, str]]:
    """Convert a tree as `vmcsgen adopt linux` does; path to text before and after."""
    workshop = Workshop(load(), tree)
    draft = Draft(tree)
    changes: dict[str, tuple[str | None, str]] = {}
    for patch in load_series(workshop.maker("linux").target).patches:
        if patch.adopt:
            for change in apply_patch(workshop, "linux", patch, draft, every=every):
                changes[change.path] = change.before, change.after
    for path, (_, text) in changes.items():
        put(tree, path, text)
    return changes


def put(tree: Path, path: str, text: str) -> None:
    """Replace a file of a private copy, whose files are hard links."""
    draft = tree / f"{path}.new"
    draft.write_text(text)
    draft.replace(tree / path)


def git(tree: Path, *arguments: str) -> str:
    """Run git in a tree, whoever the user is."""
    identity = ["-c", "user.name=A. Tester", "-c", "user.email=tester@vmcsgen.example"]
    return run(["git", "-C", tree, *identity, *arguments])


def patched(series: str, into: Path) -> PatchedKernel:
    """A private copy of a kernel in `into` with our series applied, built after each patch."""
    copy = kernel.private_copy(kernel.prepared(series, "x86_64"), into)
    cover, *mails = compose("linux", copy.tree, load(), AUTHOR, signed=True)
    git(copy.tree, "init", "--quiet")
    # Debian's tree has a .gitignore that ignores everything.
    git(copy.tree, "add", "--force", *TOUCHED)
    git(copy.tree, "commit", "--quiet", "--message", "as Debian has it")
    applied = []
    for mail in mails:
        file = into.parent / mail.name
        file.write_text(mail.text)
        git(copy.tree, "am", "--quiet", str(file))
        warnings = kernel.kbuild(copy, *kernel.OBJECTS, warnings="1")
        applied.append(Applied(mail, warnings, checkpatch(copy.tree, file)))
    return PatchedKernel(copy, series, cover, tuple(applied))


def checkpatch(tree: Path, patch: Path) -> str:
    """What the tree's own checkpatch.pl --strict says of a patch; empty for nothing."""
    try:
        return run(["perl", "scripts/checkpatch.pl", "--strict", "--quiet", patch], cwd=tree)
    except RuntimeError as error:
        return str(error)
