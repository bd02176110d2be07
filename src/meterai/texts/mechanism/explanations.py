"""What a person reads about one refusal, state or verdict: what is so, what to do, and where the money is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from meterai.texts.mechanism.marks import N_

type MoneyKind = Literal["", "still", "held", "back", "returned", "gone"]

MONEY_NOTES: Final[Mapping[str, str]] = {
    "still": N_("Belum ada uang yang kami terima."),
    "held": N_("Uang Anda sudah kami terima dan tercatat."),
    "back": N_("Uang Anda sedang kembali kepada Anda."),
    "returned": N_("Uang Anda sudah kembali kepada Anda."),
    "gone": N_("Uang ini tidak lagi ada pada kami."),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Two marked sentences. `money`: which of `MONEY_NOTES` stands below them; empty: none."""

    what: str
    next: str
    money: MoneyKind = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    """Constants that the sentences name, such as limits."""
