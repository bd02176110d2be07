"""Where each sign of trouble leads to: the page on which an officer does something, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from meterai.console.news.incident_routes import PAGE
from meterai.console.news.news_pages import WRITERS
from meterai.console.now.next_acts import acts_for
from meterai.console.requests.request_routes import PAGE as REQUESTS
from meterai.console.session import SignedIn
from meterai.news.model import Incident
from meterai.operations.signs.table import Lit
from meterai.operations.use_cases.look_now import Now
from meterai.texts.mechanism.marks import N_
from meterai.texts.mechanism.translation import translate

_NEW: Final = f"{PAGE}/gangguan/baru"
_FIGURES, _TELL, _UPDATE = N_("Lihat angkanya"), N_("Umumkan gangguan"), N_("Tulis kabar gangguan {number}")
_NEWS: Final = N_("Lihat kabar")
_REQUESTS: Final = N_("Buka permintaan")
_IN_REQUESTS: Final = frozenset({"requests_waiting", "refunds_to_release"})
"""Officers approve these on the page of requests."""

NOTICED: Final = frozenset(
    {
        "database_down",
        "site_silent",
        "signing_stopped",
        "worker_stands",
        "signer_down",
        "payments_down",
        "stamps_late",
        "out_of_stock",
        "line_stands",
        "line_held",
        "site_faults",
        "site_slow",
        "refunds_late",
        "messages_pile_up",
        "update_overdue",
    }
)
"""People notice them, so officers tell people."""

CARDS: Final = {
    "antrean": ("line_stands", "line_held", "site_silent", "site_slow", "site_faults"),
    "pesanan": ("worker_stands", "batches_behind"),
    "dimeteraikan": ("signing_stopped", "signer_down", "stamps_late"),
    "stok": ("out_of_stock", "stock_low"),
    "gerbang": ("payments_down", "gateway_broken"),
    "uang": (
        "refunds_late",
        "refunds_in_doubt",
        "refunds_to_release",
        "day_not_closed",
        "difference_week",
        "difference_day",
    ),
    "kecocokan": ("invariants_broken", "invariants_old", "audit_head_behind"),
    "petugas": ("requests_waiting",),
    "gangguan": ("update_overdue",),
    "pesan": ("messages_pile_up", "codes_unused", "codes_home", "codes_email", "codes_foreign"),
    "mesin": (
        "disk_full",
        "disk_fills",
        "wal_not_received",
        "copy_behind",
        "backup_old",
        "key_ends_soon",
        "tsa_ends_soon",
        "strangers_upload",
        "terms_not_kept",
    ),
}
"""The signs whose figures a card shows, by the card's name on the page."""
_CARD_OF: Final = {sign: card for card, signs in CARDS.items() for sign in signs}


@dataclass(frozen=True, slots=True)
class Link:
    """An address, and what a person does there."""

    address: str
    words: str


def links_of(lit: Lit, officer: SignedIn, now: Now | None, language: str) -> list[Link]:
    """Where an officer goes next, by what they may do. Every sign leads somewhere.

    `now`: None when the database does not answer.
    """
    acts = acts_for(lit, officer, now)
    found = [Link(address, translate(act.words.title, language)) for address, act in acts]
    if lit.sign.name in NOTICED:
        found.append(_to_news(lit, officer, now.incidents if now else (), language))
    if lit.sign.name in _IN_REQUESTS:
        found.append(Link(REQUESTS, translate(_REQUESTS, language)))
    if card := _CARD_OF.get(lit.sign.name):
        found.append(Link(f"#{card}", translate(_FIGURES, language)))
    return found


def _to_news(lit: Lit, officer: SignedIn, incidents: Sequence[Incident], language: str) -> Link:
    if not officer.has(*WRITERS):
        return Link(PAGE, translate(_NEWS, language))
    number = lit.facts.get("number") or (incidents[0].number if incidents else None)
    if number is None:
        return Link(_NEW, translate(_TELL, language))
    return Link(f"{PAGE}/gangguan/{number}", translate(_UPDATE, language, {"number": number}))
