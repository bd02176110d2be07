"""Decides who may buy for no event, or quota, while people wait in line for an event.

Such purchases have a small share of the admissions. The name of the form carries a place in that share
(`form_rights.py`). People who began before anybody had to wait go on with the form that they have.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from litestar import Response
from litestar.datastructures import Cookie

from meterai.waiting_room.queries import QueueSign
from meterai.waiting_room.use_cases.log_bypass import BypassReason
from meterai.waiting_room.use_cases.take_general_place import take_general_place
from meterai.web.line.event_entry import PurchaseRight, name_form, right_of
from meterai.web.line.queues import INSIDE_S, inside_cookie, open_pass, pass_cookie
from meterai.web.requests.form_rights import make_form_name
from meterai.web.requests.request_context import RequestContext, WebRequest

RETRY_S = 60


async def enter_shop(
    request: WebRequest, context: RequestContext, flow: str, *, sent: str = ""
) -> PurchaseRight | None:
    """Finds the right of this visitor to buy for no event (`flow`: stamp or quota). None: not now.

    `sent`: the name of the form that they sent. While nobody waits everybody may buy. Otherwise a visitor
    needs one of these:
    - a place in the share, or a form from the last half hour;
    - a free place in the share;
    - a pass from a line.
    """
    moment, secret = context.service.clock(), context.service.secret
    now = moment.timestamp()
    lines = await context.queues.lines()
    if not lines:
        return PurchaseRight(sent or name_form(request, context, flow, now))
    for known in (sent, "" if sent else request.cookies.get(_cookie(flow), "")):
        by_share = right_of(request, context, flow, known)
        if by_share is not None:
            why: BypassReason = "general_share" if by_share else "was_inside"
            return PurchaseRight(known, lines[0], bypass=why)
    if await take_general_place(context.service.db, per_minute=_share(context), now=moment):
        made = sent or make_form_name(secret, flow, now, by_share=True)
        kept = [] if sent else [context.cookie(_cookie(flow), made, max_age=INSIDE_S)]
        return PurchaseRight(made, lines[0], bypass="general_share", cookies=kept)
    for sign in lines:
        cookie = request.cookies.get(pass_cookie(sign.event), "")
        held = open_pass(secret, sign.event, cookie, now)
        if held is not None:
            return PurchaseRight(sent or secrets.token_urlsafe(18), sign, held=held)
    return None


async def shop_is_full(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Says why not now, and what can be done: come later, or join the line."""
    lines: Sequence[QueueSign] = await context.queues.lines()
    visit = context.visit(request)
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
        per_minute=_share(context),
        action=visit.link(visit.path),
        private=True,
    )


def used_place(context: RequestContext, flow: str) -> Cookie:
    """Deletes the place from this browser: it has opened its one order."""
    return context.cookie(_cookie(flow), "", max_age=0)


def entry_cookies(request: WebRequest) -> list[str]:
    """The names of the cookies by which this browser may begin a purchase, for any event and for none."""
    kinds = (pass_cookie(""), inside_cookie(""), _cookie(""))
    return [name for name in request.cookies if name.startswith(kinds)]


def _cookie(flow: str) -> str:
    return f"dalam-{flow}"  # no event's: those have an underscore


def _share(context: RequestContext) -> int:
    return context.service.settings.general_purchases_per_minute
