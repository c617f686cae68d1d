"""Record does what NamedTuple, which checkers take it for, does."""

from __future__ import annotations

import json
import pickle
from typing import Any, NamedTuple

import pytest

from vmcsgen.records import Record


class Mine(Record):
    """One with a default, a method and a property."""

    name: str
    size: int
    note: str = "none"

    @property
    def label(self) -> str:
        """Name and size."""
        return f"{self.name} {self.size}"


class Theirs(NamedTuple):
    """The same."""

    name: str
    size: int
    note: str = "none"


CALLS: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((), {}), (("a",), {}), (("a", 1), {}), (("a", 1, "b"), {}), (("a", 1, "b", 2), {}),
    (("a",), {"size": 1}), ((), {"size": 1, "name": "a"}), ((), {"note": "b"}),
    (("a",), {"name": "b", "size": 1}), (("a", 1), {"other": 2}), (("a", 1, "b"), {"note": "c"}),
    (("a",), {"note": "b"}), (("a",), {"note": "b", "size": 2}),
)  # fmt: skip


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_made_alike(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    try:
        wanted = Theirs(*values, **named)
    except TypeError:
        with pytest.raises(TypeError, match="Mine has the fields name, size, note"):
            Mine(*values, **named)
        return
    made = Mine(*values, **named)
    assert made == wanted
    assert (made.name, made.size, made.note) == wanted
    assert repr(made) == repr(wanted).replace("Theirs", "Mine")


def test_used_alike() -> None:
    made = Mine("a", 1)
    assert made.label == "a 1"
    assert made._replace(size=2) == ("a", 2, "none")
    with pytest.raises(TypeError):
        made._replace(other=2)
    with pytest.raises(AttributeError):
        made.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        made.other = 1  # type: ignore[attr-defined]
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is Mine
    assert again == made
    assert json.dumps(made) == '["a", 1, "none"]'
    assert hash(made) == hash(Theirs("a", 1))
    match made:
        case Mine(name, size, _):
            assert (name, size) == ("a", 1)
        case _:
            pytest.fail("did not match")
