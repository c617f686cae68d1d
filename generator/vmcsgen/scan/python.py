"""Python: assignments, class and enum members, dicts, and lists of pairs."""

from __future__ import annotations

import ast
import re
import warnings
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from io import BytesIO

from vmcsgen.scan.columns import encoding_column
from vmcsgen.scan.constants import Constant, ConstantList, Source, Span, SyntaxFault
from vmcsgen.scan.macros import Unevaluated, is_literal
from vmcsgen.scan.python_statements import assigned
from vmcsgen.scan.scopes import Scope, Scopes

_DEPTH_LIMIT = 90
_LINE_LIMIT = 1 << 16
_RUN_LIMIT = 400


def lists(source: Source) -> Iterator[ConstantList]:
    """Every list of constants in a Python file; SyntaxFault if it can't be parsed."""
    tree = _parse(source)
    reader = _Reader(source)
    yield from reader.assignments(tree)
    yield from reader.tables(tree)


def _parse(source: Source) -> ast.Module:
    """The syntax tree. Deep nesting and endless lines are refused before Python's parser, which
    recurses in C, gets to see them."""
    content = source.content
    depth = deepest = 0
    for match in re.finditer(rb"[\[({\])}]|\n", content):
        depth = max(0, depth + (1 if match[0] in b"[({" else -1 if match[0] in b"])}" else 0))
        deepest = max(deepest, depth)
        if deepest > _DEPTH_LIMIT:
            raise SyntaxFault(f"brackets nest more than {_DEPTH_LIMIT} deep")
    for match in re.finditer(rb"(?:[-+~]\s*|\bnot\s+|\*\*\s*){%d}" % _RUN_LIMIT, content):
        raise SyntaxFault(f"an operator stands {_RUN_LIMIT} times on end, at byte {match.start()}")
    if any(len(line) > _LINE_LIMIT for line in content.split(b"\n")):
        raise SyntaxFault(f"a line is longer than {_LINE_LIMIT} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the file's own affairs: invalid escapes and such
            return ast.parse(content)
    except SyntaxError as error:
        raise SyntaxFault(f"line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxFault(str(error) or type(error).__name__) from None


def _declared(content: bytes) -> str | None:
    """The encoding that a file declares, if it is not UTF-8 (PEP 263)."""
    if not re.search(rb"coding[=:]", b"".join(content.splitlines()[:2])):
        return None
    from tokenize import detect_encoding

    encoding, _ = detect_encoding(BytesIO(content).readline)
    return None if encoding in ("utf-8", "utf-8-sig") else encoding


class _Reader:
    """Evaluates in source order: a constant may refer to those before it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # For Python a carriage return ends a line, too.
        ends = re.finditer(rb"\r\n?|\n", source.content)
        self.line_starts = [0, *(end.end() for end in ends)]
        self.encoding = _declared(source.content)
        self.scopes = Scopes()

    def assignments(self, tree: ast.Module) -> Iterator[ConstantList]:
        """What the module and its classes assign, in the order in which that is done."""
        by_class: dict[Scope, list[Constant]] = {(): []}
        for each in self.source.first(assigned(tree.body)):
            name, value = each.target.id, each.value
            if value is None:
                self.scopes.assign(name, None, each.scope)
                continue
            constant = self.constant(name, each.target, value, each.scope)
            constant = constant._replace(
                literal=constant.literal and not each.shared, branch=each.branch
            )
            (self.scopes.learn if each.branch else self.scopes.assign)(
                name, constant.value, each.scope
            )
            if constant.value is not None:
                by_class.setdefault(each.scope, []).append(constant)
        for scope, constants in by_class.items():
            if constants:
                title = f"class {scope[-1]}" if scope else "assignments"
                yield ConstantList(title, False, tuple(constants))

    def tables(self, tree: ast.Module) -> Iterator[ConstantList]:
        self.scopes.forget_order()
        for node in ast.walk(tree):
            rows = list(self.source.first(_rows(node)))
            column = encoding_column([self.text(each) for each in row[1]] for row in rows)
            constants = tuple(
                self.constant(_name(name), name, numbers[min(column, len(numbers) - 1)])
                for name, numbers in rows
            )
            if constants:
                kind = "dict" if isinstance(node, ast.Dict) else "table"
                yield ConstantList(kind, True, constants)

    def constant(self, name: str, at: ast.expr, value: ast.expr, scope: Scope = ()) -> Constant:
        span = self.span(value)
        text = self.source.text(span)
        number: int | None = None
        reason = ""
        try:
            number = self.evaluate(value, scope, 0)
        except Unevaluated as error:
            reason = str(error)
        return Constant(
            name, number, self.span(at), span, is_literal(text), reason=reason,
            alias_of=text if text.isidentifier() else "",
        )  # fmt: skip

    def text(self, node: ast.expr) -> str:
        return self.source.text(self.span(node))

    def span(self, node: ast.expr) -> Span:
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(self.offset(node.lineno, node.col_offset), self.offset(end_line, end))

    def offset(self, line: int, column: int) -> int:
        """Where in the file a place is that Python counts in bytes of UTF-8, without its mark."""
        content, start = self.source.content, self.line_starts[line - 1]
        if line == 1 and content.startswith(BOM_UTF8):
            start += len(BOM_UTF8)
        if self.encoding is None:
            return start + column
        end = content.find(b"\n", start)
        written = content[start : end if end >= 0 else None].decode(self.encoding)
        return start + len(written.encode()[:column].decode().encode(self.encoding))

    def evaluate(self, node: ast.expr, scope: Scope, depth: int) -> int:
        if depth > 40:
            raise Unevaluated("it is nested too deeply")
        match node:
            case ast.Constant(value=int() as value) if not isinstance(value, bool):
                return _bounded(value)
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                return self.called(f"{owner}::{name}", scope)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return self.called(name, scope)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.evaluate(operand, scope, depth + 1)
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return _bounded(~self.evaluate(operand, scope, depth + 1))
            case ast.BinOp(left=left, op=operator, right=right):
                return _apply(
                    operator,
                    self.evaluate(left, scope, depth + 1),
                    self.evaluate(right, scope, depth + 1),
                )
        raise Unevaluated("it is no constant expression")

    def called(self, path: str, scope: Scope) -> int:
        """What a name stands for."""
        found = self.scopes.find(path, scope)
        if not isinstance(found, int):
            raise Unevaluated(found or f"{path} is not defined as a number in this file")
        return found


_SIZE_LIMIT = 128
"""Widest value, in bits."""


def _bounded(value: int) -> int:
    if value.bit_length() > _SIZE_LIMIT:
        raise Unevaluated(f"a value has more than {_SIZE_LIMIT} bits")
    return value


def _apply(operator: ast.operator, left: int, right: int) -> int:
    match operator:
        case ast.Add():
            value = left + right
        case ast.Sub():
            value = left - right
        case ast.BitOr():
            value = left | right
        case ast.BitAnd():
            value = left & right
        case ast.BitXor():
            value = left ^ right
        case ast.Mult():
            value = left * right
        case ast.LShift() if 0 <= right < 64:
            value = left << right
        case ast.RShift() if 0 <= right < 64:
            value = left >> right
        case _:
            raise Unevaluated("it uses an operator that is not understood here")
    return _bounded(value)


def _rows(node: ast.AST) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """The name and the numbers of each row of a table, if it is one."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                yield from _pair([key, value])
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for element in node.elts:
            yield from _pair(_parts(element))


def _parts(element: ast.expr) -> list[ast.expr]:
    match element:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return parts
        case ast.Call(args=parts, keywords=keywords):
            return [*parts, *(keyword.value for keyword in keywords)]
    return []


def _pair(parts: Sequence[ast.expr]) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """The first name and the numbers among the parts of a row."""
    names = [
        part
        for part in parts
        if (isinstance(part, ast.Constant) and isinstance(part.value, str))
        or isinstance(part, ast.Name | ast.Attribute)
    ]
    numbers: list[ast.expr] = [
        part
        for part in parts
        if (isinstance(part, ast.Constant) and type(part.value) is int)
        or isinstance(part, ast.BinOp)
    ]
    if names and numbers:
        yield names[0], numbers


def _name(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=text) | ast.Attribute(attr=text):
            return text
    return ""
