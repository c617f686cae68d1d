"""Names that generated code makes of field ids: two fields never get one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vmcsgen.core.encoding import Width
from vmcsgen.diagnostics import Diagnostic
from vmcsgen.specfile.names import Entry, entries, whole
from vmcsgen.specfile.nodes import Document


def check_spellings(tables: Iterable[Document]) -> Iterator[Diagnostic]:
    """SPEC105: ids are unique without their underscores, and beside the names of high halves.

    Camel case drops underscores: GuestCr0 would be guest_cr0, and guest_cr_0.
    """
    first: dict[str, tuple[str, Entry]] = {}
    for document in tables:
        halved = Width.from_label(str(whole(document).value["width"])) is Width.W64
        for entry in entries(document, "fields"):
            identity = entry.value["id"]
            if identity == "self":
                yield entry.fault(
                    "SPEC105", "field id 'self' is a keyword of Rust", "id",
                    "choose another id: enums of generated code would have a variant Self",
                )  # fmt: skip
            names = [(identity, f"field id {identity!r}")]
            if halved:
                names.append((f"{identity}_high", f"the high half of {identity!r}"))
            spelled = {name.replace("_", ""): meaning for name, meaning in names}
            taken = [name for name in spelled if first.get(name, ("", entry))[1] is not entry]
            for name in taken[:1]:
                meaning, other = first[name]
                if other.value["id"] != identity:  # else it is told as taken
                    yield entry.fault(
                        "SPEC105",
                        f"{spelled[name]} can't be told from {meaning} in generated code",
                        "id",
                        f"that is at {other.place('id')}; underscores don't count there",
                    )
            for name, meaning in spelled.items():
                first.setdefault(name, (meaning, entry))
