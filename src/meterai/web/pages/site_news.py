"""Which news a page shows: those of its event, and on pages of partners those for partners."""

from __future__ import annotations

from typing import Final

from meterai.news.model import News
from meterai.sales.events import Event
from meterai.web.requests.visits import Visit

_OF_PARTNERS: Final = (
    "/pengembang",
    "/saya/pengembang",
    "/saya/kawat",
    "/saya/uji",
    "/saya/anggota",
    "/saya/blok",
    "/saya/bulan",
    "/saya/laporan",
    "/saya/stok",
)
"""The addresses of pages that only people of organisations use, and of those for developers."""


def news_of_page(news: News, visit: Visit, event: str) -> News:
    """What the page of a visit shows. `event`: the slug of its event; empty: none."""
    if visit.acts_for or visit.path.startswith(_OF_PARTNERS):
        return news.for_partners(event or None)
    return news.for_visitors(event or None)


def slug_of(event: object) -> str:
    """The slug of what a page has as its event; empty: it has none."""
    return event.slug if isinstance(event, Event) else ""
