"""The devices on which a customer is signed in: see them, end one, all others, or all."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from litestar import Response, get, post

from meterai.customers.browsers import Which
from meterai.customers.queries import OpenSession, sessions_of
from meterai.customers.use_cases.end_sessions import end_sessions
from meterai.kernel.ids import token_digest
from meterai.texts.mechanism.translation import translate
from meterai.texts.pages import BROWSER_ON_SYSTEM, UNKNOWN_DEVICE
from meterai.web.orders.access import customer_of, signed_in
from meterai.web.requests.request_context import MARK_COOKIE, SESSION_COOKIE, RequestContext, WebRequest

PAGE = "/saya/perangkat"
SHOWN_MAX = 50
_WHICH: Final[dict[str, Which]] = {"ini": "one", "lain": "others", "semua": "all"}
_ID_LENGTH = 64


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One of the devices."""

    id: str
    name: str
    opened_at: datetime
    used_at: datetime
    is_signed_in: bool
    is_this: bool
    """The visitor looks at the page with it."""


@get(PAGE)
async def show_devices(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Lists the devices, the one that was used last first."""
    customer = await customer_of(context, request)
    if customer is None:
        return context.redirect(request, "/saya")
    service, language = context.service, context.visit(request).language
    found = await sessions_of(service.db, customer.customer_id, limit=SHOWN_MAX, now=service.clock())
    own = token_digest(customer.token)
    rows = [_row(one, own, language) for one in found]
    return context.page(
        request,
        "devices.html",
        devices=sorted(rows, key=lambda row: not row.is_this),
        is_cut=len(rows) == SHOWN_MAX,
        private=True,
    )


@post(PAGE, status_code=303)
async def end(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Ends one session, all others, or all. Then the cookies of an ended one open nothing, anywhere."""
    form = await context.form(request)
    customer = await signed_in(context, request)
    service, id = context.service, form.text("sesi")
    which = _WHICH.get(form.text("akhiri"))
    is_id = len(id) == _ID_LENGTH and set(id) <= set(string.hexdigits)
    if which is None or (which == "one" and not is_id):
        return context.redirect(request, PAGE)
    target = bytes.fromhex(id) if which == "one" else None
    await end_sessions(service.db, customer, which, session_id=target, now=service.clock())
    if which == "all" or target == token_digest(customer.token):
        ended = [context.cookie(name, "", max_age=0) for name in (SESSION_COOKIE, MARK_COOKIE)]
        return context.redirect(request, "/saya", cookies=ended)
    return context.redirect(request, PAGE)


def _row(one: OpenSession, own: bytes, language: str) -> DeviceRow:
    return DeviceRow(
        id=one.id.hex(),
        name=_device_name(one, language),
        opened_at=one.opened_at,
        used_at=one.used_at,
        is_signed_in=one.is_signed_in,
        is_this=one.id == own,
    )


def _device_name(one: OpenSession, language: str) -> str:
    """The name as people say it: `Chrome on Android`."""
    if one.browser and one.system:
        return translate(BROWSER_ON_SYSTEM, language).format(browser=one.browser, system=one.system)
    return one.browser or one.system or translate(UNKNOWN_DEVICE, language)


ROUTES = [show_devices, end]
