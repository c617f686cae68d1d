"""What the words of a name say: the field they name, its width and its type.

A list that no project of the spec describes is still made of the SDM's words, shortened in a
hundred ways. Names are cut into words, spellings are made equal, and a name is compared with
everything a field is called; rare words count more than common ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from math import log

from vmcsgen.scan import lexicon
from vmcsgen.scan.lexicon import Lexicon
from vmcsgen.scan.patterns import lazy

_PIECE = lazy(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

_ALIKE = {
    "access": "access", "ar": "access_rights", "acr": "access_rights", "acc": "access",
    "accs": "access", "addr": "address", "adr": "address", "addrs": "address",
    "phyptr": "address", "ptr": "pointer", "poi": "pointer", "bm": "bitmap", "bmp": "bitmap",
    "bitmaps": "bitmap", "sel": "selector", "selectors": "selector", "lim": "limit",
    "ctl": "control", "ctls": "control", "ctrl": "control", "ctrls": "control",
    "controls": "control", "cnt": "count", "num": "count", "enc": "encoding",
    "enter": "entry", "vmentry": "entry", "ent": "entry", "exiting": "exit", "vmexit": "exit",
    "exits": "exit", "err": "error", "errorcode": "error_code", "errcode": "error_code",
    "exc": "exception", "excep": "exception", "exceptions": "exception", "exec": "execution",
    "func": "function", "vmfunc": "function", "functions": "function", "idx": "index",
    "info": "information", "infor": "information", "instr": "instruction",
    "ins": "instruction", "insn": "instruction", "intr": "interrupt", "int": "interrupt",
    "interruption": "interrupt", "irq": "interrupt", "interruptibility": "interruptibility",
    "interruptability": "interruptibility", "inter": "interrupt", "len": "length",
    "lin": "linear", "ld": "load", "st": "store", "gpa": "guest_physical_address",
    "gla": "guest_linear_address", "phys": "physical", "phy": "physical",
    "notif": "notification", "notify": "notification", "nv": "notification_vector",
    "pend": "pending", "perm": "permission", "perf": "perf", "pinbased": "pin",
    "posted": "posted", "pir": "posted", "pi": "posted", "preempt": "preemption",
    "prio": "priority", "proc": "processor", "procbased": "processor", "cpu": "processor",
    "qual": "qualification", "qualif": "qualification", "sec": "secondary", "proc2": "secondary",
    "sysenter": "sysenter", "targets": "target", "tgt": "target", "val": "value",
    "values": "value", "vec": "vector", "vect": "vector", "vectoring": "vectoring",
    "vapic": "virtual_apic", "virt": "virtual", "virtualization": "virtual",
    "vproc": "virtual_processor", "vpid": "virtual_processor_identifier",
    "ve": "virtual_exception", "id": "identifier", "dbg": "debug", "debugctrl": "debugctl",
    "debugctlmsr": "debugctl",
    "interruptible": "interruptibility",
    "desc": "descriptor", "eptp": "ept_pointer", "spptp": "spp_table_pointer",
    "hm": "mask", "msk": "mask", "shdw": "shadow", "rd": "read", "registers": "register",
    "reg": "register", "thr": "threshold", "tr": "tr", "act": "activity", "io": "io",
    "pdptr": "pdpte", "pdptes": "pdpte", "pdptrs": "pdpte", "ssp": "ssp", "xss": "xss",
    "mult": "multiplier", "off": "offset", "ofs": "offset", "offs": "offset", "smbase": "smbase",
    "intrs": "interrupt", "rflags": "rflags", "eflags": "rflags", "activation": "activity",
    "link": "link", "pasiddir": "pasid_directory", "dir": "directory", "grp": "group",
    "ple": "ple", "attr": "access_rights", "arbyte": "access_rights",
    "exi": "exit", "inst": "instruction",
    "actv": "activity", "consts": "", "smask": "mask", "exitcode": "exit_reason",
}  # fmt: skip
"""A spelling -> the words it stands for, joined by ``_``."""

_NOISE = frozenset(
    "vmcs vmx vmcs16 vmcs32 vmcs64 nw natural width field encode encoding full state data bit bits "
    "the of for and to a an based vm msr ia 8 16 32 64 ro rw const register value k e enum high hi "
    "h f ctls".split()
)

_HIGH = lazy(r"(?:(?:^|_|(?<=[a-z0-9]))(?:HIGH|high|HI|hi)|High|Hi|_[Hh])(?:_ENCODE)?$|\(high\)$")


def says_high(name: str) -> bool:
    """Whether the name says that it is the high half of a 64-bit field."""
    return _HIGH().search(name) is not None


@lru_cache(8192)
def words(name: str) -> frozenset[str]:
    """The words of a name, all spellings made equal, without those that say nothing."""
    found: list[str] = []
    for piece in _PIECE().findall(name[:200].replace("/", "").replace("VMCS", "_VMCS_")):
        word = piece.lower()
        found.extend(_ALIKE.get(word, word).split("_"))
    return frozenset(word for word in found if word and word not in _NOISE)


def spellings(names: Iterable[str]) -> list[list[str]]:
    """The words of each name, sorted; names of the same words once."""
    return [sorted(said) for said in {words(name): None for name in names}]


def weights(fields: Sequence[Sequence[Sequence[str]]]) -> dict[str, float]:
    """How much a word tells of a field, by how few of the fields have it in a spelling."""
    counts = Counter(word for spelled in fields for word in sorted({*chain(*spelled)}))
    return {word: log(1 + len(fields) / count) for word, count in counts.items()}


class Resemblance:
    """How much names resemble what the fields of a lexicon are called."""

    def __init__(self, known: Lexicon) -> None:
        self.called = {
            encoding: [frozenset(said) for said in field.spellings]
            for encoding, field in known.fields.items()
        }
        self.weights = known.weights
        self.unknown_weight = log(1 + len(self.called)) / 2
        self._best: dict[frozenset[str], tuple[int, float]] = {}

    @cached_property
    def spellings(self) -> list[tuple[int, float]]:
        """Of every spelling the field's encoding, and what its words weigh together."""
        return [
            (encoding, self._weight(other))
            for encoding, names in self.called.items()
            for other in names
        ]

    @cached_property
    def holders(self) -> dict[str, list[int]]:
        """A word -> the numbers of the spellings that have it."""
        found: dict[str, list[int]] = {}
        for number, other in enumerate(name for names in self.called.values() for name in names):
            for word in other:
                found.setdefault(word, []).append(number)
        return found

    def weight(self, word: str) -> float:
        """How much a word tells: rare ones most; one that no field has, a little."""
        return self.weights.get(word, self.unknown_weight)

    def to(self, name: str, encoding: int) -> float:
        """How much ``name`` resembles the field with this full-access encoding, 0 to 1."""
        mine = words(name)
        return max((self._alike(mine, other) for other in self.called[encoding]), default=0.0)

    def best(self, name: str) -> tuple[int, float]:
        """The full-access encoding of the field that ``name`` resembles most, and how much."""
        mine = words(name)
        found = self._best.get(mine)
        if found is None:
            if len(self._best) >= _BEST_LIMIT:
                self._best.clear()
            found = self._best[mine] = self._search(mine)
        return found

    def _search(self, mine: frozenset[str]) -> tuple[int, float]:
        """Only spellings that share a word are looked at: a file may have many thousand names."""
        shared: dict[int, float] = {}
        for word in sorted(mine):
            weight = self.weight(word)
            for number in self.holders.get(word, ()):
                shared[number] = shared.get(number, 0.0) + weight
        whole = self._weight(mine)
        best, most = 0, 0.0
        for number in sorted(shared):
            encoding, other = self.spellings[number]
            alike = shared[number] / (whole + other - shared[number])
            if alike > most + _ROUNDING:
                best, most = encoding, alike
        return best, most

    def _weight(self, said: frozenset[str]) -> float:
        return sum(map(self.weight, sorted(said)))

    def _alike(self, mine: frozenset[str], other: frozenset[str]) -> float:
        shared = self._weight(mine & other)
        return shared / (self._weight(mine) + self._weight(other) - shared) if shared else 0.0


_BEST_LIMIT = 8192
"""Most names whose field is remembered."""

_ROUNDING = 1e-9
"""What sums of weights may differ by: of fields that are equally like a name, the first counts."""

_WIDTHS = (
    (lazy(r"(?:^|_|VMCS_?)16(?:_?BITS?)?(?:_|$)|16_?BIT", re.I), lexicon.WIDTH_16),
    (lazy(r"VMCS_?32(?:_|$)|(?:^|_)32_?BITS?(?:_|$)|BITS?_?32", re.I), lexicon.WIDTH_32),
    (lazy(r"VMCS_?64(?:_|$)|(?:^|_)64_?BITS?(?:_|$)|BITS?_?64", re.I), lexicon.WIDTH_64),
    (lazy(r"VMCS_?NW(?:_|$)|(?:^|_)NATURAL(?:_|$)|NATURAL_?WIDTH", re.I), lexicon.WIDTH_NATURAL),
)


def claimed_width(name: str) -> int | None:
    """The width (bits 14:13) that a name claims, as in ``VMX_VMCS64_...`` or ``..._16BIT_...``."""
    claims = {width for pattern, width in _WIDTHS if pattern().search(name)}
    return claims.pop() if len(claims) == 1 else None


def claimed_state(name: str) -> int | None:
    """Guest or host state, where a name says one of them and not the other, else None."""
    found = {piece.lower() for piece in _PIECE().findall(name[:200])} & {"guest", "host"}
    if len(found) != 1:
        return None
    return lexicon.GUEST if "guest" in found else lexicon.HOST
