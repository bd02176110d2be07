"""The company that runs this installation, as its pages say."""

from __future__ import annotations

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
    """The operator as set. In development, examples stand where nothing is set; production needs all texts
    (`production.py`).
    """
    texts = {name.removeprefix("operator_"): _text(settings, name) for name in _EXAMPLE}
    return Operator(**texts, is_example=not all(getattr(settings, name) for name in _EXAMPLE))


def operator_name(settings: Settings) -> str:
    """The operator's name alone, for gates, which have no other setting of it."""
    return _text(settings, "operator_name")


def _text(settings: Settings, name: str) -> str:
    example = "" if settings.environment == "production" else _EXAMPLE[name]
    return str(getattr(settings, name)) or example
