"""What a stamp costs, the VAT in it, and what the gateway keeps."""

from __future__ import annotations

from datetime import date

import msgspec

from meterai.kernel.money import Rupiah


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """The prices that we add to the face value, per stamp."""

    service_fee: Rupiah
    """VAT included."""
    vat_basis_points: int
    """VAT on the fee, in hundredths of a percent: 1100 is 11 %. The face value carries none."""


class UnitPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What one stamp costs. Whole rupiah, so that a refund piece by piece is exact."""

    face_value: Rupiah
    fee: Rupiah
    """VAT included."""
    vat: Rupiah
    """The part of `fee` that is VAT."""


class DatedPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The service fee from a business date on."""

    valid_from: date
    """`date.min`: what the settings say, before officers enter anything."""
    fee: Rupiah
    """VAT included."""
    vat_basis_points: int
    vat: Rupiah
    """The part of `fee` that is VAT."""

    @property
    def is_of_settings(self) -> bool:
        """Whether no officer entered it."""
        return self.valid_from == date.min


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """The face value of a stamp from a business date on."""

    valid_from: date
    face_value: Rupiah


def vat_within(fee: int, basis_points: int) -> Rupiah:
    """The VAT inside a fee that includes it, rounded half up to whole rupiah. `sales.price` has the same."""
    whole = 10_000 + basis_points
    return Rupiah((2 * fee * basis_points + whole) // (2 * whole))


class ChannelCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway keeps of a payment over one channel."""

    basis_points: int = 0
    """Hundredths of a percent of the sum."""
    flat: int = 0
    """Rupiah for each payment."""


def gateway_cost(cost: ChannelCost, amount: int) -> Rupiah:
    """What a gateway keeps of a payment of `amount` rupiah, rounded up."""
    share = -(-amount * cost.basis_points // 10_000)
    return Rupiah(min(amount, share + cost.flat))
