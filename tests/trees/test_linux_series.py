"""The patch series for KVM: git takes it, checkpatch is silent, every patch builds."""

from __future__ import annotations

import re
from pathlib import Path

from vmcsgen.specfile.load import load
from vmcsgen.targets.compose import compose

from . import kernel, linux, write_series
from .cache import run


def test_git_takes_every_patch_and_each_builds_without_warnings(
    patched_kernel: linux.PatchedKernel,
) -> None:
    assert len(patched_kernel.applied) >= 5
    assert [each.warnings for each in patched_kernel.applied] == [""] * len(patched_kernel.applied)


def test_the_patched_kernel_builds_for_i386(
    patched_kernel: linux.PatchedKernel, scratch: Path
) -> None:
    copy = kernel.private_copy(kernel.prepared(patched_kernel.series, "i386"), scratch / "linux")
    mails = compose("linux", copy.tree, load(), linux.AUTHOR)[1:]
    for number, mail in enumerate(mails):
        (scratch / f"{number}.patch").write_text(mail.text)
        run(["git", "apply", scratch / f"{number}.patch"], cwd=copy.tree)
    assert kernel.kbuild(copy, *kernel.OBJECTS, warnings="1") == ""


def test_checkpatch_strict_is_silent(patched_kernel: linux.PatchedKernel) -> None:
    assert [each.style for each in patched_kernel.applied] == [""] * len(patched_kernel.applied)


def test_a_patched_tree_has_everything(patched_kernel: linux.PatchedKernel) -> None:
    assert compose("linux", patched_kernel.build.tree, load(), linux.AUTHOR) == ()


def test_the_series_is_the_same_bytes_every_time(patched_kernel: linux.PatchedKernel) -> None:
    tree = kernel.prepared(patched_kernel.series, "x86_64").tree
    mails = compose("linux", tree, load(), linux.AUTHOR, signed=True)
    assert mails == (patched_kernel.cover, *(each.mail for each in patched_kernel.applied))


def test_messages_are_what_the_list_expects(patched_kernel: linux.PatchedKernel) -> None:
    total = len(patched_kernel.applied)
    mails = [patched_kernel.cover, *(each.mail for each in patched_kernel.applied)]
    for number, each in enumerate(mails):
        head, _, body = each.text.partition("\n\n")
        subject = re.search(r"^Subject: \[PATCH (\d+)/(\d+)\] (KVM: .*)$", head, re.MULTILINE)
        assert subject is not None
        assert (int(subject[1]), int(subject[2])) == (number, total)
        assert len(subject[3]) <= 75
        message = body.partition("\n---\n")[0]
        assert max(map(len, message.split("\n"))) <= 75
        assert "TODO" not in message
        if number:
            assert message.endswith(f"Signed-off-by: {linux.AUTHOR}")
            assert len(message) > 200


def test_the_committed_series_is_what_vmcsgen_writes_for_the_newest_kernel() -> None:
    assert write_series.committed() == {each.name: each.text for each in write_series.mails()}
