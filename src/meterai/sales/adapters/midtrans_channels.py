"""Each way to pay at Midtrans: its price, how it is asked for, what its answer gives the payer.

Source: docs.midtrans.com, "Core API": "Bank Transfer", "E-Wallet", "Direct Refund Transaction".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

import msgspec

from meterai.sales.adapters.midtrans_wire import BANKS, JAKARTA, Transaction
from meterai.sales.ports import Channel, GatewayState
from meterai.sales.prices import ChannelCost

COSTS: Mapping[Channel, ChannelCost] = {
    Channel.QRIS: ChannelCost(basis_points=70),
    Channel.VA_BCA: ChannelCost(flat=4_000),
    Channel.VA_BNI: ChannelCost(flat=4_000),
    Channel.VA_BRI: ChannelCost(flat=4_000),
    Channel.VA_MANDIRI: ChannelCost(flat=4_000),
    Channel.VA_PERMATA: ChannelCost(flat=4_000),
    Channel.GOPAY: ChannelCost(basis_points=200),
    Channel.SHOPEEPAY: ChannelCost(basis_points=200),
}
"""The public price list (midtrans.com, "Pricing")."""

_NUMBER = re.compile(r"[0-9]{4,30}")
_LINK = re.compile(
    r"(?P<scheme>[a-z]{2,20})://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
    r"(?:[/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?"
)
_LINK_CHARACTERS_MAX = 2_000
_SCHEMES = {Channel.GOPAY: ("gojek", "gopay"), Channel.SHOPEEPAY: ("shopeeid",)}
"""The schemes by which a phone knows the app of a wallet."""
_SHOPEEPAY_CLOSES = time(23, 50)
_SHOPEEPAY_OPENS = time(6, 5)
"""ShopeePay refuses every refund from 23.55 to 06.00 WIB. Five minutes more, because clocks differ."""


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer gives the payer; empty texts where there is nothing."""

    qr_text: str = ""
    va_number: str = ""
    biller_code: str = ""
    pay_url: str = ""

    @property
    def is_enough(self) -> bool:
        """Tells whether one can pay with it."""
        return bool(self.qr_text or self.va_number or self.pay_url)


def asked_as(channel: Channel, description: str) -> dict[str, Any]:
    """The part of a charge's body that names the way to pay."""
    if channel is Channel.QRIS:
        return {"payment_type": "qris", "qris": {"acquirer": "gopay"}}
    if channel is Channel.VA_MANDIRI:  # the bank shows 10 and 30 characters
        return {
            "payment_type": "echannel",
            "echannel": {"bill_info1": "Untuk:", "bill_info2": description[:30]},
        }
    if channel in BANKS:
        return {"payment_type": "bank_transfer", "bank_transfer": {"bank": BANKS[channel]}}
    return {"payment_type": channel.value, channel.value: {}}


def means_of(said: Transaction, channel: Channel) -> Means:
    """What `said` gives the payer over `channel`. A number or link of a wrong form is none."""
    if channel is Channel.QRIS:
        return Means(qr_text=said.qr_string)
    if channel is Channel.VA_MANDIRI:
        biller, key = _number(said.biller_code), _number(said.bill_key)
        return Means(va_number=key, biller_code=biller) if biller and key else Means()
    if channel in BANKS:
        return Means(va_number=_number(said.number_at(BANKS[channel])))
    link = next((a.url for a in said.actions if a.name == "deeplink-redirect"), "")
    return Means(qr_text=said.qr_string, pay_url=wallet_link(link, channel))


def wallet_link(link: str, channel: Channel) -> str:
    """The link, when it may stand on a page: https, or the wallet's own scheme. Otherwise empty."""
    match = _LINK.fullmatch(link) if len(link) <= _LINK_CHARACTERS_MAX else None
    if match is None:
        return ""
    is_web = match["scheme"] == "https" and "." in match["host"]
    return link if is_web or match["scheme"] in _SCHEMES.get(channel, ()) else ""


def is_asked_for(said: Transaction, channel: Channel) -> bool:
    """Tells whether `said` is about a charge over `channel`.

    A code of GoPay's can be paid with every app. Midtrans calls it "qris" once another one did.
    """
    by_another_app = channel is Channel.GOPAY and said.channel is Channel.QRIS
    return said.channel is channel or (by_another_app and said.state is not GatewayState.PENDING)


def refunds_are_closed(channel: Channel | None, now: datetime) -> bool:
    """Tells whether the wallet refuses each refund at this hour, whatever its reason says."""
    hour = now.astimezone(JAKARTA).time()
    return channel is Channel.SHOPEEPAY and (hour >= _SHOPEEPAY_CLOSES or hour < _SHOPEEPAY_OPENS)


def _number(text: str) -> str:
    return text if _NUMBER.fullmatch(text) else ""
