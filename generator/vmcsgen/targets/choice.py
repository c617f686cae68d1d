"""Which targets there are, and which were asked for; cheap enough for every start."""

from __future__ import annotations

import os

from vmcsgen.resources import shown, template_folder

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def target_names(root: Path | str | None = None) -> tuple[str, ...]:
    """The names of all targets below ``root`` (default: those that come with vmcsgen)."""
    folder = template_folder() if root is None else root
    if not os.path.isdir(folder):
        from vmcsgen.diagnostics import refuse

        problem = "is a file" if os.path.exists(folder) else "there is no such folder"
        raise refuse(problem, shown(folder), hint="name a folder of targets (NAME/target.yaml)")
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        from vmcsgen.diagnostics import refuse

        raise refuse(f"can't be listed: {error.strerror}", shown(folder)) from None
    return tuple(name for name in names if _is_target(os.path.join(folder, name)))


def _is_target(folder: str) -> bool:
    """Whether a folder is one of a target; DiagnosticError if that can't be seen."""
    try:
        os.stat(os.path.join(folder, "target.yaml"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        from vmcsgen.diagnostics import refuse

        raise refuse(f"can't be read: {error.strerror}", shown(folder)) from None
    return True


def recipe_option(root: Path | str | None) -> str:
    """`` --templates DIR`` as the command that regenerates an output has it, or nothing.

    A folder that lies elsewhere than below the working directory is named only where it was
    given as a relative path: what is generated must not tell of a machine. Nor may it end the
    comment that it stands in.
    """
    if root is None or _same_folder(root, template_folder()):
        return ""
    import re

    folder = shown(root)
    plain = not os.path.isabs(folder) and re.fullmatch(r"[A-Za-z0-9_./+@-]+", folder)
    return f" --templates {folder if plain else 'DIR'}"


def _same_folder(one: Path | str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def folder_of(name: str, root: Path | str | None = None) -> str:
    """The folder of a target: below ``root``, else one of ours, else an installed package's."""
    folder = os.path.join(template_folder() if root is None else root, name)
    if root is None and not os.path.exists(os.path.join(folder, "target.yaml")):
        from vmcsgen.targets.installed import installed

        other = installed().get(name)
        if other is not None:
            return os.path.join(other.folder, name)
    return folder


def suggestion(name: str, root: Path | str | None = None) -> str:
    """The hint for a ``name`` that is none of a target's: what was meant, or what is missing."""
    from vmcsgen.diagnostics import did_you_mean

    if root is not None:
        return did_you_mean(name, target_names(root))
    from vmcsgen.targets.installed import installed, package_without

    package = package_without(name)
    if package is not None:
        return f"package {package} names it, but brings no {name}/target.yaml"
    return did_you_mean(name, (*target_names(), *installed()))


def is_installed(name: str, root: Path | str | None = None) -> bool:
    """Whether another package brings a target of this name; never, if a ``root`` is given."""
    if root is not None:
        return False
    from vmcsgen.targets.installed import installed

    return name in installed()


def choose(wanted: Iterable[str], root: Path | str | None = None) -> tuple[str, ...]:
    """The target names asked for (all, if none is), case-blind; DiagnosticError if one is unknown.

    The result is ordered and free of repeats. Targets of installed packages are among those that
    can be asked for, and not among all.
    """
    known = target_names(root)
    folder = shown(template_folder() if root is None else root)
    if not known:
        from vmcsgen.diagnostics import refuse

        hint = "vmcsgen new-target begins one"
        raise refuse("holds no target (NAME/target.yaml)", folder, hint=hint)
    chosen: list[str] = []
    for name in wanted:
        if name.lower() not in known and not is_installed(name.lower(), root):
            from vmcsgen.diagnostics import refuse

            hint = suggestion(name.lower(), root)
            raise refuse(f"there is no target {name!r}", folder, hint=hint)
        chosen.append(name.lower())
    return tuple(sorted(set(chosen))) or known
