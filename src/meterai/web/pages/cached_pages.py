"""Pages that are the same for everyone. They are rendered, named and compressed once."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from meterai.sales.events import Event
from meterai.texts.mechanism.languages import languages
from meterai.web.line.line_news import LineNews
from meterai.web.pages.templates import Pages
from meterai.web.requests.visits import Visit

SAME_FOR_EVERYONE = {
    "/harga": "price.html",
    "/pengembalian": "refund_terms.html",
    "/bantuan": "help.html",
    "/tentang": "about.html",
    "/ketentuan": "terms.html",
    "/privasi": "privacy.html",
    "/aksesibilitas": "accessibility.html",
    "/kontak": "reach_us.html",
}


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A page that is the same for everyone."""

    plain: bytes
    packed: bytes
    etag: bytes
    content_type: bytes = b"text/html; charset=utf-8"
    reads_codes: bool = False
    """The page may use the camera and WebAssembly."""
    names_lines: bool = False
    """The page reads otherwise while people wait in line."""


type _Wanted = tuple[str, str, dict[str, Any]]
type CachedPages = dict[tuple[str, str], CachedPage]
"""By language and address without language prefix."""


def cache_page(
    body: bytes, *, content_type: bytes = b"text/html; charset=utf-8", reads_codes: bool = False
) -> CachedPage:
    """Compresses a page and gives it an entity tag."""
    etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:16].encode()
    return CachedPage(body, gzip.compress(body, 9, mtime=0), etag, content_type, reads_codes)


def make_cached_pages(pages: Pages, events: Sequence[Event], now: datetime) -> CachedPages:
    """Renders the pages that are the same for everyone, in each language, as they read at `now`."""
    wanted: list[_Wanted] = [("/periksa", "verify.html", {"refused": "", "serial": ""})]
    wanted += [(path, template, {}) for path, template in SAME_FOR_EVERYONE.items()]
    return _made(pages, wanted) | make_line_pages(pages, events, now, ())


def make_line_pages(
    pages: Pages, events: Sequence[Event], now: datetime, news: Sequence[LineNews]
) -> CachedPages:
    """Renders the pages that say in which lines people wait now: home, and those of events."""
    offered = [event for event in events if event.is_open(now)]
    wanted: list[_Wanted] = [("/", "home.html", {"events": offered, "line_news": news})]
    for event in events:
        stamps = len(event.required_documents)
        wanted.append(
            (
                f"/{event.slug}",
                "event.html",
                {
                    "event": event,
                    "stamps": stamps,
                    "open": event.is_open(now),
                    "line_news": [one for one in news if one.event.slug == event.slug],
                },
            )
        )
    made = _made(pages, wanted)
    return {address: replace(page, names_lines=True) for address, page in made.items()}


def _made(pages: Pages, wanted: Sequence[_Wanted]) -> CachedPages:
    made = {}
    for language in languages():
        for path, template, values in wanted:
            visit = Visit(language, path, "", "")
            made[language, path] = cache_page(pages.render(visit, template, **values))
    return made
