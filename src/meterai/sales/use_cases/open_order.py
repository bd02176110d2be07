"""Opens an order: once per form, however often the form is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from meterai.customers.organisations import SELLER
from meterai.kernel.errors import Kind, Refusal
from meterai.kernel.ids import derived_id, new_id, new_order_number, token_digest
from meterai.kit.database import Database
from meterai.sales.model import DOCUMENTS_PER_ORDER_MAX, Flow, OrderState, PriceList, price_of
from meterai.sales.store import orders
from meterai.sales.store.orders import OpenedRow, Owner
from meterai.sales.use_cases.add_item import add_document

__all__ = [
    "FormDocument",
    "OpenedOrder",
    "Owner",
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


class FormDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that came with a form. `slot`: which one of which form, see `add_document`."""

    document_id: uuid.UUID
    document_kind: str | None
    slot: str


async def open_order(
    db: Database,
    secret: bytes,
    *,
    submit_id: str,
    flow: Flow | str,
    event_slug: str | None,
    language: str,
    owner: Owner | None = None,
    now: datetime,
) -> OpenedOrder:
    """Opens an order for the form that carries `submit_id`, or gives the one it opened before (I14).

    `submit_id` is made by us when the form is shown, unguessable (16 to 64 characters A-Z a-z 0-9 - _).
    `owner`: None while nobody has proven a contact; `set_customer` names them later.

    Raises: Refusal INVALID `order.submit_id`; NOT_FOUND `event.unknown`;
    CONFLICT `order.submit_id_reused` when the form was used for something else.
    """
    if not _SUBMIT_ID.fullmatch(submit_id):
        raise Refusal(Kind.INVALID, "order.submit_id")
    token = order_token(secret, submit_id)
    try:
        async with db.connection() as connection:
            row = await orders.open_order(
                connection,
                new_id(now),
                number=new_order_number(),
                submit_id=submit_id,
                token_digest=token_digest(token),
                organisation_id=SELLER,
                event_slug=event_slug,
                flow=Flow(flow),
                language="en" if language == "en" else "id",
                owner=owner,
                now=now,
            )
    except asyncpg.ForeignKeyViolationError:
        raise Refusal(Kind.NOT_FOUND, "event.unknown") from None
    return _opened(row, token, flow=flow, event_slug=event_slug)


async def open_order_with_documents(
    db: Database,
    secret: bytes,
    documents: Sequence[FormDocument],
    *,
    submit_id: str,
    event_slug: str | None,
    language: str,
    owner: Owner | None = None,
    price_list: PriceList,
    now: datetime,
) -> OpenedOrder:
    """The same for documents to stamp, which are in the order at once with one stamp each.

    Sent again, the form finds the order that it opened, and fills it as `add_document` says.

    Raises: what `open_order` and `add_document` say.
    """
    if not _SUBMIT_ID.fullmatch(submit_id):
        raise Refusal(Kind.INVALID, "order.submit_id")
    if len(documents) > DOCUMENTS_PER_ORDER_MAX:
        raise Refusal(Kind.INVALID, "order.too_many_documents", maximum=DOCUMENTS_PER_ORDER_MAX)
    token, order_id, price = order_token(secret, submit_id), new_id(now), price_of(1, 0, price_list)
    try:
        async with db.connection() as connection:  # one statement is one transaction
            row, is_new = await orders.open_filled_order(
                connection,
                order_id,
                number=new_order_number(),
                submit_id=submit_id,
                token_digest=token_digest(token),
                organisation_id=SELLER,
                event_slug=event_slug,
                language="en" if language == "en" else "id",
                owner=owner,
                items=[
                    orders.NewItem(
                        id=derived_id("item", order_id, one.slot),
                        document_id=one.document_id,
                        document_kind=one.document_kind,
                    )
                    for one in documents
                ],
                unit_fee=price.unit_fee,
                unit_vat=price.unit_vat,
                now=now,
            )
    except asyncpg.ForeignKeyViolationError:
        raise Refusal(Kind.NOT_FOUND, "event.unknown") from None
    except asyncpg.UniqueViolationError:
        raise Refusal(Kind.CONFLICT, "item.document_used") from None
    order = _opened(row, token, flow=Flow.STAMP, event_slug=event_slug)
    if not is_new and order.state == OrderState.DRAFT:
        for one in documents:
            await add_document(
                db,
                order.order_id,
                document_id=one.document_id,
                document_kind=one.document_kind,
                stamps=1,
                price_list=price_list,
                now=now,
                slot=one.slot,
            )
    return order


def _opened(row: OpenedRow, token: str, *, flow: Flow | str, event_slug: str | None) -> OpenedOrder:
    if (row.flow, row.event_slug) != (flow, event_slug):
        raise Refusal(Kind.CONFLICT, "order.submit_id_reused")
    return OpenedOrder(order_id=row.id, number=row.number, token=token, state=row.state)


def order_token(secret: bytes, submit_id: str) -> str:
    """The token of an order's link: it follows from the form, so that a lost answer can be given again."""
    digest = hmac.digest(secret, b"order\x00" + submit_id.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:24]).decode()
