"""The page of an invitation: an officer chooses a password, and an authenticator app or a passkey."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get, post
from markupsafe import Markup

from meterai.bootstrap import ConsoleApp
from meterai.console.pages import Asked, language_of, page
from meterai.console.session import passkey_place
from meterai.console.sign_in import cookies
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.qr import qr_svg
from meterai.kit.http.status import status_of
from meterai.operations.officers import totp
from meterai.operations.officers.passwords import LENGTH_MIN
from meterai.operations.use_cases.enrol_officer import (
    ask_invited,
    enrol_by_code,
    enrol_by_passkey,
    invited_officer,
)
from meterai.texts.told import text_of


@get("/undangan/{token:str}", exclude_from_auth=True)
async def invitation_page(request: Asked, service: ConsoleApp, token: str) -> Response[bytes]:
    """Shows the form with a new secret. Raises: Refusal GONE `officer.invitation_over`."""
    return await _form(request, service, token, secret=totp.new_secret())


@post("/undangan/{token:str}", exclude_from_auth=True, status_code=303)
async def enrol(request: Asked, service: ConsoleApp, token: str) -> Response[Any]:
    """Enrols the officer and begins a session. Raises: Refusal GONE `officer.invitation_over`."""
    form = await request.form()
    secret = totp.from_base32(str(form.get("rahasia", ""))) or totp.new_secret()
    password, again = str(form.get("sandi", "")), str(form.get("lagi", ""))
    code, answer = str(form.get("code", "")), str(form.get("passkey", ""))
    db, now = service.db, service.clock()
    try:
        if password != again:
            raise Refusal(Kind.INVALID, "officer.password_differs")
        if answer:
            place = passkey_place(service)
            session = await enrol_by_passkey(
                db, token, password=password, answer=answer, place=place, now=now
            )
        else:
            session = await enrol_by_code(db, token, password=password, secret=secret, code=code, now=now)
    except Refusal as refusal:
        return await _form(request, service, token, secret=secret, refusal=refusal)
    return cookies.begin(service, session)


async def _form(
    request: Asked, service: ConsoleApp, token: str, *, secret: bytes, refusal: Refusal | None = None
) -> Response[bytes]:
    async with service.db.connection() as connection:
        officer = await invited_officer(connection, token, service.clock())
    host = urlsplit(service.settings.console_url).hostname or ""
    return page(
        request,
        "enrolment.html",
        status_of(refusal.kind) if refusal else 200,
        name=officer,
        token=token,
        secret=totp.in_base32(secret),
        secret_in_words=totp.in_words(secret),
        qr=Markup(qr_svg(totp.address_of(secret, officer, host=host), level="M")),  # noqa: S704 - our own picture
        passkey_asked=ask_invited(officer, token, place=passkey_place(service)),
        length_min=LENGTH_MIN,
        problem=refusal and text_of(refusal.code, language_of(request), refusal.facts),
    )


ROUTES = [invitation_page, enrol]
