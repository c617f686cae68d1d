"""Write the patch series for the newest kernel into out/linux/series: `make series`."""

from __future__ import annotations

from pathlib import Path

from vmcsgen.specfile.load import load
from vmcsgen.targets.compose import compose
from vmcsgen.targets.mail import Mail

from . import kernel

SERIES = Path(__file__).parents[2] / "out/linux/series"
AUTHOR = "vmcsgen <vmcsgen@vmcsgen.example>"
"""Whoever sends the series writes it again, with a name and a signature of their own."""


def committed() -> dict[str, str]:
    """The mails that stand in out/linux/series."""
    return {path.name: path.read_text() for path in sorted(SERIES.glob("*.patch"))}


def mails() -> tuple[Mail, ...]:
    """The series for the newest kernel."""
    tree = kernel.prepared("newest", "x86_64").tree
    return compose("linux", tree, load(), AUTHOR, signed=True)


def main() -> None:
    """Replace what stands there."""
    SERIES.mkdir(parents=True, exist_ok=True)
    for path in SERIES.glob("*.patch"):
        path.unlink()
    for mail in mails():
        (SERIES / mail.name).write_text(mail.text)
        print(f"out/linux/series/{mail.name}")


if __name__ == "__main__":
    main()
