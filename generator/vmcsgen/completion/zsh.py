"""Completion as zsh reads it, with what each option does."""

from __future__ import annotations

from collections.abc import Iterator

from vmcsgen.completion.commands import (
    PROGRAM,
    Command,
    Kind,
    Option,
    Value,
    function_name,
    single_quoted,
    walk,
)


def script(found: tuple[Command, ...], version: str) -> str:
    """The file that zsh sources, or autoloads as ``_vmcsgen`` from a folder of its fpath."""
    return "\n".join(_lines(found, version)) + "\n"


def _lines(found: tuple[Command, ...], version: str) -> Iterator[str]:
    yield f"#compdef {PROGRAM}"
    yield f"# Completion of {PROGRAM} {version} for zsh. Made by: {PROGRAM} completion zsh"
    yield ""
    yield "_vmcsgen_or_files() {"
    yield '  compadd -- "$@"'
    yield "  _files"
    yield "}"
    for each in walk(found):
        yield ""
        yield f"{function_name(each)}() {{"
        yield from _choose(each.below) if each.below else _arguments(each)
        yield "}"
    yield ""
    yield f"_{PROGRAM}() {{"
    yield from _choose(found)
    yield "}"
    yield ""
    yield f'if [[ $funcstack[1] == _{PROGRAM} ]]; then _{PROGRAM} "$@"; '
    yield f"else compdef _{PROGRAM} {PROGRAM}; fi"


def _choose(found: tuple[Command, ...]) -> Iterator[str]:
    """Complete the next verb, or go on as the one that stands there has it."""
    yield "  local -a choices=("
    for each in found:
        yield f"    {single_quoted(f'{each.path[-1]}:{each.summary}')}"
    yield "  )"
    yield "  if (( CURRENT == 2 )); then"
    yield "    _describe -t commands command choices"
    yield "    return"
    yield "  fi"
    yield "  shift words"
    yield "  (( CURRENT-- ))"
    yield "  case $words[1] in"
    for each in found:
        yield f"    {each.path[-1]}) {function_name(each)} ;;"
    yield "  esac"


def _arguments(command: Command) -> Iterator[str]:
    yield "  _arguments -s -S \\"
    for option in command.options:
        for spec in _option(option):
            yield f"    {spec} \\"
    for position, value in enumerate(command.arguments, 1):
        last = position == len(command.arguments)
        place = "*" if last and command.repeats else str(position)
        yield f"    {single_quoted(f'{place}:{_value(value)}')} \\"
    yield "    && return 0"


def _option(option: Option) -> Iterator[str]:
    """One spec for each spelling; giving one rules the others out unless it repeats."""
    others = "*" if option.repeats else f"({' '.join(option.flags)})"
    for flag in option.flags:
        takes = "" if option.value is None else f":{_value(option.value)}"
        joined = "" if option.value is None else ("=" if flag.startswith("--") else "+")
        yield single_quoted(f"{others}{flag}{joined}[{_escaped(option.help)}]{takes}")


def _value(value: Value) -> str:
    name = value.name.replace(":", "\\:")
    if value.kind is Kind.WORDS:
        return f"{name}:({' '.join(value.words)})"
    if value.kind is Kind.FILES and value.words:
        return f"{name}: _vmcsgen_or_files {' '.join(value.words)}"
    return f"{name}:" + {Kind.FILES: "_files", Kind.FOLDERS: "_files -/"}.get(value.kind, " ")


def _escaped(text: str) -> str:
    """``text`` for the brackets of a spec."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
