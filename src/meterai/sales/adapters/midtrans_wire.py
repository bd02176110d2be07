"""What Midtrans says, read strictly: amounts such as "10000.00", states as our words."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta, timezone
from typing import Annotated

import msgspec

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.ports import Channel, GatewayState

JAKARTA = timezone(timedelta(hours=7))
AMOUNT = re.compile(r"[1-9][0-9]{0,12}\.00")
_REFUND_AMOUNT = re.compile(r"([1-9][0-9]{0,12})(?:\.0{1,2})?")
REFERENCE = re.compile(r"[A-Za-z0-9_~.-]{1,50}")
NOTICED_REFERENCE = re.compile(r"[A-Za-z0-9_~.-]{1,100}")
"""Of no charge of ours, when it is longer than those: the dashboard's test of our address sends one of 66."""

_STATES = {
    "pending": GatewayState.PENDING,
    "authorize": GatewayState.PENDING,
    "settlement": GatewayState.SETTLED,
    "capture": GatewayState.SETTLED,
    "expire": GatewayState.EXPIRED,
    "cancel": GatewayState.CANCELLED,
    "deny": GatewayState.DENIED,
    "failure": GatewayState.DENIED,
    "refund": GatewayState.REFUNDED,
    "partial_refund": GatewayState.PARTIALLY_REFUNDED,
    "chargeback": GatewayState.REVERSED,
    "partial_chargeback": GatewayState.REVERSED,
}
BANKS = {
    Channel.VA_BCA: "bca",
    Channel.VA_BNI: "bni",
    Channel.VA_BRI: "bri",
    Channel.VA_PERMATA: "permata",
}
"""Midtrans' names of the banks whose numbers are asked for by "bank_transfer"."""
_CHANNELS = {
    "qris": Channel.QRIS,
    "echannel": Channel.VA_MANDIRI,
    "gopay": Channel.GOPAY,
    "shopeepay": Channel.SHOPEEPAY,
}
_BOOKED = (GatewayState.SETTLED, GatewayState.PARTIALLY_REFUNDED)
"""Of a payment that went back in part the rest is booked."""


type _Kept = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")]
"""Text that is stored: the database takes no NUL."""


class Refund(msgspec.Struct, frozen=True):
    """One refund in a list of them."""

    refund_amount: str = ""
    refund_key: str = ""


class _Bank(msgspec.Struct, frozen=True):
    bank: str = ""
    va_number: _Kept = ""


class _Action(msgspec.Struct, frozen=True):
    name: str = ""
    url: _Kept = ""


class Transaction(msgspec.Struct, frozen=True):
    """The fields of a Midtrans answer or notice that we read; others are ignored, as Midtrans asks."""

    status_code: str = ""
    transaction_id: _Kept = ""
    order_id: str = ""
    merchant_id: str = ""
    gross_amount: str = ""
    currency: str = "IDR"
    payment_type: str = ""
    transaction_status: str = ""
    fraud_status: str = "accept"
    refund_amount: str = ""
    refund_key: str = ""
    refunds: tuple[Refund, ...] = ()
    va_numbers: tuple[_Bank, ...] = ()
    permata_va_number: str = ""
    biller_code: str = ""
    bill_key: str = ""
    actions: tuple[_Action, ...] = ()
    qr_string: _Kept = ""
    signature_key: str = ""

    @property
    def state(self) -> GatewayState:
        """Our word for the transaction's state."""
        state = _STATES.get(self.transaction_status, GatewayState.UNKNOWN)
        suspicious = self.fraud_status not in ("", "accept") or self.currency != "IDR"
        return GatewayState.UNKNOWN if suspicious and state in _BOOKED else state

    @property
    def channel(self) -> Channel | None:
        """The channel, or None for one that we don't offer."""
        if self.payment_type != "bank_transfer":
            return _CHANNELS.get(self.payment_type)
        named = {one.bank for one in self.va_numbers} | ({"permata"} if self.permata_va_number else set())
        return next((channel for channel, bank in BANKS.items() if bank in named), None)

    def number_at(self, bank: str) -> str:
        """The number of the virtual account at a bank. Permata's has a field of its own."""
        if bank == "permata" and self.permata_va_number:
            return self.permata_va_number
        return next((one.va_number for one in self.va_numbers if one.bank == bank), "")


def amount_of(said: Transaction) -> Rupiah:
    """The amount, strictly of the form "10000.00" and not 0; anything else is no usable answer."""
    if not AMOUNT.fullmatch(said.gross_amount):
        raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason="amount_unreadable")
    return Rupiah(int(said.gross_amount[:-3]))


def refund_amount_of(refund: Refund) -> int:
    """The amount of one refund; 0 when it can't be read."""
    match = _REFUND_AMOUNT.fullmatch(refund.refund_amount)
    return int(match[1]) if match else 0


def refunded_of(said: Transaction) -> Rupiah:
    """The sum of all refunds."""
    if said.refunds:
        return Rupiah(sum(refund_amount_of(refund) for refund in said.refunds))
    return Rupiah(refund_amount_of(Refund(said.refund_amount)))


def event_key_of(said: Transaction) -> str:
    """The same for each copy of an event; refunds of one payment differ by how much was refunded."""
    refunded = refunded_of(said)
    parts = (said.transaction_id, said.transaction_status, said.status_code, said.gross_amount, str(refunded))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
