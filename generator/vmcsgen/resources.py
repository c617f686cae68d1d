"""Where spec/ and templates/ are: inside an installed wheel, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def share() -> Path:
    """The folder that holds spec/ and templates/: the wheel's own, else the checkout's top."""
    packaged = _PACKAGE / "share"
    return packaged if packaged.is_dir() else _PACKAGE.parent.parent


def spec_root() -> Path:
    """The folder of the spec that comes with this installation."""
    return share() / "spec"


def template_root() -> Path:
    """The folder of the targets that come with this installation."""
    return share() / "templates"


def package_root() -> Path:
    """The folder of the package's own modules."""
    return _PACKAGE


def shown(path: Path) -> str:
    """``path`` as messages show it: relative to the working directory where it lies below it."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)
