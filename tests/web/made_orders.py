"""Orders in every state, made by hand. A real service reaches some only after days or accidents."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from meterai.sales.model import (
    Flow,
    ItemState,
    OrderState,
    PaymentOutcome,
    PaymentState,
    RefundChannel,
    RefundReason,
    RefundState,
)
from meterai.sales.order import Item, Payment, Refund
from meterai.sales.ports import Channel
from meterai.sales.queries.order_page import OrderPage
from meterai.sales.timeline import TimelineEntry, TimelineKind
from meterai.web.orders.order_view import StampingFacts

NOW = datetime(2026, 9, 5, 7, 5, tzinfo=UTC)
DOCUMENT = uuid.UUID(int=7)
KNOWN = StampingFacts(names={DOCUMENT: "Surat lamaran.pdf"}, serials={DOCUMENT: ["2C5NV74I6D0HJ1EZ000DU9"]})
QR = "00020101021226610014COM.GO-JEK.WWW01189360091434506469550210G45064695520456975303360" * 2

LINKS = {
    "gopay": "gojek://gopay/merchanttransfer?tref=1509110800474199656LMVO",
    "shopeepay": "https://wallet.contoh.id/universal-link/wallet/pay?deep_and_deferred=1&token=QmFZc3hYbGpL",
}
"""Into the apps of wallets."""


def item(kind: str, state: str, *, quantity: int = 1, refusal: str | None = None) -> Item:
    return Item(
        id=uuid.uuid4(),
        position=1,
        kind=Flow(kind),
        document_id=DOCUMENT if kind == "stamp" else None,
        document_kind=None,
        quantity=quantity,
        state=ItemState(state),
        refusal_code=refusal,
        lot_account_id=None,
        unit_face_value=10_000,
        unit_fee=2_500,
        unit_vat=248,
        refunded_quantity=0,
        done_at=None,
    )


def payment(channel: str, state: str) -> Payment:
    is_va = Channel(channel).is_virtual_account
    return Payment(
        id=uuid.uuid4(),
        gateway="midtrans",
        channel=Channel(channel),
        reference="M7KQ-3XPD-92RT-1",
        amount=12_500,
        state=PaymentState(state),
        transaction_id=None,
        qr_text=QR if channel in ("qris", "gopay") else None,
        va_number="8578000012345678" if is_va else None,
        biller_code="70012" if channel == "va_mandiri" else None,
        pay_url=LINKS.get(channel),
        page_url=None,
        paid_amount=12_500 if state in ("settled", "reversed") else None,
        outcome=PaymentOutcome.CREDITED if state in ("settled", "reversed") else None,
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=30),
        settled_at=NOW if state in ("settled", "reversed") else None,
        reversed_at=NOW if state == "reversed" else None,
    )


def refund(state: str, reason: str = "customer", *, pieces: int = 1, is_set_off: bool = False) -> Refund:
    return Refund(
        id=uuid.uuid4(),
        item_id=uuid.uuid4() if is_set_off else None,
        payment_id=uuid.uuid4(),
        quantity=pieces,
        amount=12_500,
        reason=RefundReason(reason),
        channel=RefundChannel.GATEWAY,
        state=RefundState(state),
        bank=None,
        account_tail=None,
        round=1,
        failure_code=None,
        created_at=NOW,
        paid_at=NOW if state == "paid" else None,
        is_set_off=is_set_off,
    )


def order(
    state: str,
    items: Sequence[Item],
    payments: Sequence[Payment] = (),
    refunds: Sequence[Refund] = (),
    *,
    refundable: int = 0,
) -> OrderPage:
    quantity = sum(one.quantity for one in items)
    paid = state in ("paid", "completed")
    left: Mapping[uuid.UUID, int] = {items[0].id: refundable} if refundable else {}
    return OrderPage(
        id=uuid.uuid4(),
        number="M7KQ-3XPD-92RT",
        customer_id=uuid.uuid4(),
        event_slug=None,
        flow=items[0].kind,
        state=OrderState(state),
        language="id",
        contact_kind="email",
        contact_value="sri@contoh.id",
        quantity=quantity,
        face_value=10_000 * quantity,
        fee=2_500 * quantity,
        vat=248 * quantity,
        total=12_500 * quantity,
        created_at=NOW,
        expires_at=NOW,
        placed_at=NOW,
        paid_at=NOW if paid else None,
        closed_at=None,
        items=tuple(items),
        payments=tuple(payments),
        refunds=tuple(refunds),
        refundable=left,
        timeline=tuple(TimelineEntry(at=NOW, kind=one, amount=12_500) for one in TimelineKind),
    )


ORDERS: dict[str, OrderPage] = {
    "draft": order("draft", [item("stamp", "waiting")]),
    "creating": order("awaiting_payment", [item("stamp", "waiting")], [payment("qris", "creating")]),
    "failed": order("awaiting_payment", [item("stamp", "waiting")], [payment("qris", "failed")]),
    "qris": order("awaiting_payment", [item("stamp", "waiting")], [payment("qris", "pending")]),
    "va": order("awaiting_payment", [item("stamp", "waiting")], [payment("va_bni", "pending")]),
    "mandiri": order("awaiting_payment", [item("stamp", "waiting")], [payment("va_mandiri", "pending")]),
    "gopay": order("awaiting_payment", [item("stamp", "waiting")], [payment("gopay", "pending")]),
    "shopeepay": order("awaiting_payment", [item("stamp", "waiting")], [payment("shopeepay", "pending")]),
    "expired": order("expired", [item("stamp", "waiting")], [payment("qris", "expired")]),
    "cancelled": order("cancelled", [item("quota", "waiting")], [payment("qris", "cancelled")]),
    "mispaid": order(
        "awaiting_payment",
        [item("stamp", "waiting")],
        [payment("va_bni", "settled")],
        [refund("needs_account", "wrong_amount", pieces=0)],
    ),
    "stamping": order("paid", [item("stamp", "stamping")], [payment("qris", "settled")]),
    "done": order("completed", [item("stamp", "done")], [payment("qris", "settled")]),
    "refused": order(
        "completed",
        [item("stamp", "refused", refusal="pdf.too_heavy")],
        [payment("va_bni", "settled")],
        refundable=1,
    ),
    "quota": order(
        "completed", [item("quota", "done", quantity=5)], [payment("qris", "settled")], refundable=4
    ),
    "used-up": order("completed", [item("quota", "done", quantity=5)], [payment("qris", "settled")]),
    "refunding": order(
        "completed", [item("quota", "refunding")], [payment("qris", "settled")], [refund("payable")]
    ),
    "refunded": order(
        "completed", [item("quota", "refunded")], [payment("qris", "settled")], [refund("paid")]
    ),
    "needs-account": order(
        "completed",
        [item("quota", "done", quantity=3)],
        [payment("va_bni", "settled")],
        [refund("needs_account"), refund("sent"), refund("paid")],
        refundable=2,
    ),
    "late": order(
        "expired",
        [item("stamp", "waiting")],
        [payment("qris", "settled")],
        [refund("payable", "late", pieces=0)],
    ),
    "late-account": order(
        "expired",
        [item("stamp", "waiting")],
        [payment("va_bni", "settled")],
        [refund("needs_account", "late", pieces=0)],
    ),
    "reversed": order(
        "completed",
        [item("stamp", "done")],
        [payment("qris", "reversed")],
        [refund("paid", "reversed", is_set_off=True)],
    ),
}
