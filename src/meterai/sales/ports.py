"""The outside world of sales: a payment gateway and a payout provider. Adapters speak to real ones or twins.

Every call may raise, besides what it names:
  Refusal(UNAVAILABLE, "gateway.unavailable" | "payout.unavailable")  no usable answer: refused connection,
      time-out, 5xx, unreadable or too large answer, open circuit breaker. What was asked may have happened.
Calls are safe to repeat with the same arguments. No transaction may be open during one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Refusal
from meterai.sales.prices import ChannelCost


class Channel(StrEnum):
    """How a person pays."""

    QRIS = "qris"  # the national QR code: any bank app or e-wallet
    VA_BCA = "va_bca"  # virtual accounts: a bank transfer to a number of one's own
    VA_BNI = "va_bni"
    VA_BRI = "va_bri"
    VA_MANDIRI = "va_mandiri"  # at Midtrans a bill payment: a biller's code and a bill key
    VA_PERMATA = "va_permata"
    GOPAY = "gopay"  # wallets: the payer's app opens by a link
    SHOPEEPAY = "shopeepay"

    @property
    def is_virtual_account(self) -> bool:
        """Whether people pay by a transfer to a number of their own."""
        return self.value.startswith("va_")

    @property
    def is_wallet(self) -> bool:
        """Whether people pay in an app that a link opens."""
        return self in (Channel.GOPAY, Channel.SHOPEEPAY)


type ChannelOf = Callable[[str], Awaitable[Channel | None]]
"""Says by a payment's reference how it is to be made; None: there is no such payment."""


class GatewayState(StrEnum):
    """What the gateway says of a charge. Says nothing of what we booked."""

    PENDING = "pending"
    SETTLED = "settled"  # the money is ours; may follow EXPIRED (a late payment)
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DENIED = "denied"  # never paid; after SETTLED it means that the provider took the money back
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REVERSED = "reversed"  # charge-back: the money was taken back without us
    MISSING = "missing"  # the gateway knows no such charge
    UNKNOWN = "unknown"  # a word that we don't know: book nothing, ask again, alarm


class ChargeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to be paid. `reference` is ours, unique per attempt, and the key for repeating the call."""

    reference: str  # 1-50 characters A-Z a-z 0-9 - _ ~ .
    amount: Rupiah
    channel: Channel
    description: str  # what the payer sees, at most 50 characters, no personal data
    asked_at: datetime  # aware; stored with the attempt, so that a repeat asks the same
    expires_at: datetime  # aware; later than asked_at


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What the payer needs."""

    reference: str
    transaction_id: str  # the gateway's own id
    channel: Channel
    amount: Rupiah
    state: GatewayState  # PENDING, but a repeated call may find it further on
    qr_text: str = ""  # QRIS: content of the QR code
    va_number: str = ""  # virtual account: its number; of Mandiri at Midtrans the bill key
    biller_code: str = ""  # Mandiri: the biller to choose before the number
    pay_url: str = ""  # wallet: the link that opens its app
    payment_page_url: str = ""  # the sandbox's page on which a person pays; empty at the real gateway


class GatewayStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as the gateway sees it now, fetched by us. Credit rests on this, never on a notice."""

    reference: str
    state: GatewayState
    transaction_id: str = ""
    amount: Rupiah = Rupiah(0)  # what was charged or paid; compare it with the attempt's
    refunded: Rupiah = Rupiah(0)  # the sum of all refunds
    channel: Channel | None = None


class RefundResult(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that the gateway has accepted."""

    reference: str
    refund_key: str
    amount: Rupiah
    state: GatewayState  # REFUNDED or PARTIALLY_REFUNDED: the charge's state afterwards


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice whose signature is right. It only says that it is worth fetching the status of `reference`."""

    reference: str
    transaction_id: str
    event_key: str  # the same for every copy of a notice: UNIQUE(gateway, event key)
    state: GatewayState  # not covered by Midtrans' signature: never book from it
    amount: Rupiah


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway is answered when it calls us, in its own form: JSON."""

    status: int
    body: bytes


class PaymentGateway(Protocol):
    """Takes payments."""

    name: str
    """Lower-case letters. Stored with payments and notices, and part of the address for notices."""
    costs: Mapping[Channel, ChannelCost]
    """How people can pay there, and what the gateway keeps of a payment, by its price list for merchants."""
    notice_paths: frozenset[str]
    """Where it calls us, by POST: paths below /api/v1/gateways/NAME, each with its slash."""

    @property
    def is_healthy(self) -> bool:
        """Whether it answers. False while its circuit breaker is open; true again when a trial is due."""
        ...

    async def create_charge(self, request: ChargeRequest) -> Charge:
        """Opens a charge, or finds the one that an earlier call with this reference opened.

        Raises: Refusal(CONFLICT, "gateway.charge_mismatch") when this reference was charged with another
        amount or channel; Refusal(CONFLICT, "gateway.charge_lost") when the earlier charge exists but can't
        be shown to a payer any more: expire it and try under a new reference;
        Refusal(INVALID, "gateway.charge_refused").
        """
        ...

    async def get_status(self, reference: str) -> GatewayStatus:
        """Fetches the charge's state; MISSING when the gateway knows no such reference."""
        ...

    async def refund(self, reference: str, amount: int, refund_key: str, reason: str) -> RefundResult:
        """Returns money to the payer. Repeating it with the same refund_key pays once.

        Raises: Refusal(CONFLICT, "gateway.refund_refused") for good: pay it out;
        Refusal(CONFLICT, "gateway.refund_mismatch") when another amount was paid under this refund_key, or
        under other keys so much that this is no longer left;
        Refusal(BUSY, "gateway.refund_later") when the channel is closed or the balance short for now.
        """
        ...

    async def expire(self, reference: str) -> GatewayStatus:
        """Closes a pending charge; says what stands then: EXPIRED, or SETTLED when the payer was faster."""
        ...

    def parse_notice(self, raw: bytes, headers: Mapping[str, str], path: str) -> Notice | Reply:
        """Reads a notice and checks its signature over the raw values, in constant time.

        `path`: the one in the request line. A Reply is the answer to a call that is no notice, such as one
        for a token.

        Raises: Refusal(INVALID, "payment.notice_unreadable"), Refusal(FORBIDDEN, "payment.notice_forged").
        """
        ...

    def acknowledge(self, raw: bytes, path: str) -> Reply | None:
        """Answers a notice that is stored; None: in our own form."""
        ...

    def refuse_notice(self, refusal: Refusal, path: str) -> Reply | None:
        """Answers a call that is refused; None: in our own form."""
        ...


class PayoutState(StrEnum):
    """What the payout provider says."""

    QUEUED = "queued"  # somebody may have to approve it at the provider
    PROCESSED = "processed"  # approved, on its way to the bank
    COMPLETED = "completed"  # received; may still turn FAILED when the bank sends it back
    FAILED = "failed"
    FELL_THROUGH = "fell_through"  # failed, and not for the account: our balance, a bank that is away
    MISSING = "missing"  # the provider knows no such payout


class PayoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Money to an account that the customer named. `reference` is ours and the key for repeating the call."""

    reference: str  # at most 100 characters
    amount: Rupiah
    bank: str  # the provider's short name: "bni", "mandiri", "gopay", ...
    account: str  # digits
    name: str  # of the account's holder
    note: str  # at most 100 characters A-Z a-z 0-9 and spaces

    def __repr__(self) -> str:
        return (
            f"PayoutRequest(reference={self.reference!r}, amount={self.amount})"  # no personal data in logs
        )


class PayoutResult(msgspec.Struct, frozen=True, kw_only=True):
    """A payout as the provider sees it now."""

    provider_reference: str  # ask for the status under this one
    state: PayoutState
    failure: str = ""  # the provider's code, for FAILED and FELL_THROUGH


class PayoutProvider(Protocol):
    """Pays money out to bank accounts and e-wallets."""

    name: str
    remembers: timedelta
    """How long a reference is known. A repeat after that is a new payout."""

    async def pay(self, request: PayoutRequest) -> PayoutResult:
        """Orders a payout, or finds the one ordered before under this reference.

        Raises: Refusal(CONFLICT, "payout.mismatch") when the reference was used with other content;
        Refusal(INVALID, "payout.refused") when the account or the amount is refused; UNAVAILABLE otherwise,
        with the fact `sent`: whether the provider may have taken the request.
        """
        ...

    async def get_status(self, provider_reference: str) -> PayoutResult:
        """Fetches the state; MISSING when the provider knows no such payout."""
        ...
