"""Access to orders: by the permanent link, which is kept in a cookie, or for the signed-in customer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from litestar.datastructures import Cookie

from meterai.customers.queries import SessionCustomer, session_customer
from meterai.customers.use_cases.use_session import use_session
from meterai.jail.queueing.callers import recognise
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.recent_cache import RecentCache
from meterai.sales.queries.order_access import find_order_by_number, find_order_by_token, order_access
from meterai.sales.use_cases.open_order import Owner
from meterai.web.orders.draft_use import note_use
from meterai.web.requests.request_context import SESSION_COOKIE, YEAR_SECONDS, RequestContext, WebRequest

ORDER_COOKIE = "pesanan_"
"""Followed by the order's number. The value is the token of the order's link.

Each order has a cookie of its own: two windows may open orders at the same time, and neither answer knows of
the other.
"""
ORDERS_KEPT_MAX = 8
REMEMBERED_FOR = timedelta(minutes=10)
"""How long a process may still accept a link that another process has ended.

Meanwhile nothing of value is given out on its word: no money moves, and no stamped file is sent.
"""
_ORDERS = RecentCache[str, tuple[UUID, datetime]]()
_NUMBER = re.compile(r"(?:[0-9A-Za-z]{4}-?){2}[0-9A-Za-z]{4}")
"""The number in an address, and nothing behind it: pages link to addresses with it."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class OrderKey:
    """An order that this visitor may see. `token` is empty when the right comes from being signed in."""

    order_id: UUID
    number: str
    token: str


def kept_orders(request: WebRequest) -> dict[str, str]:
    """The orders whose links came to this browser: their numbers and tokens, the oldest first."""
    return {
        name.removeprefix(ORDER_COOKIE): token
        for name, token in request.cookies.items()
        if name.startswith(ORDER_COOKIE) and _TOKEN.fullmatch(token)
    }


def keep_order(context: RequestContext, request: WebRequest, number: str, token: str) -> list[Cookie]:
    """Makes the cookies that add this order. The oldest ones are deleted; their permanent links stay good."""
    others = [kept for kept in kept_orders(request) if kept != number]
    too_many = others[: max(0, len(others) + 1 - ORDERS_KEPT_MAX)]
    return [
        context.cookie(ORDER_COOKIE + number, token, max_age=YEAR_SECONDS),
        *(context.cookie(ORDER_COOKIE + kept, "", max_age=0) for kept in too_many),
    ]


async def customer_of(context: RequestContext, request: WebRequest) -> SessionCustomer | None:
    """The customer who is signed in, if any. The jails count this customer apart from the network."""
    token, now = request.cookies.get(SESSION_COOKIE, ""), context.service.clock()
    customer = await session_customer(context.service.db, token, now) if token else None
    if customer is not None:
        await use_session(context.service.db, customer, now=now)
        recognise(f"customer {customer.customer_id}")
    return customer


async def signed_in(context: RequestContext, request: WebRequest) -> SessionCustomer:
    """The customer who is signed in. Raises: Refusal FORBIDDEN `session.missing` when nobody is."""
    customer = await customer_of(context, request)
    if customer is None:
        raise Refusal(Kind.FORBIDDEN, "session.missing")
    return customer


def owner_of(customer: SessionCustomer | None) -> Owner | None:
    """The customer to whom an order belongs when a signed-in visitor opens it."""
    if customer is None or customer.contact is None:
        return None
    return Owner(customer_id=customer.customer_id, contact=customer.contact)


async def order_of_token(context: RequestContext, token: str, *, afresh: bool = False) -> UUID | None:
    """Finds the order of a permanent link. It is remembered for a while; `afresh`: looked up in any case."""
    now = context.service.clock()
    known = _ORDERS.get(token)
    if known is not None and not afresh and now < known[1]:
        return known[0]
    found = await find_order_by_token(context.service.db, token)
    if found is not None:
        remember_token(token, found, now)
    return found


def remember_token(token: str, order_id: UUID, now: datetime) -> None:
    """Remembers a token that was just made or found, so that it is not looked up."""
    _ORDERS.keep(token, (order_id, now + REMEMBERED_FOR))


def forget_tokens(token: str = "") -> None:
    """Forgets a token whose link was ended; empty: all, since nobody knows which."""
    if token:
        _ORDERS.pop(token, None)
    else:
        _ORDERS.clear()


async def open_order_page(
    context: RequestContext,
    request: WebRequest,
    number: str,
    *,
    afresh: bool = False,
    proven: UUID | None = None,
) -> OrderKey:
    """Opens the order of this number, if the visitor may see it.

    - `afresh`: look the link up again, because something of value may be given out (`REMEMBERED_FOR`).
    - `proven`: the customer whose contact this request proved.

    Raises: Refusal NOT_FOUND `order.not_found`, the same for somebody else's order and for none (I16).
    """
    token = kept_orders(request).get(number)
    if token:
        order_id = await order_of_token(context, token, afresh=afresh)
        if order_id is not None:
            await note_use(context, request, order_id)
            return OrderKey(order_id, number, token)
    if _NUMBER.fullmatch(number) and (theirs := proven or await _customer_id(context, request)) is not None:
        order_id = await find_order_by_number(context.service.db, number)
        if order_id and await order_access(context.service.db, order_id, None, customer_id=theirs):
            return OrderKey(order_id, number, "")
    raise Refusal(Kind.NOT_FOUND, "order.not_found")


async def _customer_id(context: RequestContext, request: WebRequest) -> UUID | None:
    customer = await customer_of(context, request)
    return None if customer is None else customer.customer_id
