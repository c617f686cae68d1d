"""How each output language writes comments, and so the header that every output begins with."""

from __future__ import annotations

from collections.abc import Sequence

from vmcsgen.records import Record


class Language(Record):
    """Comment syntax of a language; ``block`` languages open and close a comment."""

    line: str = ""
    opening: str = ""
    middle: str = ""
    closing: str = ""
    header_after_first_line: bool = False
    """The first line (a doctype) must stay first."""

    @property
    def has_comments(self) -> bool:
        """Whether an output can carry a header and marks at all (JSON can't)."""
        return bool(self.line or self.opening)

    def keeps_first(self, text: str) -> bool:
        """Whether the first line of ``text`` must stay first; ``#![`` is Rust's, no shebang."""
        shebang = text.startswith("#!") and not text.startswith("#![")
        return self.header_after_first_line or shebang

    def one_line(self, text: str) -> str:
        """A comment that fits on one line."""
        return f"{self.line} {text}" if self.line else f"{self.opening} {text} {self.closing}"

    def several_lines(self, lines: Sequence[str]) -> str:
        """A comment of several lines, without a final newline."""
        if self.line:
            return "\n".join(f"{self.line} {line}".rstrip() for line in lines)
        body = "\n".join(f"{self.middle} {line}".rstrip() for line in lines)
        indent = " " if self.middle else ""
        return f"{self.opening}\n{body}\n{indent}{self.closing}"


_C = Language(opening="/*", middle=" *", closing="*/")
_HASH = Language(line="#")
_MARKUP = Language(opening="<!--", middle="", closing="-->")

LANGUAGES = {
    "c": _C,
    "c++": _C,
    "css": _C,
    "javascript": Language(line="//"),
    "go": Language(line="//"),
    "rust": Language(line="//"),
    "python": _HASH,
    "make": _HASH,
    "meson": _HASH,
    "yaml": _HASH,
    "shell": _HASH,
    "csv": _HASH,
    "toml": _HASH,
    "asm": _C,
    "markdown": _MARKUP,
    "html": Language(opening="<!--", middle="", closing="-->", header_after_first_line=True),
    "rst": Language(line=".."),
    "man": Language(line='.\\"'),
    "json": Language(),
    "text": Language(),
}
"""By the name that target.yaml gives an output's ``language``."""
