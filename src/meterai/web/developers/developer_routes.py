"""The pages for developers, below /pengembang."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from meterai.web.developers.developer_pages import DeveloperPages
from meterai.web.requests.request_context import HTML, WebRequest
from meterai.web.requests.visits import visit_of

_KEPT: Final = {"Cache-Control": "public, max-age=5"}


@get("/pengembang")
async def show_start(request: WebRequest) -> Response[bytes]:
    """Shows how a program stamps its first document."""
    return _answer(request, "start.html", _pages(request).start())


@get("/pengembang/referensi")
async def show_reference(request: WebRequest) -> Response[bytes]:
    """Lists all operations of the API."""
    return _answer(request, "reference.html", _pages(request).index())


@get("/pengembang/referensi/{group:str}")
async def show_group(request: WebRequest, group: str) -> Response[bytes]:
    """Shows the operations of a group. Raises: Refusal NOT_FOUND `page.not_found`."""
    return _answer(request, "group.html", _pages(request).group(group, _language(request)))


@get("/pengembang/keadaan")
async def show_states(request: WebRequest) -> Response[bytes]:
    """Shows the states of each object."""
    return _answer(request, "states.html", _pages(request).states())


@get("/pengembang/galat")
async def show_errors(request: WebRequest) -> Response[bytes]:
    """Shows every refusal with its status and the next step."""
    return _answer(request, "errors.html", _pages(request).errors(_language(request)))


@get("/pengembang/uji")
async def show_sandbox(request: WebRequest) -> Response[bytes]:
    """Shows what programs try in the sandbox."""
    return _answer(request, "sandbox.html", _pages(request).sandbox())


@get("/pengembang/kawat")
async def show_wire(request: WebRequest) -> Response[bytes]:
    """Shows what to change in a client that was made for another service."""
    return _answer(request, "wire.html", _pages(request).wire(_language(request)))


@get("/pengembang/batas")
async def show_limits(request: WebRequest) -> Response[bytes]:
    """Shows the limits."""
    return _answer(request, "limits.html", _pages(request).limits(_language(request)))


@get("/pengembang/perubahan")
async def show_changes(request: WebRequest) -> Response[bytes]:
    """Shows what changed in the API."""
    return _answer(request, "changes.html", _pages(request).changes())


def _pages(request: WebRequest) -> DeveloperPages:
    pages = request.app.state.developer_pages
    assert isinstance(pages, DeveloperPages)
    return pages


def _language(request: WebRequest) -> str:
    return visit_of(request.scope).language


def _answer(request: WebRequest, template: str, values: dict[str, Any]) -> Response[bytes]:
    body = _pages(request).page(visit_of(request.scope), template, **values)
    return Response(body, media_type=HTML, headers=_KEPT)


ROUTES = [
    show_start,
    show_reference,
    show_group,
    show_states,
    show_errors,
    show_sandbox,
    show_wire,
    show_limits,
    show_changes,
]
