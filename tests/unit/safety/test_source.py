"""Our own source, read as a tree: nothing evaluates, unpickles or runs what others wrote."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[3] / "generator/vmcsgen"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

NAMES = frozenset({"eval", "exec", "compile", "execfile", "__import__", "breakpoint"})
"""Built-in functions that run text."""

RUNNING = frozenset({"import_module", "exec_module", "load_module", "run_path", "run_module"})
"""Functions that import what a name says, and where that name is our own or Python's."""

RUNNING_ALLOWED = {
    "__init__.py": "the names of __all__, when first asked for",
    "cli.py": "the modules of VERBS",
    "commands/completion.py": "the modules of SHELLS",
    "scan/config.py": "tomllib, or tomli on Python 3.10",
    "scan/syntax.py": "tree-sitter's grammars, by the names of LANGUAGES",
}

MODULES_REFUSED = frozenset(
    {"pickle", "cPickle", "dill", "marshal", "shelve", "code", "codeop", "ctypes", "runpy", "pty"}
)
"""Modules that turn bytes into code or objects, or reach below Python."""

LOADERS = frozenset({"load", "load_all", "unsafe_load", "full_load", "UnsafeLoader", "FullLoader"})
"""What PyYAML makes objects of."""


def calls(tree: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """What a function is called on (empty: a plain name), its name, and the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield "", node.func.id, node
            elif isinstance(node.func, ast.Attribute):
                yield ast.unparse(node.func.value), node.func.attr, node


def imported(tree: ast.AST) -> set[str]:
    """The first part of every module that is imported, anywhere."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def faults(module: str, text: str) -> list[str]:
    """What must not stand in the source of a module, each as line and name."""
    tree = ast.parse(text)
    found = [f"import of {name}" for name in sorted(imported(tree) & MODULES_REFUSED)]
    for owner, name, call in calls(tree):
        keywords = {each.arg: each.value for each in call.keywords}
        shell = keywords.get("shell")
        wrong = (
            (not owner and name in NAMES)
            or (owner == "os" and name in ("system", "popen", "startfile"))
            or (owner == "os" and name.startswith(("exec", "spawn", "posix_spawn")))
            or (name in RUNNING and module not in RUNNING_ALLOWED)
            or (owner == "yaml" and name in LOADERS)
            or (shell is not None and not (isinstance(shell, ast.Constant) and not shell.value))
            or (owner == "subprocess" and name in ("getoutput", "getstatusoutput"))
            or (owner == "subprocess" and call.args and isinstance(call.args[0], ast.Constant))
            or name in ("extractall", "unpack_archive")
        )
        if wrong:
            found.append(f"line {call.lineno}: {name}()")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_nothing_runs_what_others_wrote(module: str) -> None:
    assert faults(module, (PACKAGE / module).read_text()) == []


@pytest.mark.parametrize("module", RUNNING_ALLOWED)
def test_the_exceptions_are_still_needed(module: str) -> None:
    tree = ast.parse((PACKAGE / module).read_text())
    assert any(name in RUNNING for _, name, _ in calls(tree))


@pytest.mark.parametrize(
    "text",
    [
        "eval(x)", "import pickle", "from marshal import loads", "os.system(x)", "os.execvp(x, y)",
        "subprocess.run(x, shell=True)", "subprocess.run(x, shell=y)", "subprocess.run('ls')",
        "yaml.load(x)", "def f():\n    import ctypes", "import_module(x)", "tar.extractall()",
    ],
)  # fmt: skip
def test_what_is_looked_for_is_found(text: str) -> None:
    assert faults("some/module.py", text)
