"""The pages of requests: the list, and one with what it asks for and its approval."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from litestar import Response, get, post

from meterai.bootstrap import ConsoleApp
from meterai.console.approval import act_of, approval_of, sign_request_here
from meterai.console.pages import Asked, language_of, page
from meterai.console.requests.shown import WITHDRAW, ShownRequest, show_request
from meterai.console.session import SignedIn
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import status_of
from meterai.kit.settings import trust_folder
from meterai.operations.officers.requests import ReleaseRequest, find_request, open_requests
from meterai.operations.use_cases.sign_request import Signed
from meterai.texts.told import text_of
from meterai.verification.trust import trusted_roots

PAGE: Final = "/permintaan"


@get(PAGE)
async def requests_page(request: Asked, service: ConsoleApp, officer: SignedIn) -> Response[bytes]:
    """Lists what waits for officers, the oldest first."""
    async with service.db.connection() as connection:
        found = await open_requests(connection)
    shown = [_shown(request, officer, one, is_whole=False) for one in found]
    return page(request, "requests/list.html", requests=shown)


@get(f"{PAGE}/{{number:int}}")
async def request_page(
    request: Asked, service: ConsoleApp, officer: SignedIn, number: int
) -> Response[bytes]:
    """Shows a request. Raises: as `find_request`."""
    return await _page(request, service, officer, await _find(service, number))


@post(f"{PAGE}/{{number:int}}", status_code=200)
async def approve_request(
    request: Asked, service: ConsoleApp, officer: SignedIn, number: int
) -> Response[bytes]:
    """Adds this officer's approval. The last one carries the act out.

    What two officers have approved already, and a process of the service carries out, needs no more.

    Raises: as `find_request`; Refusal FORBIDDEN `officer.role_missing`.
    """
    found = await _find(service, number)
    if not officer.has(*found.roles):
        raise Refusal(Kind.FORBIDDEN, "officer.role_missing", roles=", ".join(found.roles))
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    roots = partial(trusted_roots, trust_folder(service.settings))
    try:
        if found.released_at is None:
            signed = await sign_request_here(service, officer, found, typed, roots=roots)
        else:
            signed = Signed(released=True)
    except Refusal as refusal:
        if refusal.code == "release.not_open":
            raise
        return await _page(request, service, officer, found, refusal)
    shown = _shown(request, officer, found, is_whole=False)
    return page(request, "requests/done.html", one=shown, signed=signed)


async def _find(service: ConsoleApp, number: int) -> ReleaseRequest:
    async with service.db.connection() as connection:
        return await find_request(connection, number)


async def _page(
    request: Asked,
    service: ConsoleApp,
    officer: SignedIn,
    found: ReleaseRequest,
    refusal: Refusal | None = None,
) -> Response[bytes]:
    shown = _shown(request, officer, found, is_whole=True)
    return page(
        request,
        "requests/request.html",
        status_of(refusal.kind) if refusal else 200,
        one=shown,
        approval=await approval_of(service, act_of(found)) if shown.may_approve else None,
        withdraw=f"{WITHDRAW}{found.number}" if shown.may_withdraw else "",
        problem=refusal and text_of(refusal.code, language_of(request), refusal.facts),
    )


def _shown(request: Asked, officer: SignedIn, found: ReleaseRequest, *, is_whole: bool) -> ShownRequest:
    return show_request(found, officer, language_of(request), is_whole=is_whole)


ROUTES: Final[list[Any]] = [requests_page, request_page, approve_request]
