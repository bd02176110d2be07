"""Read-only answers about orders, for pages and for other contexts."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from meterai.kernel.ids import form_digest, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, Database, Row
from meterai.kit.formats.pasted_text import digits_of, seen
from meterai.ledger import queries as ledger
from meterai.sales.events import Event
from meterai.sales.model import (
    IN_DOUBT,
    PAYOUT_UNAPPROVED,
    Flow,
    ItemState,
    OrderState,
    PaymentOutcome,
    PaymentState,
    RefundChannel,
    RefundState,
)
from meterai.sales.order import Item, Order
from meterai.sales.store import orders
from meterai.sales.store.payments import FIRST_POLL_AFTER
from meterai.sales.timeline import TimelineEntry, timeline_of


class OrderPage(Order, frozen=True, kw_only=True):
    """Everything an order's page shows."""

    refundable: Mapping[uuid.UUID, int]
    """Item -> pieces that can be given back now: paid, unused, not being stamped. Others are left out."""
    timeline: tuple[TimelineEntry, ...]
    """What happened, the oldest first."""


class ItemLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item, as far as its document's pages need it."""

    position: int
    document_id: uuid.UUID | None
    document_kind: str | None
    quantity: int
    state: ItemState


class OrderItems(msgspec.Struct, frozen=True, kw_only=True):
    """What an order holds, without money: a third of the cost of the whole order."""

    state: OrderState
    customer_id: uuid.UUID | None
    items: tuple[ItemLine, ...]


class OrderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list."""

    order_id: uuid.UUID
    number: str
    flow: Flow
    state: OrderState
    event_slug: str | None
    quantity: int
    total: int
    created_at: datetime
    paid_at: datetime | None
    item_states: frozenset[ItemState]
    is_reversed: bool
    """The bank took back the payment that paid for it."""


class QuotaLot(msgspec.Struct, frozen=True, kw_only=True):
    """Quota that a customer bought: what one order's item brought, in stamps."""

    lot_account_id: uuid.UUID
    order_id: uuid.UUID
    number: str
    item_id: uuid.UUID
    bought: int
    available: int
    reserved: int
    """Held for documents that are being stamped."""
    used: int
    refunded: int
    unit_face_value: int
    unit_fee: int


class MoneyPayment(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to pay, as anyone who knows the order's number may see it."""

    reference: str
    channel: str
    state: PaymentState
    amount: int
    paid_amount: int | None
    outcome: PaymentOutcome | None
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    was_opened: bool
    """The payer was given something to pay with."""


class MoneyRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way back, without the account."""

    amount: int
    reason: str
    state: RefundState
    failure_code: str | None
    created_at: datetime
    paid_at: datetime | None
    is_set_off: bool
    """Paid by what the bank took back, not by us."""


class MoneyPlace(StrEnum):
    """Where the money is, in one word; the page has a sentence and a next step for each."""

    NOT_ARRIVED = "not_arrived"  # we have seen no money; it can still be paid
    NOT_ARRIVED_ENDED = "not_arrived_ended"  # we have seen no money, and the order has ended
    HELD = "held"  # it paid for the order
    PARTLY_BACK = "partly_back"
    GOING_BACK = "going_back"
    UNAPPROVED = "unapproved"  # it goes back as soon as we approve what was ordered at the payout provider
    IN_DOUBT = "in_doubt"  # it waits until an officer has seen whether it went back in another way
    NEEDS_ACCOUNT = "needs_account"  # it goes back as soon as the customer names an account
    BACK = "back"
    TAKEN_BACK = "taken_back"  # the bank or the gateway took it back


class MoneyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the money of an order is. Holds no personal data."""

    number: str
    place: MoneyPlace
    state: OrderState
    flow: Flow
    total: int
    created_at: datetime
    expires_at: datetime | None
    items: Mapping[ItemState, int]
    is_reversed: bool
    """The bank took back the payment that paid for the order."""
    has_unused: bool
    """Some of its stamps can still be used, or given back."""
    payments: tuple[MoneyPayment, ...]
    refunds: tuple[MoneyRefund, ...]


async def find_order_by_token(db: Database, token: str) -> uuid.UUID | None:
    """The order of a permanent link; None for a link that was tampered with."""
    async with db.connection() as connection:
        found: uuid.UUID | None = await connection.fetchval(
            "SELECT id FROM sales.orders WHERE token_digest = $1", token_digest(token)
        )
    return found


async def find_order_by_form(db: Database, submit_id: str) -> uuid.UUID | None:
    """The order that a form opened. To know the form's name is no right to see the order."""
    async with db.connection() as connection:
        found: uuid.UUID | None = await connection.fetchval(
            "SELECT id FROM sales.orders WHERE submit_id = $1", form_digest(submit_id)
        )
    return found


async def find_order_by_number(db: Database, number: str) -> uuid.UUID | None:
    """The order of a number, in any spelling. To know the number is no right to see the order."""
    canonical = read_order_number(number)
    if canonical is None:
        return None
    async with db.connection() as connection:
        found: uuid.UUID | None = await connection.fetchval(
            "SELECT id FROM sales.orders WHERE number = $1", canonical
        )
    return found


async def order_access(
    db: Database, order_id: uuid.UUID, token: str | None, *, customer_id: uuid.UUID | None = None
) -> bool:
    """Whether somebody may see this order: by its link's token, or signed in as its customer.

    An unknown order answers like somebody else's (I16).
    """
    async with db.connection() as connection:
        found = await connection.fetchval(
            "SELECT true FROM sales.orders WHERE id = $1 AND (token_digest = $2 OR customer_id = $3)",
            order_id,
            token_digest(token) if token else None,
            customer_id,
        )
    return found is True


async def orders_of_documents(db: Database, document_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Document -> number of the order that holds it and may still have it stamped.

    Not of orders that ended without money, nor of items that were refused: these documents are free.
    """
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT i.document_id, o.number FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
               WHERE i.document_id = ANY ($1) AND i.state <> 'refused'
                 AND o.state NOT IN ('expired', 'cancelled')""",
            list(document_ids),
        )
    return {row["document_id"]: row["number"] for row in rows}


async def order_of_item(db: Database, item_id: uuid.UUID) -> str | None:
    """Number of the order that an item belongs to, whatever became of either; None for what is no item."""
    async with db.connection() as connection:
        number: str | None = await connection.fetchval(
            "SELECT o.number FROM sales.item i JOIN sales.orders o ON o.id = i.order_id WHERE i.id = $1",
            item_id,
        )
    return number


async def documents_promised(db: Database, document_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these documents are to be stamped once their order is paid, or because it is.

    Also of expired orders whose payments are still asked for: late money may yet pay for them.
    """
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT i.document_id FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
               WHERE i.document_id = ANY ($1) AND i.state <> 'refused' AND (
                   o.state IN ('draft', 'awaiting_payment') OR i.state = 'stamping'
                   OR o.state = 'expired' AND EXISTS (
                       SELECT FROM sales.payment p WHERE p.order_id = o.id AND p.poll_at IS NOT NULL))""",
            list(document_ids),
        )
    return {row["document_id"] for row in rows}


async def order_page(db: Database, order_id: uuid.UUID) -> OrderPage:
    """Everything the page of an order shows. Raises: Refusal NOT_FOUND `order.not_found`."""
    async with db.connection() as connection:
        order = await orders.read_order(connection, order_id)
        refundable = await _refundable(connection, order)
    return _page(order, refundable)


def page_of_unpaid(order: Order) -> OrderPage:
    """The same of an order that is at hand and that no money came for: none of it can be given back."""
    assert order.credited_payment is None
    return _page(order, {})


def _page(order: Order, refundable: Mapping[uuid.UUID, int]) -> OrderPage:
    return OrderPage(
        **{name: getattr(order, name) for name in Order.__struct_fields__},
        refundable=refundable,
        timeline=timeline_of(order),
    )


async def order_items(db: Database, order_id: uuid.UUID) -> OrderItems:
    """What an order holds, in the order of its positions. Raises: Refusal NOT_FOUND `order.not_found`."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT o.state, o.customer_id, i.position, i.document_id, i.document_kind, i.quantity,
                   i.state AS item_state
               FROM sales.orders o LEFT JOIN sales.item i ON i.order_id = o.id
               WHERE o.id = $1 ORDER BY i.position""",
            order_id,
        )
    if not rows:
        raise Refusal(Kind.NOT_FOUND, "order.not_found")
    return OrderItems(
        state=OrderState(rows[0]["state"]),
        customer_id=rows[0]["customer_id"],
        items=tuple(
            ItemLine(
                position=row["position"],
                document_id=row["document_id"],
                document_kind=row["document_kind"],
                quantity=row["quantity"],
                state=ItemState(row["item_state"]),
            )
            for row in rows
            if row["position"] is not None
        ),
    )


async def _refundable(connection: Connection, order: Order) -> dict[uuid.UUID, int]:
    payment = order.credited_payment
    if payment is None or payment.state is not PaymentState.SETTLED:
        return {}
    return await unused_of_items(connection, order)


async def unused_of_items(connection: Connection, order: Order) -> dict[uuid.UUID, int]:
    """Pieces that the lots of an order's items still hold, by item; only where they may be given back."""
    lots = {
        item.lot_account_id: item.id for item in order.items if may_be_refunded(item) and item.lot_account_id
    }
    if not lots or order.customer_id is None:
        return {}
    unused = await ledger.unused_in(connection, list(lots), customer_id=order.customer_id)
    return {lots[lot]: pieces for lot, pieces in unused.items()}


def may_be_refunded(item: Item) -> bool:
    """Whether an item's state allows giving pieces back that its lot still holds.

    Of a stamped document that is a stamp bought and taken off again before the stamping.
    """
    return item.state in (ItemState.DONE, ItemState.REFUSED)


async def orders_of_customer(
    db: Database, customer_id: uuid.UUID, *, limit: int = 50, behind: uuid.UUID | None = None
) -> tuple[OrderSummary, ...]:
    """A customer's orders, the newest first, or those older than `behind`; drafts with nothing in them are
    left out."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT id AS order_id, number, flow, state, event_slug, quantity, total, created_at, paid_at,
                   ARRAY(SELECT DISTINCT i.state FROM sales.item i WHERE i.order_id = orders.id)
                       AS item_states,
                   EXISTS (SELECT FROM sales.payment p WHERE p.order_id = orders.id
                       AND p.outcome = 'credited' AND p.state = 'reversed') AS is_reversed
               FROM sales.orders WHERE customer_id = $1 AND (state <> 'draft' OR quantity > 0)
                   AND ($3::uuid IS NULL OR (created_at, id) <
                       (SELECT b.created_at, b.id FROM sales.orders b WHERE b.id = $3 AND b.customer_id = $1))
               ORDER BY created_at DESC, id DESC LIMIT $2""",
            customer_id,
            limit,
            behind,
        )
    return tuple(_convert(row, OrderSummary) for row in rows)


async def quota_of_customer(db: Database, customer_id: uuid.UUID) -> tuple[QuotaLot, ...]:
    """The quota a customer bought, the oldest lot first, used-up ones included.

    Stamps bought for a document of an order are not quota to use: they belong to that document.
    """
    async with db.connection() as connection:
        lots = {lot.account_id: lot for lot in await ledger.lots_of_customer(connection, customer_id)}
        rows = await connection.fetch(
            """SELECT i.lot_account_id, i.order_id, o.number, i.id AS item_id,
                   i.refunded_quantity AS refunded,
                   i.unit_face_value, i.unit_fee
               FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
               WHERE i.lot_account_id = ANY ($1::uuid[]) AND i.kind = 'quota' AND o.customer_id = $2
                   AND i.state IN ('done', 'refunding', 'refunded')
               ORDER BY i.done_at, i.id""",
            list(lots),
            customer_id,
        )
    return tuple(_quota_lot(row, lots[row["lot_account_id"]]) for row in rows)


def _quota_lot(row: Row, lot: ledger.Lot) -> QuotaLot:
    return QuotaLot(
        **dict(row),
        bought=lot.bought,
        available=lot.available,
        reserved=lot.reserved,
        used=lot.gone - row["refunded"],
    )


async def where_is_my_money(db: Database, text: str) -> MoneyAnswer | None:
    """Finds an order by its number, a payment reference, the gateway's transaction id or a virtual account's
    number, in any spelling. A bank gives out such a number more than once: the newest order is found."""
    async with db.connection() as connection:
        order_id = await _find_by_anything(connection, text)
        order = None if order_id is None else await orders.read_order(connection, order_id)
        unused = {} if order is None else await _refundable(connection, order)
    if order is None or order.state is OrderState.DRAFT:
        return None
    counts: dict[ItemState, int] = {}
    for item in order.items:
        counts[item.state] = counts.get(item.state, 0) + item.quantity
    credited = order.credited_payment
    return MoneyAnswer(
        number=order.number,
        place=money_place(order),
        state=order.state,
        flow=order.flow,
        total=order.total,
        created_at=order.created_at,
        expires_at=order.expires_at,
        items=counts,
        is_reversed=credited is not None and credited.state is PaymentState.REVERSED,
        has_unused=bool(unused),
        payments=tuple(msgspec.convert(p, MoneyPayment, from_attributes=True) for p in order.payments),
        refunds=tuple(msgspec.convert(r, MoneyRefund, from_attributes=True) for r in order.refunds),
    )


async def _find_by_anything(connection: Connection, text: str) -> uuid.UUID | None:
    number = read_order_number(text)
    va_number = digits_of(text[:100])
    transaction_id = seen(text).replace("\0", "").strip().lower()[:100]  # the database knows no NUL
    found: uuid.UUID | None = await connection.fetchval(
        """SELECT id FROM sales.orders WHERE number = $1
           UNION ALL SELECT order_id FROM sales.payment WHERE transaction_id = $2
           UNION ALL (SELECT order_id FROM sales.payment WHERE va_number = $3 ORDER BY created_at DESC)
           LIMIT 1""",
        number,
        transaction_id,
        va_number if va_number.isdecimal() else None,
    )
    return found


def read_order_number(text: str) -> str | None:
    """The order number in what a person typed; also from a payment reference, which starts with it."""
    letters = re.sub(r"[^0-9A-Z]", "", text.upper()[:100])
    if not 12 <= len(letters) <= 15 or (len(letters) > 12 and not letters[12:].isdigit()):
        return None
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:12]}"


def money_place(order: Order) -> MoneyPlace:
    """Where the money of an order is; a payment that was taken back is no part of it while another that we
    hold goes back."""
    paid = {payment.id: payment for payment in order.payments if payment.state is PaymentState.SETTLED}
    credited = order.credited_payment
    reversed_ = [payment for payment in order.payments if payment.state is PaymentState.REVERSED]
    owed = [r for r in order.refunds if r.payment_id in paid and r.state is not RefundState.PAID]
    if any(refund.state is RefundState.NEEDS_ACCOUNT for refund in owed):
        return MoneyPlace.NEEDS_ACCOUNT
    if any(refund.failure_code == PAYOUT_UNAPPROVED for refund in owed):
        return MoneyPlace.UNAPPROVED
    if any(refund.failure_code in IN_DOUBT for refund in owed):
        return MoneyPlace.IN_DOUBT
    if owed:
        return MoneyPlace.GOING_BACK
    if credited in reversed_ or (reversed_ and not paid):
        return MoneyPlace.TAKEN_BACK
    if not paid:
        ended = order.state in (OrderState.EXPIRED, OrderState.CANCELLED)
        return MoneyPlace.NOT_ARRIVED_ENDED if ended else MoneyPlace.NOT_ARRIVED
    returned = sum(refund.amount for refund in order.refunds if refund.payment_id in paid)
    if returned == 0:
        return MoneyPlace.HELD
    received = sum(payment.paid_amount or 0 for payment in paid.values())
    return MoneyPlace.BACK if returned >= received else MoneyPlace.PARTLY_BACK


class RefundInDoubt(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that waits for an officer: see `model.IN_DOUBT`."""

    id: uuid.UUID
    number: str
    """Of its order."""
    payment: str
    """Our reference of the payment at the gateway."""
    amount: int
    channel: RefundChannel
    round: int
    reference: str | None
    """The provider's of the payout, if it took it."""
    code: str
    created_at: datetime


async def refunds_in_doubt(db: Database) -> tuple[RefundInDoubt, ...]:
    """All of them, the oldest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT r.id, o.number, p.reference AS payment, r.amount, r.channel, r.round,
                   r.reference, r.failure_code AS code, r.created_at
               FROM sales.refund r JOIN sales.orders o ON o.id = r.order_id
               JOIN sales.payment p ON p.id = r.payment_id
               WHERE r.next_attempt_at IS NOT NULL AND r.state IN ('payable', 'sent')
                   AND r.failure_code = ANY ($1)
               ORDER BY r.created_at, r.id""",
            list(IN_DOUBT),
        )
    return tuple(_convert(row, RefundInDoubt) for row in rows)


class RefundsUnderWay(msgspec.Struct, frozen=True, kw_only=True):
    """Refunds that we still have something to do for: all but those for which a customer names an account."""

    count: int
    in_doubt: int
    """Of `count`, those that wait for an officer."""
    unsent_since: datetime | None
    """When the oldest was booked that is neither sent nor in doubt; None: there is none."""


async def refunds_under_way(conn: Connection) -> RefundsUnderWay:
    """All of them together."""
    [row] = await conn.fetch(
        """SELECT count(*) AS count, count(*) FILTER (WHERE is_in_doubt) AS in_doubt,
               min(created_at) FILTER (WHERE state = 'payable' AND NOT is_in_doubt) AS unsent_since
           FROM (SELECT state, created_at, coalesce(failure_code = ANY ($1), false) AS is_in_doubt
               FROM sales.refund WHERE next_attempt_at IS NOT NULL AND state <> 'paid') under_way""",
        list(IN_DOUBT),
    )
    return _convert(row, RefundsUnderWay)


OPENED_WITHIN = timedelta(seconds=30)
"""A charge that is not opened by then is one of a gateway that does not answer: it was asked twice."""
POLLED_WITHIN = timedelta(minutes=2)
"""A payment that is due for longer is asked for by nobody."""
REFUSED_IN_A_ROW, REFUSED_LATELY = 3, timedelta(minutes=10)
"""Charges that the gateway refused, with none between them that it opened."""
CHARGES_MAX, CHARGES_MIN, CHARGES_LATELY = 20, 5, timedelta(minutes=10)
"""So many of the latest charges say whether the gateway opens them; fewer, or older ones, say nothing."""
WAITS_AT_MOST = timedelta(minutes=10)
"""An order that is paid for longer has trouble of its own and says nothing of the load."""


async def oldest_paid_order(conn: Connection, *, now: datetime) -> datetime | None:
    """Since when the oldest order of the last minutes is paid and not completed; None: there is none."""
    paid_at: datetime | None = await conn.fetchval(
        """SELECT paid_at FROM sales.orders WHERE state = 'paid' AND paid_at > $1
           ORDER BY paid_at LIMIT 1""",
        now - WAITS_AT_MOST,
    )
    return paid_at


async def oldest_order_being_stamped(conn: Connection, *, but_for: Sequence[uuid.UUID]) -> datetime | None:
    """Since when the oldest order is paid of which a document is still to be stamped, other than those of
    `but_for`; None: there is none."""
    paid_at: datetime | None = await conn.fetchval(
        """SELECT paid_at FROM sales.orders o WHERE state = 'paid'
               AND EXISTS (SELECT FROM sales.item i WHERE i.order_id = o.id AND i.state = 'stamping'
                   AND (i.document_id IS NULL OR i.document_id <> ALL ($1::uuid[])))
           ORDER BY paid_at LIMIT 1""",
        list(but_for),
    )
    return paid_at


async def can_be_paid(conn: Connection, *, now: datetime) -> bool:
    """Whether charges are opened at the gateway and asked for, by what became of the latest ones."""
    can: bool = await conn.fetchval(
        """WITH latest AS (SELECT state, created_at FROM sales.payment ORDER BY id DESC LIMIT $5)
           SELECT NOT EXISTS (SELECT FROM sales.payment WHERE state = 'creating'
                   AND created_at < $1::timestamptz - $2::interval AND expires_at > $1)
               AND ((SELECT min(poll_at) FROM sales.payment) < $1::timestamptz - $3::interval) IS NOT TRUE
               AND (SELECT count(*) FROM latest
                   WHERE state = 'failed' AND created_at > $1::timestamptz - $4::interval) < $5""",
        now,
        OPENED_WITHIN,
        POLLED_WITHIN,
        REFUSED_LATELY,
        REFUSED_IN_A_ROW,
    )
    return can


async def opens_charges(conn: Connection, *, now: datetime) -> bool:
    """Whether the gateway opened at least half of the latest charges for which it had the time of a call.

    Of each order the newest attempt counts: one whose charges are refused for a reason of its own is one.
    What was cancelled, or ended, before a charge was opened says nothing: none is opened any more.

    For those who decide how many people are let in, so it is another question than `can_be_paid`: a single
    charge that is never opened stops nobody else, and a gateway that is slow to tell what was paid lets
    people pay.
    """
    opens: bool = await conn.fetchval(
        """SELECT count(*) < $4 OR 2 * count(transaction_id) >= count(*)
           FROM (SELECT DISTINCT ON (order_id) transaction_id
               FROM (SELECT id, order_id, state, transaction_id, created_at FROM sales.payment
                   WHERE created_at < $1::timestamptz - $2::interval ORDER BY id DESC LIMIT $3) latest
               WHERE created_at > $1::timestamptz - $5::interval
                   AND (transaction_id IS NOT NULL OR state NOT IN ('expired', 'cancelled'))
               ORDER BY order_id, id DESC) of_order""",
        now,
        FIRST_POLL_AFTER,
        CHARGES_MAX,
        CHARGES_MIN,
        CHARGES_LATELY,
    )
    return opens


class OrderOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How far an order came."""

    paid_at: datetime | None
    completed_at: datetime | None
    """Everything of it is stamped."""
    unopened_since: datetime | None = None
    """When its first charge was asked for, if the gateway has opened none of them."""


async def order_outcomes(conn: Connection, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, OrderOutcome]:
    """How far these orders came; those that are gone are left out."""
    rows = await conn.fetch(
        """SELECT id, paid_at, CASE WHEN state = 'completed' THEN closed_at END AS completed_at,
               (SELECT min(p.created_at) FROM sales.payment p WHERE p.order_id = o.id
                HAVING count(p.transaction_id) = 0) AS unopened_since
           FROM sales.orders o WHERE id = ANY($1)""",
        list(ids),
    )
    return {row["id"]: _convert(row, OrderOutcome) for row in rows}


_EVENT = """SELECT slug, name, agency, opens_at, closes_at, zone, required_documents, output_bytes_max,
            pdf_version_min FROM sales.event"""


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """The face value of a stamp, in rupiah, from a business date on."""

    valid_from: date
    face_value: int


async def tariffs(db: Database) -> tuple[Tariff, ...]:
    """All tariffs, the earliest first."""
    async with db.connection() as connection:
        rows = await connection.fetch("SELECT valid_from, face_value FROM sales.tariff ORDER BY valid_from")
    return tuple(Tariff(**dict(row)) for row in rows)


async def events(db: Database) -> tuple[Event, ...]:
    """The events that are offered, the next to close first."""
    async with db.connection() as connection:
        rows = await connection.fetch(_EVENT + " WHERE active ORDER BY closes_at, slug")
    return tuple(_convert(row, Event) for row in rows)


async def former_events(db: Database) -> tuple[Event, ...]:
    """The events that are offered no more."""
    async with db.connection() as connection:
        rows = await connection.fetch(_EVENT + " WHERE NOT active ORDER BY slug")
    return tuple(_convert(row, Event) for row in rows)


async def event(db: Database, slug: str, *, also_former: bool = False) -> Event:
    """One event that is offered, or was with `also_former`. Raises: Refusal NOT_FOUND `event.unknown`."""
    async with db.connection() as connection:
        row = await connection.fetchrow(_EVENT + " WHERE slug = $1 AND (active OR $2)", slug, also_former)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "event.unknown")
    return _convert(row, Event)


def _convert[T](row: Row, form: type[T]) -> T:
    return msgspec.convert(dict(row), form, builtin_types=(uuid.UUID, datetime))
