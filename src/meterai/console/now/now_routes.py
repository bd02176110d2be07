"""The page "Now", and the stream that keeps it up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

from litestar import Response, get
from litestar.response import ServerSentEvent, ServerSentEventMessage

from meterai.bootstrap import ConsoleApp
from meterai.console.now.charts import charts_of
from meterai.console.now.links import links_of
from meterai.console.now.watch import HOURS, LOOK_S, Seen, Watch
from meterai.console.pages import Asked, fragment, language_of, page
from meterai.console.session import SignedIn, cookie_name
from meterai.kit.database import DATABASE_IS_DOWN, is_outage
from meterai.operations.officers.sessions import find_session
from meterai.operations.signs.table import Lit
from meterai.texts.mechanism.translation import translate
from meterai.texts.signs import ALL_WELL, LINE_STATES, SIGNS

_CHARTS_EACH: Final = 15
"""Looks between two drawings of the charts."""
_PARTS: Final = ("tanda", "angka")


@get("/")
async def now_page(request: Asked, service: ConsoleApp, officer: SignedIn, jam: int = 1) -> Response[bytes]:
    """Shows how the service runs now. `jam`: how many hours the charts reach back."""
    hours = jam if jam in HOURS else HOURS[0]
    watch = watch_of(request)
    shown = _shown(request, await watch.look(), officer)
    charts = await _charts(watch, service, hours, language_of(request))
    return page(request, "now/now.html", **shown, charts=charts, hours=hours, choices=HOURS)


@get("/sekarang/kabar", opt={"is_no_use": True})
async def now_stream(request: Asked, service: ConsoleApp, officer: SignedIn, jam: int = 1) -> ServerSentEvent:
    """Sends what changes on the page, until the session ends."""
    hours = jam if jam in HOURS else HOURS[0]
    parts = news(request, service, officer, hours=hours)
    return ServerSentEvent(parts, headers={"x-accel-buffering": "no"})


async def news(
    request: Asked, service: ConsoleApp, officer: SignedIn, *, hours: int
) -> AsyncIterator[ServerSentEventMessage]:
    """The parts of the page whose content has changed. The last message says that the session has ended."""
    watch, language = watch_of(request), language_of(request)
    token = request.cookies.get(cookie_name(service), "")
    told = dict[str, str]()
    rounds = 0
    while await _is_signed_in(service, token):
        shown = _shown(request, await watch.look(), officer)
        parts = {name: fragment(language, f"now/{name}.html", **shown) for name in _PARTS}
        if rounds % _CHARTS_EACH == _CHARTS_EACH - 1:
            charts = await _charts(watch, service, hours, language)
            parts["grafik"] = fragment(language, "now/grafik.html", charts=charts)
        for name, html in parts.items():
            if told.get(name) != html:
                told[name] = html
                yield ServerSentEventMessage(event=name, data=html)
        rounds += 1
        await asyncio.sleep(LOOK_S)
    yield ServerSentEventMessage(event="selesai", data="")


async def _is_signed_in(service: ConsoleApp, token: str) -> bool:
    """Whether the session is open. While the database does not answer it counts as open."""
    try:
        return await find_session(service.db, token, service.clock(), is_use=False) is not None
    except DATABASE_IS_DOWN as error:
        if not is_outage(error):
            raise
        return True


def watch_of(request: Asked) -> Watch:
    """The watch of this process."""
    watch: Watch = request.app.state.watch
    return watch


def _shown(request: Asked, seen: Seen, officer: SignedIn) -> dict[str, Any]:
    """What the templates show."""
    language = language_of(request)
    signs = [
        _sign(lit, language) | {"links": links_of(lit, officer, seen.now, language)} for lit in seen.signs
    ]
    return {
        "now": seen.now,
        "signs": signs,
        "all_well": translate(ALL_WELL, language),
        "line_states": {name: translate(words, language) for name, words in LINE_STATES.items()},
    }


def _sign(lit: Lit, language: str) -> dict[str, Any]:
    words = SIGNS[lit.sign.name]
    return {
        "what": translate(words.what, language, lit.facts),
        "next": translate(words.next, language, lit.facts),
        "on_duty": lit.sign.on_duty,
        "is_bad": lit.sign.is_bad,
    }


async def _charts(watch: Watch, service: ConsoleApp, hours: int, language: str) -> Any:
    until = service.clock()
    found = await watch.history(hours)
    return charts_of(found, since=until - timedelta(hours=hours), until=until, language=language)


NOW_ROUTES: Final[list[Any]] = [now_page, now_stream]
