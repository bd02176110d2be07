"""What the sandbox for partners is made of."""

from __future__ import annotations

from typing import Final

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.settings import Settings

DISTRIBUTOR_ID: Final = derived_id("organisation", "sandbox")
"""The distributor above all organisations that members make in the sandbox."""
DISTRIBUTOR_CODE: Final = "uji"
DEPOSIT: Final = "SPESIMEN-UJI"
"""The receipt of the deposit from which its stamps are drawn."""
STOCK: Final = 1_000_000
"""Test stamps of the distributor."""
FIRST_STOCK: Final = 1_000
"""Test stamps that a new organisation gets, on credit."""
FACE_VALUE: Final = 10_000
"""Rupiah that a test stamp costs."""
CREDIT: Final = 100_000_000
"""Rupiah that a new organisation may owe: it can take more stamps by itself."""


def is_on(settings: Settings) -> bool:
    """Whether this installation is a test installation for partners."""
    return settings.partner_sandbox == "on" and settings.environment == "development"


def require(settings: Settings) -> None:
    """Raises: Refusal NOT_FOUND `sandbox.off`."""
    if not is_on(settings):
        raise Refusal(Kind.NOT_FOUND, "sandbox.off")
