"""An order with everything that belongs to it, as it was read: items, payments, refunds."""

from __future__ import annotations

import uuid
from datetime import datetime

import msgspec

from meterai.customers.contacts import Contact, ContactKind
from meterai.customers.probe import ProbeReach
from meterai.sales.model import (
    OPEN_PAYMENTS,
    Flow,
    ItemState,
    OrderState,
    PaymentOutcome,
    PaymentState,
    RefundChannel,
    RefundReason,
    RefundState,
)
from meterai.sales.ports import Channel


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A document to stamp, or pieces of quota. Prices in rupiah a piece."""

    id: uuid.UUID
    position: int
    kind: Flow
    document_id: uuid.UUID | None
    document_kind: str | None
    quantity: int
    state: ItemState
    refusal_code: str | None
    lot_account_id: uuid.UUID | None
    unit_face_value: int
    unit_fee: int
    """VAT included."""
    unit_vat: int
    refunded_quantity: int
    """Pieces given back for money; the money may still be on its way."""
    done_at: datetime | None


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to pay."""

    id: uuid.UUID
    gateway: str
    channel: Channel
    reference: str
    """Our own id of the attempt at the gateway; the payer sees it."""
    amount: int
    state: PaymentState
    transaction_id: str | None
    qr_text: str | None
    va_number: str | None
    biller_code: str | None
    """The biller that the payer names together with `va_number`, where a bank asks for one."""
    pay_url: str | None
    """The link that opens the app of a wallet."""
    page_url: str | None
    """A page on which a person can pay; the sandbox has one, the real gateway none."""
    paid_amount: int | None
    outcome: PaymentOutcome | None
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    reversed_at: datetime | None

    @property
    def was_opened(self) -> bool:
        """Whether the payer was given something to pay with."""
        return bool(self.qr_text or self.va_number or self.pay_url)


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back."""

    id: uuid.UUID
    item_id: uuid.UUID | None
    """None: money that bought nothing."""
    payment_id: uuid.UUID
    quantity: int
    amount: int
    reason: RefundReason
    channel: RefundChannel
    state: RefundState
    bank: str | None
    account_tail: str | None
    """The last four digits of the account; the rest never leaves the table but for the payout."""
    round: int
    failure_code: str | None
    """Why the last account was refused: another one is needed."""
    created_at: datetime
    paid_at: datetime | None
    is_set_off: bool
    """Paid by what the bank took back, not by us."""
    pays_from: datetime | None = None
    """Until when a payout to an account that somebody named waits, and can be stopped."""
    is_being_checked: bool = False
    """It waits until two officers have released it."""
    is_stoppable: bool = False
    """Its payout was not ordered yet: it can be stopped, and another account named."""

    @property
    def takes_account(self) -> bool:
        """Whether a person may name an account now, with a fresh code."""
        return self.state is RefundState.NEEDS_ACCOUNT or self.is_stoppable


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order. All sums in rupiah."""

    id: uuid.UUID
    number: str
    customer_id: uuid.UUID | None
    event_slug: str | None
    flow: Flow
    state: OrderState
    language: str
    contact_kind: ContactKind | None
    contact_value: str | None
    quantity: int
    face_value: int
    fee: int
    """VAT included."""
    vat: int
    total: int
    created_at: datetime
    expires_at: datetime | None
    """Until when it can be paid."""
    placed_at: datetime | None
    paid_at: datetime | None
    closed_at: datetime | None
    """When it was completed, expired or cancelled."""
    probe: ProbeReach | None = None
    """How far it goes as an order of the probe; None: it is a person's."""
    items: tuple[Item, ...]
    payments: tuple[Payment, ...]
    refunds: tuple[Refund, ...]

    def __repr__(self) -> str:
        return f"Order(number={self.number!r}, state={self.state!r})"  # the contact stays out of logs

    @property
    def contact(self) -> Contact | None:
        """Where news of the order go."""
        if self.contact_kind is None or self.contact_value is None:
            return None
        return Contact(kind=self.contact_kind, value=self.contact_value)

    @property
    def open_payment(self) -> Payment | None:
        """The attempt that can be paid, or is just being made; at most one (I14)."""
        return next((payment for payment in self.payments if payment.state in OPEN_PAYMENTS), None)

    @property
    def credited_payment(self) -> Payment | None:
        """The attempt that paid for the order, also when its money was taken back later."""
        return next(
            (payment for payment in self.payments if payment.outcome is PaymentOutcome.CREDITED), None
        )

    def item(self, item_id: uuid.UUID) -> Item | None:
        """The item of this id, if it is one of this order."""
        return next((item for item in self.items if item.id == item_id), None)

    def payment(self, reference: str) -> Payment | None:
        """The attempt of this reference, if it is one of this order."""
        return next((payment for payment in self.payments if payment.reference == reference), None)

    def refund(self, refund_id: uuid.UUID) -> Refund | None:
        """The refund of this id, if it is one of this order."""
        return next((refund for refund in self.refunds if refund.id == refund_id), None)
