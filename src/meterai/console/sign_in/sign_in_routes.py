"""Signing in and out. In development without officers everybody may come in."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.pages import Asked, page
from meterai.console.session import SignedIn, cookie_name
from meterai.kernel.refusals import Kind, Refusal
from meterai.operations.officers.register import is_checked
from meterai.operations.officers.sessions import LONGEST, UNCHECKED, begin_session, end_session


@get("/masuk", exclude_from_auth=True)
async def sign_in_page(request: Asked, service: ConsoleApp) -> Response[bytes]:
    """Shows how to sign in."""
    async with service.db.connection() as connection:
        checked = await is_checked(connection)
    return page(request, "sign_in.html", checked=checked)


@post("/masuk/percobaan", exclude_from_auth=True, status_code=303)
async def sign_in_unchecked(service: ConsoleApp) -> Redirect:
    """Lets anybody in, where no officer is recorded. Raises: Refusal FORBIDDEN `officer.sign_in_needed`."""
    now = service.clock()
    async with service.db.transaction() as tx:
        if await is_checked(tx):
            raise Refusal(Kind.FORBIDDEN, "officer.sign_in_needed")
        token = await begin_session(tx, UNCHECKED, signed_in_by="", now=now)
    answer = Redirect("/", status_code=303)
    answer.set_cookie(
        cookie_name(service),
        token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        secure=service.is_https,
        samesite="strict",
    )
    return answer


@post("/keluar", status_code=303)
async def sign_out(service: ConsoleApp, officer: SignedIn) -> Redirect:
    """Ends the session of this browser."""
    async with service.db.transaction() as tx:
        await end_session(tx, officer.session_id, of=officer.officer, by=officer.officer, now=service.clock())
    answer = Redirect("/masuk", status_code=303)
    answer.delete_cookie(cookie_name(service))
    return answer
