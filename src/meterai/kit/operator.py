"""Who runs this installation, as its pages say."""

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
    """The operator as set. In development, examples stand where nothing is set.

    Raises: ValueError naming the settings that production still needs.
    """
    given = {name: str(getattr(settings, name)) for name in _EXAMPLE}
    missing = [name for name, text in given.items() if not text]
    if missing and settings.environment == "production":
        names = ", ".join(f"METERAI_{name.upper()}" for name in missing)
        raise ValueError(
            f"{names}: production tells people whom they pay. Set who runs the service, at which address, "
            "under which law and by which appointment"
        )
    texts = {name.removeprefix("operator_"): given[name] or _EXAMPLE[name] for name in given}
    return Operator(**texts, is_example=bool(missing))


def operator_name(settings: Settings) -> str:
    """The operator's name alone, for gates.

    Raises: ValueError when production has none.
    """
    if settings.environment == "production" and not settings.operator_name:
        raise ValueError(
            "METERAI_OPERATOR_NAME: production tells people whom they pay. Set the company's name"
        )
    return settings.operator_name or _EXAMPLE["operator_name"]
