"""Lists in pages: `{"data": [...], "next_cursor": ...}` and a Link header (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Request, Response
from msgspec import Meta

from meterai.kernel.refusals import Kind, Refusal

PAGE = 50
Limit = Annotated[int, Meta(ge=1, le=200, description="How many entries a page has at most.")]
Cursor = Annotated[
    str, Meta(max_length=200, pattern=r"^[\w-]*$", description="`next_cursor` of the page before.")
]


class Page[Entry](msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list. Without `next_cursor` it is the last one."""

    data: Sequence[Entry]
    next_cursor: str | None


def read_cursor[Place](cursor: str, kind: type[Place]) -> Place | None:
    """Reads the place after which the page begins. None for the first page.

    Raises: api.cursor (404).
    """
    if not cursor:
        return None
    try:
        written = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(written, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise Refusal(Kind.NOT_FOUND, "api.cursor") from error


def write_cursor(place: object) -> str:
    """Writes a place for `read_cursor`: an id, or a tuple of the columns that order the list."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def page_of[Row, Entry](
    request: Request[Any, Any, Any],
    rows: Sequence[Row],
    *,
    limit: int,
    show: Callable[[Row], Entry],
    place: Callable[[Row], object],
) -> Response[Page[Entry]]:
    """Makes a page of the first `limit` rows. There is a next page when `rows` holds more than that.

    Queries therefore ask for `limit + 1` rows. `place`: what `read_cursor` gives for the page after this row.
    """
    shown = rows[:limit]
    following = write_cursor(place(shown[-1])) if len(rows) > limit else None
    page = Page(data=[show(row) for row in shown], next_cursor=following)
    return Response(page, headers={"Link": _next_link(request, following)} if following else {})


def _next_link(request: Request[Any, Any, Any], cursor: str) -> str:
    asked = [pair for pair in parse_qsl(request.scope["query_string"].decode()) if pair[0] != "cursor"]
    base = request.app.state.service.public_url
    return f'<{base}{request.scope["path"]}?{urlencode([*asked, ("cursor", cursor)])}>; rel="next"'
