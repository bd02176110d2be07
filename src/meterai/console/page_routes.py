"""The language, static files."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.response import Redirect

from meterai.bootstrap import ConsoleApp
from meterai.console.pages import LANGUAGE_COOKIE, assets
from meterai.kernel.refusals import Kind, Refusal
from meterai.texts.mechanism.languages import known_language

_YEAR: Final = 365 * 24 * 3600


@get("/bahasa/{language:str}", exclude_from_auth=True, status_code=303)
async def choose_language(service: ConsoleApp, language: str) -> Redirect:
    """Remembers the language, and leads to the first page."""
    answer = Redirect("/", status_code=303)
    answer.set_cookie(
        LANGUAGE_COOKIE,
        known_language(language),
        max_age=_YEAR,
        secure=service.is_https,
        httponly=True,
        samesite="strict",
    )
    return answer


@get("/aset/{name:str}", exclude_from_auth=True)
async def static_file(name: str) -> Response[Any]:
    """Sends a static file. Its address names its content, so that it never changes."""
    found = next((one for one in assets().values() if one.address == f"/aset/{name}"), None)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "page.not_found")
    return Response(
        found.content,
        media_type=f"{found.content_type}; charset=utf-8",
        headers={"cache-control": f"public, max-age={_YEAR}, immutable"},
    )
