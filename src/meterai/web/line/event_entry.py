"""Decides who may start a purchase for an event. Purchases for no event: `general_shop.py`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from litestar import Response
from litestar.datastructures import Cookie

from meterai.jail.queueing.callers import recognise
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.client_network import network_of
from meterai.sales.order import Order
from meterai.sales.queries.order_access import find_order_by_form
from meterai.sales.queries.order_page import order_page
from meterai.sales.use_cases.ask_to_settle import ask_to_settle
from meterai.sales.use_cases.cancel_order import cancel_order
from meterai.waiting_room.queries import Pass, QueueSign, held_pass
from meterai.waiting_room.use_cases.log_bypass import BypassReason, log_bypass
from meterai.waiting_room.use_cases.use_pass import use_pass
from meterai.web.line.queues import INSIDE_S, HeldPass, inside_cookie, open_pass, pass_cookie
from meterai.web.orders.access import open_order_page
from meterai.web.requests.form_rights import lets_go_on, make_form_name
from meterai.web.requests.request_context import RequestContext, WebRequest, address_of, see_other

_EVENT_FLOW = "event "
_ENDED = ("expired", "cancelled")
_GIVEN_BACK = ("refunding", "refunded")


@dataclass(frozen=True, slots=True)
class PurchaseRight:
    """The right to start a purchase.

    - `held`: the pass that gives it; None: nobody has to wait, or had to when they began.
    - `submit_id`: the name of the form to show, or of the one that was sent. It may carry the right.
    """

    submit_id: str
    sign: QueueSign | None = None
    held: HeldPass | None = None
    bypass: BypassReason | None = None
    """The reason why the visitor needs no place in line although people wait."""
    needs_place: bool = False
    """They need a place of the general shop before an order is opened (`general_shop.take_place`)."""
    begun: Order | None = None
    """An order that the visitor began by this right without a pass, and can continue."""
    cookies: Sequence[Cookie] = ()
    only_for: UUID | None = None
    """The only customer for whom it opens an order: the probe's account. None: for anybody."""


async def enter(
    request: WebRequest, context: RequestContext, event: str, *, sent: str = ""
) -> PurchaseRight | None:
    """Finds the right of this visitor to start a purchase for an event. None: they must take a place in
    line.

    `sent`: the name of the form that they sent. People who got a form while nobody had to wait may go on with
    it, for the one order that it opens (`name_form`).
    """
    now, secret, flow = context.service.clock().timestamp(), context.service.secret, f"{_EVENT_FLOW}{event}"
    sign = await context.queues.sign_of(event)
    kept = request.cookies.get(inside_cookie(event), "")
    name = sent or kept
    has_right = may_go_on(request, context, flow, name)
    if sign is None or sign.is_free:
        if not has_right and not kept:  # else they were counted when they got it
            context.queues.entered[event] += 1
        if sent:
            return PurchaseRight(sent, sign)
        made = name_form(request, context, flow, now)
        if has_right and not may_go_on(request, context, flow, made):  # what is kept stays the right to go on
            return PurchaseRight(kept if await _order_of_form(context, kept) is None else made, sign)
        return PurchaseRight(
            made, sign, cookies=[context.cookie(inside_cookie(event), made, max_age=INSIDE_S)]
        )
    held = open_pass(secret, event, request.cookies.get(pass_cookie(event), ""), now)
    if held is not None:
        recognise(f"pass {held.pass_id}")  # it took a place in line: the jails count it apart
        return PurchaseRight(sent or secrets.token_urlsafe(18), sign, held=held)
    if not has_right:
        return None
    begun = None if sent else await _order_of_form(context, name)
    if begun is not None and (_has_ended(begun) or not await _is_theirs(request, context, begun)):
        return None
    return PurchaseRight(name, sign, bypass="was_inside", begun=begun)


def name_form(request: WebRequest, context: RequestContext, flow: str, now: float) -> str:
    """Makes the name of a form for somebody who enters freely.

    It carries the right to go on when people have to wait, unless many people of their network have one.
    """
    network = context.queues.stays_inside(address_of(request), now)
    if network is None:
        return secrets.token_urlsafe(18)
    event = flow.removeprefix(_EVENT_FLOW) if flow.startswith(_EVENT_FLOW) else ""
    context.queues.begun[event] += 1
    return make_form_name(context.service.secret, flow, now, network=network)


def may_go_on(request: WebRequest, context: RequestContext, flow: str, name: str) -> bool:
    """Tells whether the sender of a form of this name may go on although people wait."""
    now, network = context.service.clock().timestamp(), network_of(address_of(request))
    return lets_go_on(context.service.secret, flow, name, now, network=network)


async def may_finish_late(request: WebRequest, context: RequestContext, event: str) -> bool:
    """Tells whether the visitor has a pass of an event that serves its line after the closing."""
    sign = await context.queues.sign_of(event)
    if sign is None or not sign.policy.line_counts:
        return False
    cookie = request.cookies.get(pass_cookie(event), "")
    return open_pass(context.service.secret, event, cookie, context.service.clock().timestamp()) is not None


def to_the_line(request: WebRequest, context: RequestContext, event: str) -> Response[bytes]:
    """Redirects visitors without a right to the gate, where they take a place."""
    target = context.queues.join_page(event, context.visit(request).language)
    return see_other(request, target)


async def order_of_pass(
    request: WebRequest, context: RequestContext, entry: PurchaseRight, flow: str = "stamp"
) -> str | None:
    """The page of the order that this pass, or form, was used for, if its holder can go on with it.

    `flow`: what they came for. A draft of quota can't take documents: people who come with documents start
    again.

    Raises: Refusal FORBIDDEN `pass.unknown`; CONFLICT `pass.used` when this browser may not see the order.
    """
    if entry.held is None or entry.sign is None:
        return None if entry.begun is None else _page_of(entry.begun, flow)
    held = context.visit(request).known(entry.held.pass_id, Pass) or await held_pass(
        context.service.db, entry.sign.number, entry.held.id, entry.held.pass_id
    )
    if held is None:
        raise Refusal(Kind.FORBIDDEN, "pass.unknown")
    order = await order_if_kept(context, held.order_id)
    if order is None or _has_ended(order):
        return None
    if not await _is_theirs(request, context, order):
        if order.state == "draft":
            return None  # begun on another phone: it ends there and starts again here
        raise Refusal(Kind.CONFLICT, "pass.used")
    return _page_of(order, flow)


def _page_of(order: Order, flow: str) -> str | None:
    if order.state != "draft":
        return f"/pesanan/{order.number}"
    if order.flow != "quota":
        return f"/pesanan/{order.number}/dokumen"
    return f"/pesanan/{order.number}/bayar" if flow == "quota" and order.items else None


async def bind_order(context: RequestContext, entry: PurchaseRight, order_id: UUID) -> None:
    """Binds an order to the right that opened it: a pass belongs to it from now on, a bypass is logged.

    An earlier draft of the same pass is cancelled, so that never two go on.

    Raises: Refusal FORBIDDEN `pass.unknown`; CONFLICT `pass.used`.
    """
    service = context.service
    if entry.sign is not None and entry.bypass is not None:
        await log_bypass(service.db, entry.sign.number, entry.bypass, order_id=order_id, now=service.clock())
    if entry.sign is None or entry.held is None:
        return
    one = (service.db, entry.sign.number, entry.held.id, entry.held.pass_id)
    try:
        await use_pass(*one, order_id=order_id)
        return
    except Refusal as refusal:
        if refusal.code != "pass.used":
            raise
    held = await held_pass(*one)
    if held is None:
        raise Refusal(Kind.FORBIDDEN, "pass.unknown")
    earlier = await order_if_kept(context, held.order_id) if held.order_id not in (None, order_id) else None
    may_replace = earlier is None or _has_ended(earlier)
    if earlier is not None and earlier.state == "draft":
        settle = partial(ask_to_settle, service.db, clock=service.clock)
        await cancel_order(service.db, service.gateways, earlier.id, settle=settle, clock=service.clock)
        may_replace = True
    await use_pass(*one, order_id=order_id, instead_of=held.order_id if may_replace else None)


async def order_if_kept(context: RequestContext, order_id: UUID | None) -> Order | None:
    """Reads an order. None when it is gone: unfinished drafts are deleted after a week."""
    if order_id is None:
        return None
    try:
        return await order_page(context.service.db, order_id)
    except Refusal as refusal:
        if refusal.kind is not Kind.NOT_FOUND:
            raise
        return None


async def _order_of_form(context: RequestContext, submit_id: str) -> Order | None:
    """The order that a form has opened."""
    return await order_if_kept(context, await find_order_by_form(context.service.db, submit_id))


async def _is_theirs(request: WebRequest, context: RequestContext, order: Order) -> bool:
    """Tells whether this browser may go on with an order."""
    try:
        await open_order_page(context, request, order.number)
    except Refusal:
        return False
    return True


def _has_ended(order: Order) -> bool:
    """Tells whether an order ended without a stamp."""
    given_back = bool(order.items) and all(item.state in _GIVEN_BACK for item in order.items)
    return order.state in _ENDED or (order.state == "completed" and given_back)
