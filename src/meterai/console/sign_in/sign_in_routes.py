"""Signing in with a password, then a code or a passkey, and out.

In development without officers everybody may come in.
"""

from __future__ import annotations

from typing import Any, Final

import structlog
from litestar import Response, get, post
from litestar.response import Redirect
from prometheus_client import Counter

from meterai.bootstrap import ConsoleApp
from meterai.console.pages import Asked, language_of, page
from meterai.console.session import SignedIn, cookie_name, passkey_place
from meterai.console.sign_in import cookies
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import status_of
from meterai.operations.officers.passkey_factors import Ways
from meterai.operations.officers.register import is_checked
from meterai.operations.officers.sessions import UNCHECKED, begin_session, end_session
from meterai.operations.use_cases.sign_officer_in import (
    check_password,
    sign_in_by_code,
    sign_in_by_passkey,
    ways_on,
)
from meterai.texts.told import text_of

log = structlog.get_logger(__name__)
_SIGN_INS: Final = Counter("meterai_console_sign_ins", "Tries of officers to sign in.", ["result"])


@get("/masuk", exclude_from_auth=True)
async def sign_in_page(request: Asked, service: ConsoleApp) -> Response[bytes]:
    """Asks for name and password."""
    async with service.db.connection() as connection:
        checked = await is_checked(connection)
    return page(request, "sign_in.html", checked=checked, problem=None, name="")


@post("/masuk", exclude_from_auth=True, status_code=303)
async def take_password(request: Asked, service: ConsoleApp) -> Response[Any]:
    """Checks name and password, and leads to the code."""
    form = await request.form()
    name, password = str(form.get("nama", "")).strip(), str(form.get("sandi", ""))
    try:
        half = await check_password(service.db, name, password, now=service.clock())
    except Refusal as refusal:
        return _refused(request, "sign_in.html", refusal, checked=True, name=name)
    return cookies.begin_half(service, half)


@get("/masuk/kode", exclude_from_auth=True)
async def code_page(request: Asked, service: ConsoleApp) -> Response[bytes]:
    """Asks for the code, or for a passkey."""
    return page(request, "sign_in_code.html", problem=None, ways=await _ways(request, service))


@post("/masuk/kode", exclude_from_auth=True, status_code=303)
async def take_code(request: Asked, service: ConsoleApp) -> Response[Any]:
    """Checks the code or the passkey, and begins a session."""
    half, form, now = (
        request.cookies.get(cookies.half_name(service), ""),
        await request.form(),
        service.clock(),
    )
    code, answer = str(form.get("code", "")), str(form.get("passkey", ""))
    try:
        if answer:
            place = passkey_place(service)
            token = await sign_in_by_passkey(service.db, half, answer, place=place, now=now)
        else:
            token = await sign_in_by_code(service.db, half, code, now=now)
    except Refusal as refusal:
        return _refused(request, "sign_in_code.html", refusal, ways=await _ways(request, service))
    _SIGN_INS.labels("ok").inc()
    return cookies.begin(service, token)


@post("/masuk/percobaan", exclude_from_auth=True, status_code=303)
async def sign_in_unchecked(service: ConsoleApp) -> Redirect:
    """Lets anybody in, where no officer is recorded. Raises: Refusal FORBIDDEN `officer.sign_in_needed`."""
    async with service.db.transaction() as tx:
        if await is_checked(tx):
            raise Refusal(Kind.FORBIDDEN, "officer.sign_in_needed")
        token = await begin_session(tx, UNCHECKED, signed_in_by="", now=service.clock())
    return cookies.begin(service, token)


@post("/keluar", status_code=303)
async def sign_out(service: ConsoleApp, officer: SignedIn) -> Redirect:
    """Ends the session of this browser."""
    async with service.db.transaction() as tx:
        await end_session(tx, officer.session_id, of=officer.officer, by=officer.officer, now=service.clock())
    answer = Redirect("/masuk", status_code=303)
    answer.delete_cookie(cookie_name(service))
    return answer


async def _ways(request: Asked, service: ConsoleApp) -> Ways:
    half = request.cookies.get(cookies.half_name(service), "")
    return await ways_on(service.db, half, place=passkey_place(service), now=service.clock())


def _refused(request: Asked, template: str, refusal: Refusal, **context: Any) -> Response[bytes]:
    result = "refused" if refusal.kind is Kind.BUSY else "failed"
    _SIGN_INS.labels(result).inc()
    log.info("console.sign_in_failed", code=refusal.code)
    problem = text_of(refusal.code, language_of(request), refusal.facts)
    return page(request, template, status_of(refusal.kind), problem=problem, **context)


ROUTES = [sign_in_page, take_password, code_page, take_code, sign_in_unchecked, sign_out]
