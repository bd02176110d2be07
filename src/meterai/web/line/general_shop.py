"""Decides who may buy for no event, or quota, while people wait in line for an event.

Such purchases have a small share of the admissions. Looking at a form takes no place in it: the place is
taken when an order is opened. People who began before anybody had to wait go on with the form that they have.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from litestar import Response

from meterai.sales.queries.order_access import find_order_by_form
from meterai.waiting_room.queries import QueueSign
from meterai.waiting_room.rules.tickets import contact_cookie, entered_cookie
from meterai.web.line.event_entry import PurchaseRight, may_go_on, name_form
from meterai.web.line.probe_door import probe_right
from meterai.web.line.queues import inside_cookie, open_pass, pass_cookie
from meterai.web.requests.request_context import RequestContext, WebRequest, address_of

RETRY_S = 60


async def enter_shop(
    request: WebRequest, context: RequestContext, flow: str, *, sent: str = ""
) -> PurchaseRight | Response[bytes]:
    """Finds the right of this visitor to buy for no event (`flow`: stamp or quota). Else returns the page
    that says why not now.

    `sent`: the name of the form that they sent. While nobody waits everybody may buy. Otherwise a visitor
    needs one of these:
    - a form from the last half hour before people waited, or one that has opened its order;
    - a free place in the share, which `take_place` takes;
    - a pass from a line.

    The probe of the status page has a right of its own to buy a stamp.
    """
    moment = context.service.clock()
    lines = await context.queues.lines()
    if flow == "stamp" and (probe := await probe_right(request, context, lines, sent)) is not None:
        return probe
    if not lines:
        return PurchaseRight(sent or name_form(request, context, flow, moment.timestamp()))
    if sent and may_go_on(request, context, flow, sent):
        return PurchaseRight(sent, lines[0], bypass="was_inside")
    if sent and await find_order_by_form(context.service.db, sent) is not None:
        return PurchaseRight(sent)
    if await context.queues.general.has_one(address_of(request), moment):
        name = sent or secrets.token_urlsafe(18)
        return PurchaseRight(name, lines[0], bypass="general_share", needs_place=True)
    return await _by_pass(request, context, lines, sent)


async def take_place(
    request: WebRequest, context: RequestContext, right: PurchaseRight
) -> PurchaseRight | Response[bytes]:
    """Takes the place in the share that this right needs, just before its order is opened.

    If others took the last one meanwhile, a pass still gives a right. Else returns the page that says why
    not now.
    """
    if not right.needs_place:
        return right
    lines = await context.queues.lines()
    if not lines:
        return PurchaseRight(right.submit_id)
    if await context.queues.general.take(address_of(request), context.service.clock()):
        return right
    return await _by_pass(request, context, lines, right.submit_id)


async def _by_pass(
    request: WebRequest, context: RequestContext, lines: Sequence[QueueSign], sent: str
) -> PurchaseRight | Response[bytes]:
    now = context.service.clock().timestamp()
    for sign in lines:
        cookie = request.cookies.get(pass_cookie(sign.event), "")
        held = open_pass(context.service.secret, sign.event, cookie, now)
        if held is not None:
            return PurchaseRight(sent or secrets.token_urlsafe(18), sign, held=held)
    return await _full_page(request, context, lines)


async def _full_page(
    request: WebRequest, context: RequestContext, lines: Sequence[QueueSign]
) -> Response[bytes]:
    """Says why not now, and what can be done: come later, or join the line."""
    visit, general = context.visit(request), context.queues.general
    return context.page(
        request,
        "shop_full.html",
        status=429,
        headers={"Retry-After": str(RETRY_S)},
        lines=[
            (
                context.events[sign.event],
                datetime.fromtimestamp(sign.schedule.closes_at, UTC),
                sign.policy.line_counts,
                context.queues.join_page(sign.event, visit.language),
            )
            for sign in lines
            if sign.event in context.events
        ],
        per_minute=general.per_minute,
        for_others=await general.has_some_for_others(address_of(request), context.service.clock()),
        was_sent=request.method == "POST",
        action=visit.link(visit.path),
        private=True,
    )


def general_hint(context: RequestContext, right: PurchaseRight) -> int:
    """How many purchases for no event may begin in a minute, for the form of a person who needs a place; else
    0."""
    return context.queues.general.per_minute if right.needs_place else 0


def entry_cookies(request: WebRequest) -> list[str]:
    """The names of the cookies by which this browser may begin a purchase, or is known in a line."""
    kinds = (pass_cookie(""), inside_cookie(""), entered_cookie(""), contact_cookie(""))
    return [name for name in request.cookies if name.startswith(kinds)]
