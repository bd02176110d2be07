"""The table of routes that the site calls itself, beside a Litestar application for everything else."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Stream

from meterai.web.direct import DirectRoutes

type WebRequest = Request[Any, Any, Any]


@get("/saya/masuk")
async def static() -> Response[bytes]:
    return Response(b"mine", media_type="text/plain")


@get("/{slug:str}/masuk")
async def by_name(slug: str, desk: str) -> Response[bytes]:
    return Response(f"{desk} {slug}".encode(), media_type="text/plain", headers={"X-Mark": "1"})


@post("/nomor/{number:int}/{id:uuid}", status_code=303)
async def converted(request: WebRequest, number: int, id: UUID) -> Response[bytes]:
    cookie = Cookie(key="k", value="v", httponly=True)
    return Response(
        f"{number + 1} {id.version} {request.method}".encode(), media_type="text/html", cookies=[cookie]
    )


@get("/gagal")
async def failing() -> Response[bytes]:
    raise LookupError("x")


@get("/aliran")
async def streaming() -> Stream:
    return Stream(iter([b"a", b"b"]), media_type="text/plain")


HANDLERS = [by_name, static, converted, failing, streaming]


def _answer_error(request: WebRequest, error: Exception) -> Response[bytes]:
    return Response(
        f"{request.scope['path_template']} {type(error).__name__}".encode(),
        status_code=500,
        media_type="text/plain",
    )


def ask(method: str, path: str) -> tuple[int, dict[bytes, bytes], bytes]:
    async def give_desk() -> str:
        return "litestar"

    litestar = Litestar(HANDLERS, dependencies={"desk": give_desk}, openapi_config=None)  # type: ignore[dict-item]
    routes = DirectRoutes(litestar, HANDLERS, given={"desk": "direct"}, answer_error=_answer_error)
    messages: list[dict[str, Any]] = []

    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:  # Litestar watches for this while it streams
            await asyncio.sleep(0.2)
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [], "client": ("127.0.0.1", 1), "server": ("h", 80), "scheme": "http", "state": {},
        "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    asyncio.run(routes(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return messages[0]["status"], dict(messages[0]["headers"]), body


def test_an_address_in_words_goes_before_one_with_a_name_in_it() -> None:
    assert ask("GET", "/saya/masuk")[2] == b"mine"
    status, headers, body = ask("GET", "/casn/masuk")
    assert (status, body, headers[b"x-mark"]) == (200, b"direct casn", b"1")
    assert headers[b"content-type"] == b"text/plain; charset=utf-8"
    assert headers[b"content-length"] == b"11"


def test_parts_of_the_address_become_what_the_handler_asks_for() -> None:
    status, headers, body = ask("POST", "/nomor/41/01a21237-d944-702e-880c-dfc1a21e4790")
    assert (status, body) == (303, b"42 7 POST")
    assert headers[b"set-cookie"].startswith(b"k=v; HttpOnly")


def test_what_the_table_does_not_know_is_left_to_litestar() -> None:
    assert ask("GET", "/tidak/ada")[0] == 404
    assert ask("POST", "/saya/masuk")[0] == 405
    assert ask("POST", "/nomor/satu/01a21237-d944-702e-880c-dfc1a21e4790")[0] == 404
    assert ask("GET", "/aliran")[2] == b"ab"


def test_an_exception_becomes_a_page_that_knows_the_route() -> None:
    assert ask("GET", "/gagal")[::2] == (500, b"/gagal LookupError")
