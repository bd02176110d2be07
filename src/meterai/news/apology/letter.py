"""Fills the template of an apology from its figures, in a language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from meterai.kernel.money import format_rupiah
from meterai.kit.formats.display import clock_text, date_text, number_text, wait_text
from meterai.news.apology.model import Apology, Figures, Money
from meterai.texts.apology import APOLOGY, FACTS, MONEY
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate

_ALWAYS_SHOWN = ("paid", "stamped", "refunded")


class MoneyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table of money."""

    name: str
    rupiah: int
    is_sum: bool = False


class FactLine(msgspec.Struct, frozen=True, kw_only=True):
    """A figure with its name."""

    name: str
    value: str


class ApologyLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An apology in one language, as its page and the command show it."""

    title: str
    sorry: str
    facts: tuple[FactLine, ...]
    """What it did to people; empty when no order waited."""
    no_orders: str
    """Instead of them."""
    money: tuple[MoneyLine, ...]
    """The sum and its parts; empty when no money came."""
    sums: str
    changes_title: str
    changes: tuple[str, ...]
    """The officer's own words, by paragraph."""
    state: str
    """Whether the figures are final."""
    counted: str

    def plain(self) -> str:
        """The whole text."""
        facts = "\n".join(f"  {fact.name}: {fact.value}" for fact in self.facts) or self.no_orders
        rows = [f"  {line.name}: {format_rupiah(line.rupiah)}" for line in self.money]
        money = "\n".join((*rows, self.sums)) if rows else ""
        parts = (self.title, self.sorry, facts, money, self.changes_title, *self.changes)
        return "\n\n".join(part for part in (*parts, self.state, self.counted) if part)


def letter_of(apology: Apology, language: str) -> ApologyLetter:
    """The apology in a language."""
    figures = apology.figures

    def said(name: str, **facts: str) -> str:
        return translate(APOLOGY[name], language).format_map(facts)

    return ApologyLetter(
        title=said("title", title=apology.title.in_language(language)),
        sorry=said("sorry", start=moment_text(figures.started_at, language), end=_end(figures, language)),
        facts=tuple(_facts(figures, language)) if figures.orders else (),
        no_orders=said("no_orders"),
        money=tuple(_lines(figures.money, language)),
        sums=said("sums"),
        changes_title=said("changes"),
        changes=tuple(apology.changes.in_language(language).split("\n\n")),
        state=_state(figures, language),
        counted=said("counted", moment=moment_text(figures.at, language)),
    )


def _state(figures: Figures, language: str) -> str:
    """Whether the figures are final, and what is not."""
    still_open = figures.open_orders + figures.open_documents
    name = "final" if figures.is_final else "open"
    if figures.late_orders and not still_open:
        name = "late"
    counts = {"still_open": still_open, "late_orders": figures.late_orders}
    shown = {one: number_text(count, language) for one, count in counts.items()}
    return translate(APOLOGY[name], language).format_map(shown)


def _end(figures: Figures, language: str) -> str:
    """When it ended; the time alone, if it was the day of its start."""
    start, end = (date_text(one, language) for one in (figures.started_at, figures.ended_at))
    return clock_text(figures.ended_at, language) if start == end else moment_text(figures.ended_at, language)


def _facts(figures: Figures, language: str) -> Iterator[FactLine]:
    for name, words in FACTS.items():
        value = getattr(figures, name)
        if value is not None and (value or name != "documents"):
            yield FactLine(name=translate(words, language), value=_shown(name, value, language))


def _shown(name: str, value: int | datetime, language: str) -> str:
    if isinstance(value, datetime):
        return moment_text(value, language)
    return wait_text(value, language) if name.endswith("_s") else number_text(value, language)


def _lines(money: Money, language: str) -> Iterator[MoneyLine]:
    """The sum and its parts; a part without money is left out, unless people look for it."""
    for name, words in MONEY.items():
        rupiah = getattr(money, name)
        if money.paid and (rupiah or name in _ALWAYS_SHOWN):
            yield MoneyLine(name=translate(words, language), rupiah=rupiah, is_sum=name == "paid")
