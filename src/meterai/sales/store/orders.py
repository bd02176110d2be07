"""Orders and their items."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import msgspec

from meterai.customers.contacts import Contact, ContactKind
from meterai.kernel.clock import business_date
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, call
from meterai.sales.model import Flow, ItemState, OrderState, Price
from meterai.sales.order import Order

_decode = msgspec.json.Decoder(Order).decode


class OpenedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands after opening it, perhaps by an earlier request."""

    id: uuid.UUID
    number: str
    flow: str
    event_slug: str | None
    state: str
    customer_id: uuid.UUID | None
    token_round: int
    """How often its links were ended."""
    token_digest: bytes
    """Of its link."""


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of an order that is being opened, and the item that holds it."""

    item_id: uuid.UUID
    document_id: uuid.UUID
    document_kind: str | None
    """Which of the event's required documents."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """To whom an order belongs, and a contact that was verified as theirs, to which its news go."""

    customer_id: uuid.UUID
    contact: Contact


class DueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose time to pay is over."""

    id: uuid.UUID
    expires_at: datetime
    reference: str | None
    """Of its open payment."""
    asked_before: bool
    """Whether the gateway was asked to close that payment before, though it may not have answered."""


async def lock_order(tx: Connection, order_id: uuid.UUID) -> Order:
    """Locks an order until the transaction ends, and reads it with all that belongs to it.

    Raises: Refusal NOT_FOUND `order.not_found`.
    """
    text = await tx.fetchval("SELECT sales.locked_order($1)", order_id)
    return _read(text)


async def lock_order_of_payment(tx: Connection, reference: str) -> Order:
    """Locks the order to which an attempt to pay belongs. Raises: Refusal NOT_FOUND `payment.unknown`."""
    text = await tx.fetchval(
        "SELECT sales.locked_order(order_id) FROM sales.payment WHERE reference = $1", reference
    )
    if text is None:
        raise Refusal(Kind.NOT_FOUND, "payment.unknown")
    return _read(text)


async def tariff_of(connection: Connection, day: date) -> int:
    """The tariff of a day, in rupiah a stamp."""
    face_value: int = await connection.fetchval(
        "SELECT face_value FROM sales.tariff WHERE valid_from <= $1 ORDER BY valid_from DESC LIMIT 1", day
    )
    return face_value


async def lock_order_of_item(tx: Connection, item_id: uuid.UUID) -> Order:
    """Locks the order to which an item belongs. Raises: Refusal NOT_FOUND `order.not_found`."""
    return _read(
        await tx.fetchval("SELECT sales.locked_order(order_id) FROM sales.item WHERE id = $1", item_id)
    )


async def lock_order_of_lot(tx: Connection, lot_account_id: uuid.UUID) -> Order | None:
    """Locks the order of which an item bought a quota lot; None: the lot was not bought by an order."""
    text = await tx.fetchval(
        "SELECT sales.locked_order(order_id) FROM sales.item WHERE lot_account_id = $1", lot_account_id
    )
    return None if text is None else _read(text)


async def read_order(connection: Connection, order_id: uuid.UUID) -> Order:
    """Reads an order without a lock. Raises: Refusal NOT_FOUND `order.not_found`."""
    return _read(await connection.fetchval("SELECT sales.order_json($1)", order_id))


def _read(text: str | None) -> Order:
    if text is None:
        raise Refusal(Kind.NOT_FOUND, "order.not_found")
    return _decode(text)


async def lock_order_and_tariff(tx: Connection, order_id: uuid.UUID, day: date) -> tuple[Order, int]:
    """Locks an order as `lock_order` does, and gives the tariff of a day with it, in rupiah a stamp."""
    row = await tx.fetchrow(
        """SELECT sales.locked_order($1) AS found, (
               SELECT face_value FROM sales.tariff WHERE valid_from <= $2 ORDER BY valid_from DESC LIMIT 1
           ) AS face_value""",
        order_id,
        day,
    )
    assert row is not None
    return _read(row["found"]), row["face_value"]


async def open_order(
    connection: Connection,
    order_id: uuid.UUID,
    *,
    number: str,
    form: str,
    token_digest: bytes,
    organisation_id: uuid.UUID,
    event_slug: str | None,
    flow: Flow,
    language: str,
    owner: Owner | None,
    documents: Sequence[NewDocument] = (),
    unit_fee: int = 0,
    unit_vat: int = 0,
    now: datetime,
) -> tuple[OpenedRow, bool]:
    """Writes a new order with its documents, one stamp each at the tariff of the day: (order, True).

    Or gives the one that was opened with this form before, as it is: (order, False). `form`: what is stored
    of its name.

    Without documents nobody waits for the disk here: what fills the order comes next, and does.

    Raises: asyncpg.ForeignKeyViolationError for an unknown event; asyncpg.UniqueViolationError when a
    document is an item of another order.
    """
    row = await connection.fetchrow(
        """WITH tariff AS (
               SELECT face_value FROM sales.tariff WHERE valid_from <= $13 ORDER BY valid_from DESC LIMIT 1
           ), opened AS (
               INSERT INTO sales.orders
                   (id, number, submit_id, token_digest, organisation_id, event_slug, flow, state, language,
                    created_at, customer_id, contact_kind, contact_value, quantity, face_value, fee, vat,
                    total)
               SELECT $1, $2, $3, $4, $5, $6, $7, 'draft', $8, $9, $10, $11, $12, n, n * face, n * $14,
                   n * $15, n * (face + $14)
               FROM cardinality($16::uuid[]) AS n,
                   coalesce((SELECT face_value FROM tariff), 0) AS face,
                   set_config('synchronous_commit', CASE cardinality($16::uuid[]) WHEN 0 THEN 'off'
                       ELSE current_setting('synchronous_commit') END, true)
               ON CONFLICT (submit_id) DO NOTHING RETURNING id, number, flow, event_slug, state,
                   customer_id, token_round, token_digest
           ), filled AS (
               INSERT INTO sales.item
                   (id, order_id, position, kind, document_id, document_kind, quantity, state,
                    unit_face_value, unit_fee, unit_vat)
               SELECT i.id, opened.id, i.position, opened.flow, i.document_id, i.document_kind, 1, 'waiting',
                   (SELECT face_value FROM tariff), $14, $15
               FROM opened, unnest($16::uuid[], $17::uuid[], $18::text[])
                   WITH ORDINALITY AS i (id, document_id, document_kind, position)
           )
           SELECT * FROM opened""",
        order_id,
        number,
        form,
        token_digest,
        organisation_id,
        event_slug,
        flow,
        language,
        now,
        owner and owner.customer_id,
        owner and owner.contact.kind,
        owner and owner.contact.value,
        business_date(now),
        unit_fee,
        unit_vat,
        [one.item_id for one in documents],
        [one.document_id for one in documents],
        [one.document_kind for one in documents],
    )
    is_new = row is not None
    row = row or await connection.fetchrow(
        """SELECT id, number, flow, event_slug, state, customer_id, token_round, token_digest
           FROM sales.orders WHERE submit_id = $1""",
        form,
    )
    assert row is not None
    return OpenedRow(**dict(row)), is_new


_TOTALS = """
    UPDATE sales.orders o SET quantity = s.quantity, face_value = s.face_value, fee = s.fee, vat = s.vat,
        total = s.face_value + s.fee
    FROM (SELECT coalesce(sum(i.quantity), 0) AS quantity,
                 coalesce(sum(i.quantity * i.unit_face_value), 0) AS face_value,
                 coalesce(sum(i.quantity * i.unit_fee), 0) AS fee,
                 coalesce(sum(i.quantity * i.unit_vat), 0) AS vat
          FROM sales.item i WHERE i.order_id = $1) s
    WHERE o.id = $1
"""


class PutRow(msgspec.Struct, frozen=True, kw_only=True):
    """What `sales.put_item` says; item, quantity and face value only for `put` and `kept`."""

    outcome: str
    item: uuid.UUID | None
    quantity: int | None
    face_value: int | None


async def put_item(
    connection: Connection,
    order_id: uuid.UUID,
    item_id: uuid.UUID,
    *,
    kind: Flow,
    document_id: uuid.UUID | None,
    document_kind: str | None,
    quantity: int,
    unit_fee: int,
    unit_vat: int,
    day: date,
    items_max: int,
) -> PutRow:
    """Writes an item of a draft at the tariff of `day`, or its new quantity and price, and the order's sums.

    Raises: asyncpg.UniqueViolationError when the document is an item of another order.
    """
    row = await connection.fetchrow(
        "SELECT * FROM sales.put_item($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        order_id,
        item_id,
        kind,
        document_id,
        document_kind,
        quantity,
        unit_fee,
        unit_vat,
        day,
        items_max,
    )
    assert row is not None
    return PutRow(**dict(row))


async def delete_item(tx: Connection, order_id: uuid.UUID, item_id: uuid.UUID) -> None:
    """Takes an item out of a draft and writes the order's new sums."""
    await tx.execute("DELETE FROM sales.item WHERE id = $2 AND order_id = $1", order_id, item_id)
    await tx.execute(_TOTALS, order_id)


async def reprice(tx: Connection, order_id: uuid.UUID, price: Price) -> None:
    """Gives every item of a draft the unit prices of `price`, and the order its new sums."""
    await tx.execute(
        "UPDATE sales.item SET unit_face_value = $2, unit_fee = $3, unit_vat = $4 WHERE order_id = $1",
        order_id,
        price.unit_face_value,
        price.unit_fee,
        price.unit_vat,
    )
    await tx.execute(_TOTALS, order_id)


async def extend(tx: Connection, order_id: uuid.UUID, expires_at: datetime) -> None:
    """Writes until when an order can be paid."""
    await tx.execute("UPDATE sales.orders SET expires_at = $2 WHERE id = $1", order_id, expires_at)


async def set_customer(
    tx: Connection,
    order_id: uuid.UUID,
    customer_id: uuid.UUID,
    contact: Contact,
    language: str | None,
    *,
    token_round: int,
    token_digest: bytes,
) -> list[uuid.UUID]:
    """Writes to whom a draft, which `lock_owned` locked, belongs, where its news go, and its link.

    Gives the documents in it.
    """
    documents: list[uuid.UUID] = await tx.fetchval(
        """UPDATE sales.orders o SET customer_id = $2, contact_kind = $3, contact_value = $4,
               language = coalesce($5, language), token_round = $6, token_digest = $7
           WHERE id = $1
           RETURNING ARRAY(SELECT document_id FROM sales.item i
                           WHERE i.order_id = o.id AND i.document_id IS NOT NULL)""",
        order_id,
        customer_id,
        contact.kind,
        contact.value,
        language,
        token_round,
        token_digest,
    )
    return documents


async def move_contact(tx: Connection, customer_id: uuid.UUID, before: Contact, after: Contact) -> None:
    """Has the news of a customer's orders, which `lock_links` locked, go to another contact where they went
    to this one."""
    await tx.execute(
        """UPDATE sales.orders SET contact_kind = $4, contact_value = $5
           WHERE customer_id = $1 AND contact_kind = $2 AND contact_value = $3""",
        customer_id,
        before.kind,
        before.value,
        after.kind,
        after.value,
    )


class OrderLink(msgspec.Struct, frozen=True, kw_only=True):
    """What the token of an order's link is made from."""

    id: uuid.UUID
    submit_id: str
    """What is stored of the name of the form that opened it. In rows from before it is the name itself, by
    which they are not found any more."""
    token_round: int


class OwnedLink(OrderLink, frozen=True, kw_only=True):
    """The same, and whose order it is."""

    state: str
    customer_id: uuid.UUID | None


async def lock_owned(tx: Connection, order_id: uuid.UUID) -> OwnedLink:
    """Locks an order, and gives what its link is made from. Raises: Refusal NOT_FOUND `order.not_found`."""
    row = await tx.fetchrow(
        """SELECT id, submit_id, token_round, state, customer_id FROM sales.orders WHERE id = $1
           FOR NO KEY UPDATE""",
        order_id,
    )
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "order.not_found")
    return OwnedLink(**dict(row))


async def lock_links(tx: Connection, customer_id: uuid.UUID) -> list[OrderLink]:
    """Locks all orders of a customer, in the order of their ids, as who ends them does: neither waits for the
    other."""
    rows = await tx.fetch(
        """SELECT id, submit_id, token_round FROM sales.orders WHERE customer_id = $1
           ORDER BY id FOR UPDATE""",
        customer_id,
    )
    return [OrderLink(**dict(row)) for row in rows]


async def end_links(tx: Connection, digests: Mapping[uuid.UUID, bytes]) -> None:
    """Gives orders the tokens of their next round."""
    await tx.execute(
        """UPDATE sales.orders o SET token_round = token_round + 1, token_digest = new.digest
           FROM unnest($1::uuid[], $2::bytea[]) AS new (id, digest) WHERE o.id = new.id""",
        list(digests.keys()),
        list(digests.values()),
    )


async def set_state(
    tx: Connection, order_id: uuid.UUID, state: OrderState, closed_at: datetime | None
) -> None:
    """Writes an order's state; `closed_at` is when it was completed, expired or cancelled."""
    await tx.execute(
        "UPDATE sales.orders SET state = $2, closed_at = $3 WHERE id = $1", order_id, state, closed_at
    )


async def set_item_state(tx: Connection, item_id: uuid.UUID, state: ItemState) -> None:
    """Writes an item's state, none of which is a refusal: whose code stands only as long."""
    await tx.execute("UPDATE sales.item SET state = $2, refusal_code = NULL WHERE id = $1", item_id, state)


_END_ITEMS = call("sales.end_items", 13)


async def end_items(
    connection: Connection,
    item_ids: Sequence[uuid.UUID],
    *,
    was: ItemState,
    becomes: ItemState,
    refusal_code: str | None = None,
    done_at: datetime | None = None,
    ended: Collection[ItemState],
    order_was: OrderState,
    order_becomes: OrderState,
    topic: str,
    item_news: str | None = None,
    order_news: str | None = None,
    asked_by: Sequence[int] = (),
    now: datetime,
) -> set[uuid.UUID]:
    """Moves items on, their orders too when no item is left that has not ended, and writes their news.

    `asked_by`: rows of the outbox that are deleted with it. Gives the items that exist; one that moved on
    before stays as it is. Nobody waits for the disk: see `sales.end_items`.
    """
    known = await connection.fetchval(
        _END_ITEMS,
        list(item_ids),
        was,
        becomes,
        refusal_code,
        done_at,
        list(ended),
        order_was,
        order_becomes,
        topic,
        item_news,
        order_news,
        list(asked_by),
        now,
    )
    return set(known)


async def replace_document(tx: Connection, item_id: uuid.UUID, document_id: uuid.UUID, now: datetime) -> None:
    """Puts another document in the place of a refused one and its item back to stamping.

    That the order was paid is told already, or said by what was told of the refused document.

    Raises: asyncpg.UniqueViolationError when the document is an item of an order already.
    """
    await tx.execute(
        """WITH item AS (
               UPDATE sales.item SET document_id = $2, state = 'stamping', refusal_code = NULL WHERE id = $1
               RETURNING order_id
           )
           UPDATE sales.orders o SET paid_told_at = coalesce(paid_told_at, $3) FROM item
           WHERE o.id = item.order_id""",
        item_id,
        document_id,
        now,
    )


async def claim_overdue(
    tx: Connection, now: datetime, *, limit: int, lease_until: datetime
) -> Sequence[DueOrder]:
    """Orders whose time to pay is over; other workers don't see those with an open payment meanwhile."""
    rows = await tx.fetch(
        """
        WITH due AS (
            SELECT o.id, o.expires_at, p.id AS payment_id, p.reference,
                p.lease_until IS NOT NULL AS asked_before
            FROM sales.orders o
            LEFT JOIN sales.payment p ON p.order_id = o.id AND p.state || '' IN ('creating', 'pending')
            WHERE o.state = 'awaiting_payment' AND o.expires_at <= $1
                AND (p.lease_until IS NULL OR p.lease_until <= $1)
            ORDER BY o.expires_at LIMIT $2 FOR NO KEY UPDATE OF o SKIP LOCKED
        ), leased AS (
            UPDATE sales.payment p SET lease_until = $3 FROM due WHERE p.id = due.payment_id
        )
        SELECT id, expires_at, reference, asked_before FROM due
        """,
        now,
        limit,
        lease_until,
    )
    return [DueOrder(**dict(row)) for row in rows]


async def delete_drafts(tx: Connection, before: datetime, limit: int) -> int:
    """Deletes drafts opened before `before`, and cancelled orders without a payment; gives how many."""
    deleted: int = await tx.fetchval(
        """
        WITH old AS (
            SELECT id FROM sales.orders o WHERE state IN ('draft', 'cancelled') AND created_at < $1
                AND NOT EXISTS (SELECT FROM sales.payment p WHERE p.order_id = o.id)
            ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ), items AS (DELETE FROM sales.item i USING old WHERE i.order_id = old.id),
        gone AS (DELETE FROM sales.orders o USING old WHERE o.id = old.id RETURNING 1)
        SELECT count(*) FROM gone
        """,
        before,
        limit,
    )
    return deleted


class OrderToTell(msgspec.Struct, frozen=True, kw_only=True):
    """What a message to the customer says of an order, and where it goes."""

    id: uuid.UUID
    number: str
    submit_id: str
    """What is stored of its form's name: its link's token is made from that, and from the round."""
    token_round: int
    flow: Flow
    state: OrderState
    language: str
    total: int
    contact_kind: ContactKind | None
    contact_value: str | None
    all_stamped: bool
    """Every document of it, and there is one."""
    waits_for_choice: bool
    """A document was refused, and its customer has not chosen yet what to do."""
    needs_account: bool
    """Money waits for an account to go back to."""


async def read_orders_to_tell(
    connection: Connection, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, OrderToTell]:
    """Orders of which something is told; unknown ids are left out."""
    rows = await connection.fetch(
        """SELECT o.id, o.number, o.submit_id, o.token_round, o.flow, o.state, o.language, o.total,
               o.contact_kind, o.contact_value, i.all_stamped, i.waits_for_choice, EXISTS (
                   SELECT FROM sales.refund r WHERE r.order_id = o.id AND r.state = 'needs_account'
               ) AS needs_account
           FROM sales.orders o, LATERAL (
               SELECT coalesce(bool_and(state = 'done'), false) AS all_stamped,
                   coalesce(bool_or(state = 'refused'), false) AS waits_for_choice
               FROM sales.item WHERE order_id = o.id
           ) i WHERE o.id = ANY ($1)""",
        list(ids),
    )
    return {row["id"]: msgspec.convert(dict(row), OrderToTell, builtin_types=(uuid.UUID,)) for row in rows}


async def note_paid_news(
    connection: Connection, paid_before: datetime, now: datetime, *, topic: str, news: str
) -> int:
    """Writes the news of a payment for orders that were paid before then and still wait for their stamps.

    Each order once; gives how many. One that somebody works on just now, perhaps to end it, is left for the
    next time: whoever holds many orders waits for none.
    """
    status = await connection.execute(
        """WITH waiting AS (
               UPDATE sales.orders SET paid_told_at = $2 WHERE id = ANY (ARRAY(
                   SELECT id FROM sales.orders WHERE state = 'paid' AND paid_at <= $1 AND paid_told_at IS NULL
                   FOR NO KEY UPDATE SKIP LOCKED)) RETURNING id
           )
           INSERT INTO jobs.outbox (topic, payload, available_at, created_at)
           SELECT $3, jsonb_build_object('order_id', id, 'news', $4::text), $2, $2 FROM waiting""",
        paid_before,
        now,
        topic,
        news,
    )
    return int(status.rpartition(" ")[2])


async def has_token(connection: Connection, order_id: uuid.UUID, token_digest: bytes) -> bool:
    """Whether a token is that of the order's link."""
    found = await connection.fetchval(
        "SELECT true FROM sales.orders WHERE id = $1 AND token_digest = $2", order_id, token_digest
    )
    return found is True


async def mark_link_sent(
    tx: Connection, order_id: uuid.UUID, token_digest: bytes, now: datetime, *, not_since: datetime
) -> bool:
    """Writes that the link is being sent; False when the token is wrong or it was sent after `not_since`."""
    marked = await tx.fetchval(
        """UPDATE sales.orders SET link_sent_at = $3
           WHERE id = $1 AND token_digest = $2 AND (link_sent_at IS NULL OR link_sent_at <= $4)
           RETURNING true""",
        order_id,
        token_digest,
        now,
        not_since,
    )
    return marked is True
