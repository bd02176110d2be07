"""Who runs this installation, as its pages say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from meterai.kit.settings import Settings

_EXAMPLE: Final = {
    "operator_name": "CONTOH: PT Meterai Percobaan",
    "operator_address": "CONTOH: Jalan Percobaan Nomor 1, Jakarta 10110",
    "operator_basis": "CONTOH: Undang-Undang Nomor 10 Tahun 2020; PMK Nomor 134/PMK.03/2021",
    "operator_appointment": "CONTOH: Perjanjian Distributor Nomor 000/2026, 1 Januari 2026",
}
"""What development shows. It is marked, so that nobody takes it for the truth."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The company behind the pages. A text is empty when nobody has set it."""

    name: str = ""
    address: str = ""
    basis: str = ""
    """The laws and rules under which it sells."""
    appointment: str = ""
    """What makes it a seller: the contract or letter, with number and date."""
    is_example: bool = False
    """At least one of the texts is an example."""


NOT_SET: Final = Operator()


def operator_of(settings: Settings) -> Operator:
    """The operator as set. In development, examples stand where nothing is set.

    Raises: ValueError naming the settings that production still needs.
    """
    texts = {name.removeprefix("operator_"): text for name, text in _texts(settings, _EXAMPLE).items()}
    return Operator(**texts, is_example=not all(getattr(settings, name) for name in _EXAMPLE))


def operator_name(settings: Settings) -> str:
    """The operator's name alone, for gates, which have no other setting of it.

    Raises: ValueError when production has none.
    """
    return _texts(settings, ["operator_name"])["operator_name"]


def _texts(settings: Settings, names: Iterable[str]) -> dict[str, str]:
    given = {name: str(getattr(settings, name)) for name in names}
    missing = [f"METERAI_{name.upper()}" for name, text in given.items() if not text]
    if missing and settings.environment == "production":
        raise ValueError(
            f"{', '.join(missing)}: pages of production name the company that people pay, its address, the "
            "law under which it sells and its appointment"
        )
    return {name: text or _EXAMPLE[name] for name, text in given.items()}
