"""The door of the probe: the status page shows its secret, and gets the right to one order outside the line.

The right is a cookie beside a session of the probe's account, both for 15 minutes. The database limits the
orders of that account (docs/decisions/0047-the-probe-may-pass-the-line.md).
"""

from __future__ import annotations

import hmac
import math
import secrets
import struct
from collections.abc import Sequence
from uuid import UUID

import msgspec
from litestar import Response, post

from meterai.customers.use_cases.open_probe_session import open_probe_session
from meterai.kernel.refusals import Kind, Refusal
from meterai.waiting_room.queries import QueueSign
from meterai.web.line.event_entry import PurchaseRight
from meterai.web.orders.access import customer_of
from meterai.web.requests.mac import read_tagged_text, to_tagged_text
from meterai.web.requests.request_context import SESSION_COOKIE, RequestContext, WebRequest

PROBE_COOKIE = "uji"
_PURPOSE = b"probe pass"
_PASS = struct.Struct(">16sI")
"""The customer for whom it may open an order, and until when."""


@post("/uji", status_code=200)
async def open_for_probe(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Signs the probe in by its secret, and says what it must do before its next order.

    Raises: Refusal NOT_FOUND `probe.off`, the same for a wrong secret and for a probe that is off.
    """
    service = context.service
    _refuse_strangers(request, service.settings.probe_secret if service.settings.probe == "on" else "")
    now = service.clock()
    session = await open_probe_session(service.db, now=now)
    until, age = int(session.expires_at.timestamp()), int((session.expires_at - now).total_seconds())
    told = _PASS.pack(session.customer_id.bytes, until)
    wait_s = math.ceil((session.free_at - now).total_seconds()) if session.free_at else 0
    return Response(
        msgspec.json.encode({"open_order": session.open_order, "wait_s": max(0, wait_s)}),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
        cookies=[
            context.cookie(SESSION_COOKIE, session.token, max_age=age),
            context.cookie(PROBE_COOKIE, to_tagged_text(service.secret, _PURPOSE, told), max_age=age),
        ],
    )


def _refuse_strangers(request: WebRequest, secret: str) -> None:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    is_right = hmac.compare_digest(given.encode(), secret.encode())
    if not secret or kind != "Bearer" or not is_right:
        raise Refusal(Kind.NOT_FOUND, "probe.off")


async def probe_right(
    request: WebRequest, context: RequestContext, lines: Sequence[QueueSign], sent: str
) -> PurchaseRight | None:
    """The right of the probe to begin a purchase for no event, also while people wait. None: it is a person.

    It takes no place, and its form is not counted among those with which people go on.
    """
    told = read_tagged_text(context.service.secret, _PURPOSE, request.cookies.get(PROBE_COOKIE, ""))
    if told is None or len(told) != _PASS.size:
        return None
    raw, until = _PASS.unpack(told)
    account = UUID(bytes=raw)
    customer = await customer_of(context, request)
    if customer is None or customer.customer_id != account or context.service.clock().timestamp() >= until:
        return None
    name, sign = sent or secrets.token_urlsafe(18), lines[0] if lines else None
    return PurchaseRight(name, sign, bypass="probe" if sign else None, only_for=account)


ROUTES = [open_for_probe]
