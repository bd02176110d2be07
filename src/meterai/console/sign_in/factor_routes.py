"""The page "Cara masuk": an officer's own ways to sign in and to approve. Passkeys come and go here."""

from __future__ import annotations

import uuid
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.news.typed import read_typed
from meterai.console.pages import Asked, page
from meterai.console.session import SignedIn, passkey_place
from meterai.operations.officers.factors import factors_of
from meterai.operations.officers.passkey_factors import ask_for_new
from meterai.operations.use_cases.own_passkeys import NewPasskey, add_own_passkey, end_own_passkey

PAGE: Final = "/cara-masuk"
NAME_MAX: Final = 60


@get(PAGE)
async def own_factors(request: Asked, service: ConsoleApp, officer: SignedIn) -> Response[bytes]:
    """Lists the officer's factors, with a form to add a passkey."""
    async with service.db.connection() as connection:
        factors = await factors_of(connection, officer.officer)
        asked = await ask_for_new(
            connection, officer.officer, place=passkey_place(service), text=_text(officer)
        )
    return page(request, "sign_in/own_factors.html", factors=factors, passkey_asked=asked)


@post(PAGE, status_code=303)
async def add_one(request: Asked, service: ConsoleApp, officer: SignedIn) -> Redirect:
    """Adds a passkey. Raises: what `add_own_passkey` raises."""
    typed = await read_typed(request)
    new = NewPasskey(
        name=typed.text("name").strip()[:NAME_MAX],
        answer=typed.text("passkey"),
        text=_text(officer),
        code=typed.text("code"),
    )
    await add_own_passkey(service.db, officer.officer, new, place=passkey_place(service), now=service.clock())
    return Redirect(PAGE, status_code=303)


@post(PAGE + "/{factor_id:uuid}/akhiri", status_code=303)
async def end_passkey(service: ConsoleApp, officer: SignedIn, factor_id: uuid.UUID) -> Redirect:
    """Ends a passkey of the officer. Raises: what `end_own_passkey` raises."""
    await end_own_passkey(service.db, officer.officer, factor_id, now=service.clock())
    return Redirect(PAGE, status_code=303)


def _text(officer: SignedIn) -> str:
    """What a new passkey answers to. It counts in this session alone, and each passkey is added once."""
    return f"Meterai: I make a passkey.\nofficer: {officer.officer}\nsession: {officer.session_id}\n"


ROUTES: Final[list[Any]] = [own_factors, add_one, end_passkey]
