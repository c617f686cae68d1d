"""The parsers of verbs: the same help under every Python, and short enough for a screen."""

from __future__ import annotations

import argparse
import os

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose usage names no options, and whose help lists all arguments in one place.

    Both stand right below the usage, and who reads ``--help`` knows of ``--help``.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"formatter_class": Formatter, **settings, "add_help": False})
        self._optionals.title = "arguments"
        self._positionals = self._optionals
        self.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)

    def format_usage(self) -> str:
        """The usage on one line."""
        return f"usage: {self.prog} {' '.join(self._parts())}".rstrip() + "\n"

    def format_help(self) -> str:
        """Usage, description, arguments, and examples."""
        self.usage = f"{self.prog} {' '.join(self._parts())}".replace("%", "%%")
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Usage and what is wrong with the arguments, which argparse repeats as they came."""
        from vmcsgen.excerpt import did_you_mean, printable

        message = printable(message)
        wrong, _, typed = message.partition(": ")
        if wrong == "unrecognized arguments" and typed.startswith("-"):
            known = [flag for action in self._actions for flag in action.option_strings]
            option = typed.split()[0].partition("=")[0]
            otherwise = f"{self.prog} --help lists the options"
            message += f"\n  = help: {did_you_mean(option, known, otherwise)}"
        super().error(message)

    def _parts(self) -> Iterator[str]:
        yield "[OPTION]..."
        for action in self._actions:
            if action.option_strings:
                if action.required:
                    yield f"{action.option_strings[0]} {action.metavar or action.dest.upper()}"
                continue
            name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
            shapes = {"?": f"[{name}]", "*": f"[{name}]...", "+": f"{name}..."}
            yield shapes.get(str(action.nargs), name)


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal; argparse would import shutil at every start to ask."""

    def __init__(self, prog: str, **_settings: Any) -> None:
        super().__init__(prog, max_help_position=26, width=terminal_width())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Paragraphs of a description as wide as the terminal; examples as they are."""
        if text.startswith("examples:"):
            return super()._fill_text(text, width, indent)
        fill = super(argparse.RawDescriptionHelpFormatter, self)._fill_text
        return "\n\n".join(fill(part, width, indent) for part in text.strip().split("\n\n"))

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """``-t, --target TARGET``, as Python 3.13 writes it."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        default = self._get_default_metavar_for_optional(action)
        value = self._format_args(action, default)
        return f"{', '.join(action.option_strings)} {value}"


def terminal_width() -> int:
    """Columns to fill: the terminal's, but no more than 100."""
    try:
        return min(os.get_terminal_size().columns, 100) - 2
    except OSError:
        return 78
