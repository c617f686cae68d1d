"""What a source says of processors: MSR values, CPUID leaves; collected, told apart, compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vmcsgen.core.processor import Leaf, Registers, features, is_virtual
from vmcsgen.core.spec import Spec
from vmcsgen.diagnostics import Diagnostic, Location, Severity

FIRST_MSR, LAST_MSR = 0x480, 0x49F
"""Where VMX capability MSRs stand (SDM Appendix A: 0x480 to 0x493); others are left alone."""

PROCESSORS_LIMIT = 4096
"""Most processors that one source can tell of; what comes after them is not read."""

FAULTS_LIMIT = 1000
"""Most faults that are kept of one source."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Vendor, name and signature of a processor; None or empty where the source lacks them."""

    vendor: str = ""
    brand: str = ""
    family: int | None = None
    model: int | None = None
    stepping: int | None = None


@dataclass(frozen=True, slots=True)
class Processor:
    """What a source says of one processor, or of several that it says the same of.

    ``number`` are the logical CPUs as the source numbers them. ``controls`` and ``features`` are
    told by name where a source has no MSR values. ``virtual`` is True for what a hypervisor or a
    CPU model shows, None where the source doesn't tell. ``emulator`` is the project and version
    that a CPU model is of, ``identity`` what is known of the processor beside CPUID leaves, ``id``
    that of a known CPU.
    """

    name: str | None
    numbers: tuple[int, ...]
    msrs: Mapping[int, int]
    cpuid: Mapping[Leaf, Registers]
    controls: Mapping[str, bool]
    features: Mapping[str, bool]
    virtual: bool | None
    emulator: tuple[str, str] | None = None
    identity: Identity | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Dump:
    """A source that was read: its format, its distinct processors and what is wrong with it.

    ``count`` is the number of processors before like ones were joined.
    """

    source: str
    format: str
    processors: tuple[Processor, ...]
    count: int
    faults: tuple[Diagnostic, ...]


@dataclass(slots=True)
class Draft:
    """A processor that is being read, or what a report says of several that are alike.

    ``without_vmx`` says that VMX is off, whatever else it has.
    """

    number: int | None = None
    name: str | None = None
    msrs: dict[int, int] = field(default_factory=dict)
    cpuid: dict[Leaf, Registers] = field(default_factory=dict)
    controls: dict[str, bool] = field(default_factory=dict)
    features: dict[str, bool] = field(default_factory=dict)
    virtual: bool | None = None
    emulator: tuple[str, str] | None = None
    identity: Identity | None = None
    numbers: tuple[int, ...] = ()
    without_vmx: bool = False

    @property
    def tells(self) -> bool:
        """Whether there is anything about VMX in it."""
        return not self.without_vmx and bool(self.msrs or self.controls)

    @property
    def logical_cpus(self) -> tuple[int, ...]:
        """The numbers of the logical CPUs that it is about."""
        return self.numbers or (() if self.number is None else (self.number,))


class Collector:
    """Collects readings line by line, and tells processors apart as the source does.

    ``current`` is the processor that readings go to. A source that numbers processors selects them
    with ``select``; where it doesn't, an MSR that comes a second time begins the next processor.
    Readers stop when it is ``full``.
    """

    def __init__(self, source: str, spec: Spec) -> None:
        self.source = source
        self.spec = spec
        self.faults: list[Diagnostic] = []
        self.current = Draft()
        self._drafts = [self.current]
        self._by_number: dict[int | None, Draft] = {None: self.current}
        self.full = False
        """More processors were met than a source may have: there is no use in reading on."""

    def select(self, number: int | None) -> Draft:
        """The processor with this number (None: the one that has none) becomes the current one."""
        found = self._by_number.get(number)
        if found is None:
            found = self._by_number[number] = self._add(number)
        self.current = found
        return found

    def begin(self) -> Draft:
        """A new processor without a number becomes the current one."""
        self.current = self._add(None)
        return self.current

    def _add(self, number: int | None) -> Draft:
        unnumbered = self._drafts[0].tells
        if len(self._drafts) - (not unnumbered) >= PROCESSORS_LIMIT:
            if not self.full:
                self.full = True
                self.fault(f"more than {PROCESSORS_LIMIT} processors: the rest is not read", 0)
            return Draft(number)
        draft = Draft(number)
        self._drafts.append(draft)
        return draft

    def msr(self, address: int, digits: str, line: int = 0, text: str | None = None) -> None:
        """A reading of MSR ``address`` in hexadecimal digits; addresses out of range are ignored.

        A value of more than 64 bits, and a second value for a numbered processor that differs
        from the first, are faults; neither is used.
        """
        if not FIRST_MSR <= address <= LAST_MSR:
            return
        value = parse_hexadecimal(digits)
        if value is None:
            shown = digits if len(digits) <= 40 else f"{digits[:37]}..."
            self.fault(f"the value of MSR {address:#x} does not fit 64 bits: {shown}", line, text)
            return
        draft = self.current
        if address in draft.msrs and draft.number is None:
            draft = self.begin()
        if draft.msrs.setdefault(address, value) != value:
            self.fault(
                f"CPU {draft.number} has two values for MSR {address:#x}: "
                f"{draft.msrs[address]:#x} and {value:#x}",
                line,
                text,
                "the first is used",
            )

    def fault(self, message: str, line: int, text: str | None = None, hint: str = "") -> None:
        """Something that is wrong with the source, as a warning."""
        if len(self.faults) < FAULTS_LIMIT:
            where = Location(self.source, line, 1, text, len(text or ""))
            self.faults.append(Diagnostic(Severity.WARNING, "CAPS001", message, where, hint))

    def finish(self, format_name: str, name: str | None = None) -> Dump:
        """The dump: processors that tell of VMX, like ones joined, in the order of the source.

        ``name`` is what the source calls its processors where they have no name of their own.

        CPUID leaves that stand apart from the MSRs of unnumbered processors serve those that have
        none (AIDA64 numbers CPUID sections, but not always MSR sections).
        """
        drafts = [draft for draft in self._drafts if draft.tells]
        spare = next((draft for draft in self._drafts if draft.cpuid), None)
        for draft in drafts:
            if spare is not None and not draft.cpuid:
                draft.cpuid = spare.cpuid
            draft.name = draft.name or name
        joined = tuple(_join(drafts, self.spec))
        return Dump(self.source, format_name, joined, len(drafts), tuple(self.faults))


def _join(drafts: list[Draft], spec: Spec) -> Iterator[Processor]:
    """One Processor for all drafts that say the same of VMX and of the features it needs.

    Nothing else of CPUID counts but the signature and whether there is a hypervisor: like
    processors differ in APIC ids, and in bits that mirror control registers.
    """
    alike: dict[object, list[Draft]] = {}
    for draft in drafts:
        says = (
            frozenset(draft.msrs.items()),
            frozenset(draft.controls.items()),
            frozenset(draft.features.items()),
            frozenset(features(spec, draft.cpuid).items()),
            draft.cpuid.get((1, 0), (0,))[0],
            is_virtual(draft.cpuid),
            draft.virtual,
            draft.identity,
        )
        alike.setdefault(says, []).append(draft)
    for group in alike.values():
        first = group[0]
        numbers = tuple(number for draft in group for number in draft.logical_cpus)
        yield Processor(
            first.name, numbers, first.msrs, first.cpuid, first.controls, first.features,
            first.virtual, first.emulator, first.identity,
        )  # fmt: skip


def parse_hexadecimal(digits: str) -> int | None:
    """The number of at most 64 bits that hexadecimal digits write, else None.

    ``0x`` before and ``h`` after them, and ``-``, ``_``, backtick or apostrophe between them, are
    left out.
    """
    stripped = digits.strip().lower().removeprefix("0x").removesuffix("h")
    for mark in "-_`'":
        stripped = stripped.replace(mark, "")
    stripped = stripped.lstrip("0") or stripped[-1:]
    if not stripped or len(stripped) > 16 or not set(stripped) <= _HEXADECIMAL:
        return None
    return int(stripped, 16)


_HEXADECIMAL = frozenset("0123456789abcdef")


def msr_names(spec: Spec) -> dict[str, int]:
    """Name -> address of every VMX capability MSR, in lower case (SDM Appendix A)."""
    names = {
        "ia32_vmx_basic": 0x480,
        "ia32_vmx_misc": 0x485,
        "ia32_vmx_cr0_fixed0": 0x486,
        "ia32_vmx_cr0_fixed1": 0x487,
        "ia32_vmx_cr4_fixed0": 0x488,
        "ia32_vmx_cr4_fixed1": 0x489,
        "ia32_vmx_vmcs_enum": 0x48A,
        "ia32_vmx_ept_vpid_cap": 0x48C,
    }
    for group in spec.groups:
        names[group.msr_name.lower()] = group.msr
        if group.true_msr is not None and group.true_msr_name is not None:
            names[group.true_msr_name.lower()] = group.true_msr
    return names


def msr_label(spec: Spec, address: int) -> str:
    """``IA32_VMX_PROCBASED_CTLS2 (0x48B)``, or ``MSR 0x494`` for an address without a name."""
    for name, known in msr_names(spec).items():
        if known == address:
            return f"{name.upper()} ({address:#X})".replace("0X", "0x")
    return f"MSR {address:#x}"
