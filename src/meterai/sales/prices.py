"""What a stamp costs, the VAT in it, and what the gateway keeps."""

from __future__ import annotations

import msgspec

from meterai.kernel.money import Rupiah


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """The prices that we add to the face value, per stamp."""

    service_fee: Rupiah
    """VAT included."""
    vat_basis_points: int
    """VAT on the fee, in hundredths of a percent: 1100 is 11 %. The face value carries none."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The price of some stamps. Whole rupiah for each piece, so that a refund piece by piece is exact."""

    quantity: int
    unit_face_value: Rupiah
    unit_fee: Rupiah
    """VAT included."""
    unit_vat: Rupiah
    """The part of `unit_fee` that is VAT."""

    @property
    def face_value(self) -> Rupiah:
        """Face value of all pieces."""
        return Rupiah(self.unit_face_value * self.quantity)

    @property
    def fee(self) -> Rupiah:
        """Fee of all pieces, VAT included."""
        return Rupiah(self.unit_fee * self.quantity)

    @property
    def vat(self) -> Rupiah:
        """The part of `fee` that is VAT."""
        return Rupiah(self.unit_vat * self.quantity)

    @property
    def total(self) -> Rupiah:
        """What is paid."""
        return Rupiah(self.face_value + self.fee)


def price_of(quantity: int, face_value: int, price_list: PriceList) -> Price:
    """The price of `quantity` stamps at the tariff `face_value` (rupiah a piece)."""
    return Price(
        quantity=quantity,
        unit_face_value=Rupiah(face_value),
        unit_fee=price_list.service_fee,
        unit_vat=vat_within(price_list.service_fee, price_list.vat_basis_points),
    )


def vat_within(fee: int, basis_points: int) -> Rupiah:
    """The VAT inside a fee that includes it, rounded half up to whole rupiah."""
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
