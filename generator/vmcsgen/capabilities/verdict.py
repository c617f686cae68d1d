"""Verdict: how a reported VMCS_ENUM stands to the derived one."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """How the reported VMCS_ENUM stands to the derived one; the value is what JSON has."""

    MATCH = "match"
    TOO_LOW_ERRATUM = "too_low_erratum"
    TOO_LOW_CAPPED = "too_low_capped"
    TOO_HIGH = "too_high"
    UNDECIDED = "undecided"

    @property
    def words(self) -> str:
        """The verdict for people."""
        return _WORDS[self]

    @property
    def too_low(self) -> bool:
        """Whether a field exists whose index is above the reported one."""
        return self in (Verdict.TOO_LOW_ERRATUM, Verdict.TOO_LOW_CAPPED)


_WORDS = {
    Verdict.MATCH: "match",
    Verdict.TOO_LOW_ERRATUM: "too low, as errata say",
    Verdict.TOO_LOW_CAPPED: "too low, capped (no erratum known)",
    Verdict.TOO_HIGH: "too high",
    Verdict.UNDECIDED: "can't be judged: undecided fields could raise the derived value",
}
