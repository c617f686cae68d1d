"""Record: an immutable class of named items, for modules that many starts import.

Checkers see a frozen dataclass whose items can also be unpacked. What runs is a tuple: having
``dataclasses`` write the methods of one class takes a tenth of a bare start of Python, and ``gen``
needs dozens.
"""

from __future__ import annotations

from operator import itemgetter

__all__ = ["Record"]

TYPE_CHECKING = False  # typing is slow to import, and checkers know this name
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar

    from typing_extensions import Self, dataclass_transform

    @dataclass_transform(frozen_default=True)
    class Record:
        """An immutable tuple whose items have the names that a subclass annotates."""

        _fields: ClassVar[tuple[str, ...]]

        def __iter__(self) -> Iterator[Any]: ...
        def __lt__(self, other: Self) -> bool: ...
        def _replace(self, **named: object) -> Self: ...

else:

    class _Kind(type):
        """Makes an immutable tuple of a class body: a property a field, in their order."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            fields = tuple(body.get("__annotations__", ()))
            body["_defaults"] = {each: body[each] for each in fields if each in body}
            body.update((each, property(itemgetter(at))) for at, each in enumerate(fields))
            body["_fields"] = body["__match_args__"] = fields
            body["__slots__"] = ()
            return super().__new__(cls, name, bases, body)

    class Record(tuple, metaclass=_Kind):
        """An immutable tuple whose items have the names that a subclass annotates."""

        def __new__(cls, *values: Any, **named: Any) -> Any:
            """Items by place, by name, by default; TypeError unless that is one for each field."""
            fields = cls._fields
            if len(values) != len(fields):
                rest = fields[len(values) :]
                given = {**cls._defaults, **named}
                values += tuple(given[each] for each in rest if each in given)
                named = named.keys() - rest
            if named or len(values) != len(fields):
                raise TypeError(f"{cls.__name__} has the fields {', '.join(fields)}")
            return tuple.__new__(cls, values)

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            items = ", ".join(f"{name}={item!r}" for name, item in self._named().items())
            return f"{type(self).__name__}({items})"

        def _replace(self, **named: Any) -> Any:
            """A copy with other items."""
            return type(self)(**{**self._named(), **named})

        def _named(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))
