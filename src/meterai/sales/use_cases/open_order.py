"""Opens an order: once per form, however often the form is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import msgspec

from meterai.kernel.ids import form_digest, new_id, new_order_number, token_digest
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.application_secret import ever
from meterai.kit.database import Database
from meterai.sales.model import DOCUMENTS_PER_ORDER_MAX, Flow, ItemState, OrderState
from meterai.sales.queries.order_page import ItemLine, OrderItems
from meterai.sales.store import drafts
from meterai.sales.store.drafts import Owner
from meterai.sales.use_cases.add_item import FormDocument, item_of_slot, put_documents
from meterai.texts.mechanism.languages import known_language

__all__ = [
    "OpenedOrder",
    "Owner",
    "link_token",
    "open_order",
    "open_order_with_documents",
    "order_token",
]

_SUBMIT_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class OpenedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An open order. The token is the right to see and finish it: it goes into the permanent link."""

    order_id: uuid.UUID
    number: str
    token: str
    state: str
    """"draft", or further on when the form is an old one that was sent again."""
    holds: OrderItems | None = None
    """What is in it, when it was opened with documents just now."""


async def open_order(
    db: Database,
    secret: bytes,
    *,
    submit_id: str,
    flow: Flow | str,
    event_slug: str | None,
    language: str,
    owner: Owner | None = None,
    held: Collection[str] = (),
    now: datetime,
) -> OpenedOrder:
    """Opens an order for the form that carries `submit_id`, or gives the one it opened before (I14).

    `submit_id` is made by us when the form is shown, unguessable (16 to 64 characters A-Z a-z 0-9 - _).
    `owner`: None while nobody has proven a contact; `set_customer` names the customer later. `held`: the
    tokens that the sender has. A form gives its order to anybody until the order has a customer; then only to
    the customer, and to people who have its link.

    Raises: Refusal INVALID `order.submit_id`; NOT_FOUND `event.unknown`;
    CONFLICT `order.submit_id_reused` when the form was used for something else, or by somebody else;
    CONFLICT `order.of_probe` when the probe opened another order less than a minute ago.
    """
    opening = _Opening(submit_id, Flow(flow), event_slug, language, owner, held, now)
    order, _ = await _open(db, secret, opening)
    return order


async def open_order_with_documents(
    db: Database,
    secret: bytes,
    documents: Sequence[FormDocument],
    *,
    submit_id: str,
    event_slug: str | None,
    language: str,
    owner: Owner | None = None,
    held: Collection[str] = (),
    now: datetime,
) -> OpenedOrder:
    """The same for documents to stamp, which are in the order at once with one stamp each.

    Sent again, the form finds the order that it opened, and fills it as `put_documents` says.

    Raises: what `open_order` and `put_documents` say.
    """
    if len(documents) > DOCUMENTS_PER_ORDER_MAX:
        raise Refusal(Kind.INVALID, "order.too_many_documents", maximum=DOCUMENTS_PER_ORDER_MAX)
    opening = _Opening(submit_id, Flow.STAMP, event_slug, language, owner, held, now)
    try:
        order, is_new = await _open(db, secret, opening, documents)
    except asyncpg.UniqueViolationError:
        raise Refusal(Kind.CONFLICT, "item.document_used") from None
    if is_new:
        return msgspec.structs.replace(order, holds=_holding(opening, documents))
    if order.state == OrderState.DRAFT:
        await put_documents(db, order.order_id, documents, now=now)
    return order


def _holding(opening: _Opening, documents: Sequence[FormDocument]) -> OrderItems:
    """What `order_items` would find."""
    return OrderItems(
        state=OrderState.DRAFT,
        customer_id=opening.owner.customer_id if opening.owner else None,
        event_slug=opening.event_slug,
        items=tuple(
            ItemLine(
                position=position,
                document_id=one.document_id,
                document_kind=one.document_kind,
                quantity=1,
                state=ItemState.WAITING,
            )
            for position, one in enumerate(documents, 1)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Opening:
    """An order that is being opened."""

    submit_id: str
    flow: Flow
    event_slug: str | None
    language: str
    owner: Owner | None
    held: Collection[str]
    now: datetime


async def _open(
    db: Database,
    secret: bytes,
    opening: _Opening,
    documents: Sequence[FormDocument] = (),
) -> tuple[OpenedOrder, bool]:
    """The order, and whether it was opened just now."""
    if not _SUBMIT_ID.fullmatch(opening.submit_id):
        raise Refusal(Kind.INVALID, "order.submit_id")
    form, order_id = form_digest(opening.submit_id), new_id(opening.now)
    try:
        async with db.connection() as connection:  # one statement is one transaction
            row, is_new = await drafts.open_order(
                connection,
                order_id,
                number=new_order_number(),
                form=form,
                token_digest=token_digest(order_token(secret, form)),
                event_slug=opening.event_slug,
                flow=opening.flow,
                language=known_language(opening.language),
                owner=opening.owner,
                documents=[
                    drafts.NewDocument(
                        item_id=item_of_slot(order_id, one.slot),
                        document_id=one.document_id,
                        document_kind=one.document_kind,
                    )
                    for one in documents
                ],
                now=opening.now,
            )
    except asyncpg.ForeignKeyViolationError:
        raise Refusal(Kind.NOT_FOUND, "event.unknown") from None
    except asyncpg.PostgresError as error:
        if error.sqlstate != drafts.OF_PROBE:
            raise
        raise Refusal(Kind.CONFLICT, "order.of_probe") from None
    if (row.flow, row.event_slug) != (opening.flow, opening.event_slug) or not _may_go_on(row, opening):
        raise Refusal(Kind.CONFLICT, "order.submit_id_reused")
    token = link_token(secret, form, row.token_round, row.token_digest)
    return OpenedOrder(order_id=row.id, number=row.number, token=token, state=row.state), is_new


def _may_go_on(row: drafts.OpenedRow, opening: _Opening) -> bool:
    """Whether the sender of a form may have the order that it opened: see `open_order`."""
    if row.customer_id is None or (opening.owner and opening.owner.customer_id == row.customer_id):
        return True
    return row.token_digest in map(token_digest, opening.held)


def order_token(secret: bytes, form: str, round: int = 0) -> str:
    """The token of an order's link. It is made from the form, so that a lost answer can be given again.

    `form`: the digest of its name. `round`: how often the order's links were ended.
    """
    made_from = b"order\x00" + form.encode() + (b"\x00%d" % round if round else b"")
    digest = hmac.digest(secret, made_from, hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:24]).decode()


def link_token(secret: bytes, form: str, round: int, digest: bytes) -> str:
    """The token that an order's link has. `digest`: what is stored of it.

    The order may be older than our secret, and people have its link. So each secret that there has been is
    tried. They prove nothing: only the token of `digest` opens the order.
    """
    tokens = [order_token(one, form, round) for one in ever(secret)]
    return next((one for one in tokens if token_digest(one) == digest), order_token(secret, form, round))
