"""Puts the order page together from sales and stamping: state, money and next step of each part."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from meterai.kit.formats.qr import qr_svg
from meterai.sales.events import Event
from meterai.sales.model import (
    ASKED_FOR,
    IN_DOUBT,
    PAYOUT_UNAPPROVED,
    REFUND_STOPPED,
    RefundChannel,
    is_large,
    refund_channel,
)
from meterai.sales.order import Item, Order, Payment, Refund
from meterai.sales.queries.money import MoneyPayment, MoneyRefund
from meterai.sales.queries.order_page import OrderPage
from meterai.sales.timeline import TimelineEntry
from meterai.texts.mechanism.explanations import MoneyKind
from meterai.texts.mechanism.translation import translate, translate_count
from meterai.texts.pages import QUOTA_PIECES, UNNAMED_DOCUMENT
from meterai.texts.told import Text, money_note
from meterai.web.orders.ways import WayGroup
from meterai.web.pages.messages import state_text
from meterai.web.requests.visits import Visit

CHIPS = {
    "waiting": "",
    "stamping": "busy",
    "done": "done",
    "refused": "stop",
    "refunding": "back",
    "refunded": "back",
}
_GIVEN_BACK = {
    "awaiting_payment": "order.mispaid",
    "expired": "order.ended_refunded",
    "cancelled": "order.ended_refunded",
}
"""The state of an unpaid order whose late money goes back."""
_STEPS = {
    "order.awaiting_payment": 4,
    "order.choose_again": 4,
    "order.mispaid": 4,
    "order.paid": 5,
    "order.paid_stopped": 5,
    "order.completed": 5,
    "order.completed_quota": 5,
    "order.completed_refused": 5,
}
"""The step of the purchase in each state of an order (`steps.html`)."""
_LINK_SCANNED_MAX = 300
"""Characters of a link that a phone's camera still reads well from a screen."""
_HELD = ("refund.unapproved", "refund.in_doubt", "refund.waiting", "refund.being_checked")
"""States of refunds that wait, for us or until they can't be stopped: their money is not on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """An item as people see it. `refundable`, `given_back` and `used` are numbers of pieces.

    - `refundable`: their money can be asked back.
    - `given_back`: their money was given back.
    - `used`: pieces of quota that are used, or being used now.
    """

    id: UUID
    position: int
    kind: str
    state: str
    name: str
    chip: str
    text: Text
    refusal: str
    serials: Sequence[str]
    download: str
    crops: str
    """The address of the pictures of its stamps, but for their number; empty if it has none."""
    check: str
    """The page that judges the stamped file; empty before there is one."""
    bytes: int
    """The size of the stamped file; 0: unknown."""
    refundable: int
    given_back: int
    used: int
    unit_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """The order page.

    - `moving`: something may happen by itself, so the page follows.
    - `rarely`: that is unlikely, so the page looks rarely.
    - `left_s`: seconds in which people can still pay; None when there is nothing to pay.
    - `waits`: stamping is stopped; for orders that are not paid.
    """

    number: str
    flow: str
    state: str
    state_name: str
    event_slug: str
    contact: str
    quantity: int
    face_value: int
    fee: int
    vat: int
    total: int
    paid_at: datetime | None
    items: Sequence[ItemView]
    payment: Payment | None
    left_s: int | None
    refunds: Sequence[Refund]
    refund_names: Mapping[UUID, str]
    """The name of each refund's state."""
    money_kind: MoneyKind
    money_text: str
    va_grouped: str
    resume: str
    needs_account: bool
    moving: bool
    rarely: bool
    event: Event | None
    is_over: bool
    """The event is over."""
    waits: bool
    mark: str
    timeline: Sequence[TimelineEntry]
    ways: Sequence[WayGroup]
    """How the order can be paid."""

    @property
    def closed(self) -> Event | None:
        """The event, if it is over; for orders that are not paid."""
        return self.event if self.is_over and self.state == "awaiting_payment" else None

    @property
    def stamped(self) -> list[ItemView]:
        """The items whose stamped file can be downloaded."""
        return [item for item in self.items if item.download]

    @property
    def step(self) -> int:
        """The step of the purchase at which this page is; 0: none, because the order ended otherwise."""
        return _STEPS.get(self.state_name, 0)

    @property
    def step_done(self) -> bool:
        """Tells whether that was the last step, and it is over."""
        return self.state_name in ("order.completed", "order.completed_quota")

    @property
    def is_large(self) -> bool:
        """Tells whether the order may be paid by virtual account only."""
        return is_large(self.quantity)

    @property
    def asks_account(self) -> bool:
        """Tells whether money waits for its owner to name an account, which is their next step."""
        return any(refund.state == "needs_account" for refund in self.refunds)

    @property
    def has_fields(self) -> bool:
        """Tells whether the page has fields. Such a page never reloads itself while people fill them in."""
        takes_account = any(refund.takes_account for refund in self.refunds)
        return takes_account or any(item.state == "refused" or item.refundable for item in self.items)

    @property
    def payment_name(self) -> str:
        """The name of the payment's state, for people who have not paid yet."""
        payment = self.payment
        assert payment is not None
        return "payment.mispaid" if payment.state == "settled" else payment_name(payment)

    @property
    def qr(self) -> str:
        """The open payment's code as SVG, of a wallet without one its link. Drawn only when it is shown."""
        payment = self.payment
        if payment is None or payment.state != "pending":
            return ""
        text = payment.qr_text or payment.pay_url or ""
        is_scanned = bool(payment.qr_text) or (text.startswith("https://") and len(text) <= _LINK_SCANNED_MAX)
        return qr_svg(text, level="L") if is_scanned else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampingFacts:
    """What stamping knows of the items: file names and serial numbers, by document."""

    names: Mapping[UUID, str]
    serials: Mapping[UUID, Sequence[str]]
    sizes: Mapping[UUID, int] = field(default_factory=dict)
    """The size of each stamped file, by document."""
    signing_stopped: bool = False
    """The stop switch is thrown: documents in work wait."""
    event: Event | None = None
    """The event of the order."""


def order_view(
    order: OrderPage, known: StampingFacts, visit: Visit, *, ways: Sequence[WayGroup] = (), now: datetime
) -> OrderView:
    """Puts the page together. Pure."""
    payment = _payment(order)
    items = [_item(order, item, order.refundable.get(item.id, 0), known, visit) for item in order.items]
    settled = order.credited_payment
    is_reversed = settled is not None and settled.state == "reversed"
    name = state_name(
        order.state,
        order.flow,
        [item.state for item in items],
        is_reversed=is_reversed,
        has_unused=bool(order.refundable),
    )
    if not all(refund.is_set_off for refund in order.refunds):
        # money came too late, or another amount than the order's, and the bank left it to us to give it back
        name = _GIVEN_BACK.get(order.state, name)
    elif order.state == "awaiting_payment" and payment and payment.state not in ("creating", "pending"):
        name = "order.choose_again"
    elif order.state == "cancelled" and order.contact is None and not order.payments:
        name = "order.draft_ended"
    if name == "order.paid" and known.signing_stopped:
        name = "order.paid_stopped"
    kind = _money_kind(order, name)
    is_unpaid = order.state == "awaiting_payment"
    is_over = known.event is not None and known.event.is_over(now)
    waits = is_unpaid and order.flow == "stamp" and known.signing_stopped
    return OrderView(
        number=order.number,
        flow=order.flow,
        state=order.state,
        state_name=name,
        event_slug=order.event_slug or "",
        contact=order.contact.masked if order.contact else "",
        quantity=order.quantity,
        face_value=order.face_value,
        fee=order.fee,
        vat=order.vat,
        total=order.total,
        paid_at=order.paid_at,
        items=items,
        payment=payment,
        left_s=_left(payment, now) if payment and payment.state == "pending" else None,
        refunds=order.refunds,
        refund_names={refund.id: refund_name(refund) for refund in order.refunds},
        money_kind=kind,
        money_text=money_note(kind, visit.language),
        va_grouped=_grouped(payment.va_number or "") if payment else "",
        resume=visit.link(_resume(order)),
        needs_account=settled is not None and refund_channel(settled.channel) is RefundChannel.PAYOUT,
        moving=_moving(order, now),
        rarely=order.state == "expired" or _waits_only(order),
        event=known.event,
        is_over=is_over,
        waits=waits,
        mark=_mark(order, items, is_closed=is_unpaid and is_over, waits=waits),
        timeline=order.timeline,
        ways=ways,
    )


def _payment(order: Order) -> Payment | None:
    """The payment that matters now: the open one, else the paid one, else the last."""
    return order.open_payment or order.credited_payment or (order.payments[-1] if order.payments else None)


def _left(payment: Payment, now: datetime) -> int:
    return max(0, int((payment.expires_at - now).total_seconds()))


def state_name(state: str, flow: str, items: Collection[str], *, is_reversed: bool, has_unused: bool) -> str:
    """The name of an order's state on every page, by the states of its items and what is left of them."""
    if is_reversed:
        return "order.reversed"
    if state != "completed":
        return f"order.{state}"
    if "refused" in items:
        return "order.completed_refused"
    if all(item in ("refunding", "refunded") for item in items):
        return "order.completed_refunded"
    if flow == "quota":
        return "order.completed_quota" if has_unused else "order.completed_used"
    return "order.completed"


def _money_kind(order: Order, state_name: str) -> MoneyKind:
    if state_name == "order.completed_refunded":
        return _refunded(order.refunds)
    if state_name == "order.reversed":
        held = {payment.id for payment in order.payments if payment.state == "settled"}
        owed = [refund for refund in order.refunds if refund.payment_id in held and refund.state != "paid"]
        return _refunded(owed) if owed else "gone"
    if order.state in ("paid", "completed"):
        return "held"
    return _refunded(order.refunds) if order.refunds else "still"


def _refunded(refunds: Sequence[Refund]) -> MoneyKind:
    """The state of an order whose money goes back. It moves once the account is known and we have
    approved.
    """
    if any(r.state == "needs_account" or refund_name(r) in _HELD for r in refunds):
        return "held"
    if all(refund.is_set_off for refund in refunds):
        return "gone"
    return "returned" if all(refund.state == "paid" for refund in refunds) else "back"


def payment_name(payment: Payment | MoneyPayment) -> str:
    """The name of a payment's state. A failed one may have been opened."""
    is_denied = payment.state == "failed" and payment.was_opened
    return "payment.denied" if is_denied else f"payment.{payment.state}"


def refund_name(refund: Refund | MoneyRefund) -> str:
    """The name of a refund's state. It says why somebody must act."""
    if refund.is_set_off:
        return "refund.set_off"
    why = refund.failure_code or ""
    if refund.state == "needs_account" and why:
        if why == REFUND_STOPPED:
            return why
        return "refund.account_refused" if why.startswith("payout.") else "refund.not_as_paid"
    if refund.state in ("payable", "sent") and why in IN_DOUBT:
        return "refund.unapproved" if why == PAYOUT_UNAPPROVED else "refund.in_doubt"
    if refund.is_being_checked:
        return "refund.being_checked"
    return "refund.waiting" if refund.is_stoppable else f"refund.{refund.state}"


def _item(order: Order, item: Item, refundable: int, known: StampingFacts, visit: Visit) -> ItemView:
    ready = item.state == "done" and item.kind == "stamp"
    name = _item_state_name(order, item, refundable, known)
    is_quota = item.state == "done" and item.kind == "quota"
    document = item.document_id
    return ItemView(
        id=item.id,
        position=item.position,
        kind=item.kind,
        state=item.state,
        name=_name(item, known, visit.language),
        chip=CHIPS[item.state],
        text=state_text(name, visit.language),
        refusal=(item.refusal_code or "pdf.broken") if item.state == "refused" else "",
        serials=known.serials.get(document, ()) if document and ready else (),
        download=visit.link(f"/pesanan/{order.number}/unduh/{item.position}") if ready else "",
        crops=f"/pesanan/{order.number}/meterai/{item.document_id}" if ready else "",
        check=visit.link(f"/pesanan/{order.number}/cek/{item.position}") if ready else "",
        bytes=known.sizes.get(document, 0) if document and ready else 0,
        refundable=refundable,
        given_back=item.refunded_quantity,
        used=item.quantity - item.refunded_quantity - refundable if is_quota else 0,
        unit_price=item.unit_face_value + item.unit_fee,
    )


def _item_state_name(order: Order, item: Item, refundable: int, known: StampingFacts) -> str:
    if item.state == "waiting" and order.state in ("expired", "cancelled"):
        return "item.given_up"
    if item.state == "done" and item.kind == "quota":
        return "item.done_quota" if refundable else "item.done_used"
    if item.state == "stamping" and known.signing_stopped:
        return "item.stamping_stopped"
    return f"item.{item.state}"


def _name(item: Item, known: StampingFacts, language: str) -> str:
    """The file name of an item, or the amount of quota. Uploads that were never stamped keep their name."""
    if item.document_id is None:
        return translate_count(QUOTA_PIECES, language, item.quantity)
    unnamed = translate(UNNAMED_DOCUMENT, language, {"position": item.position})
    return known.names.get(item.document_id, unnamed)


def _resume(order: Order) -> str:
    base = f"/pesanan/{order.number}"
    if order.state != "draft":
        return base
    if order.flow == "stamp" and not order.items:
        return f"{base}/dokumen"
    return f"{base}/letak/1" if order.flow == "stamp" else f"{base}/bayar"


def _moving(order: Order, now: datetime) -> bool:
    if any(refund.state in ("payable", "sent") for refund in order.refunds):
        return True
    if order.state == "expired":
        return any(_may_come(payment, now) for payment in order.payments)
    return order.state in ("awaiting_payment", "paid")


def _waits_only(order: Order) -> bool:
    """Tells whether nothing moves but refunds that wait until they can't be stopped."""
    under_way = [refund for refund in order.refunds if refund.state in ("payable", "sent")]
    is_quiet = order.state not in ("awaiting_payment", "paid")
    return is_quiet and bool(under_way) and all(refund.is_stoppable for refund in under_way)


def _may_come(payment: Payment, now: datetime) -> bool:
    """Tells whether an attempt may still bring late money: the gateway is asked for that long."""
    return payment.state not in ("settled", "reversed") and now < payment.expires_at + ASKED_FOR


def _mark(order: Order, items: Sequence[ItemView], *, is_closed: bool, waits: bool) -> str:
    """Makes a mark that changes exactly when the page would show something else."""
    parts = [str(order.state), "closed" * is_closed, "waits" * waits]
    parts += [f"{item.text.code}{item.refundable}" for item in items]
    parts += [f"{payment.reference}{payment.channel}{payment.state}" for payment in order.payments]
    parts += [f"{refund.id}{refund_name(refund)}{refund.pays_from}" for refund in order.refunds]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]


def _grouped(number: str) -> str:
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
