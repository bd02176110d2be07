"""Fills the template of an apology from its figures, in a language."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from meterai.kernel.money import format_rupiah
from meterai.kit.formats.display import number_text, wait_text
from meterai.news.apology.model import Apology, Figures, Money
from meterai.texts.apology import APOLOGY, MONEY
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate

_ALWAYS_SHOWN = ("paid", "stamped", "refunded")


class MoneyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table of money."""

    name: str
    rupiah: int
    is_sum: bool = False


class ApologyLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An apology in one language, as its page and the command show it."""

    title: str
    sorry: str
    orders: tuple[str, ...]
    """What it did to people."""
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
        rows = [f"  {line.name}: {format_rupiah(line.rupiah)}" for line in self.money]
        money = "\n".join((*rows, self.sums)) if rows else ""
        parts = [self.title, self.sorry, " ".join(self.orders), money, self.changes_title, *self.changes]
        return "\n\n".join(part for part in (*parts, self.state, self.counted) if part)


def letter_of(apology: Apology, language: str) -> ApologyLetter:
    """The apology in a language."""
    figures = apology.figures

    def said(name: str, **facts: str) -> str:
        return translate(APOLOGY[name], language).format_map(facts)

    return ApologyLetter(
        title=said("title", title=apology.title.in_language(language)),
        sorry=said(
            "sorry",
            start=moment_text(figures.started_at, language),
            end=moment_text(figures.ended_at, language),
        ),
        orders=tuple(_orders(figures, language)),
        money=tuple(_lines(figures.money, language)),
        sums=said("sums"),
        changes_title=said("changes"),
        changes=tuple(apology.changes.in_language(language).split("\n\n")),
        state=said("final")
        if figures.is_final
        else said("open", open_orders=number_text(figures.open_orders, language)),
        counted=said("counted", moment=moment_text(figures.at, language)),
    )


def _orders(figures: Figures, language: str) -> Iterator[str]:
    if figures.orders == 0:
        yield translate(APOLOGY["no_orders"], language)
        return
    counts = {
        name: number_text(getattr(figures, name), language) for name in ("orders", "people", "paid_orders")
    }
    yield translate(APOLOGY["orders"], language).format_map(counts)
    if figures.median_s is not None and figures.longest_s is not None:
        waits = {
            "median": wait_text(figures.median_s, language),
            "longest": wait_text(figures.longest_s, language),
        }
        yield translate(APOLOGY["delays"], language).format_map(waits)
    if figures.last_done_at is not None:
        moment = moment_text(figures.last_done_at, language)
        yield translate(APOLOGY["last_done"], language).format(moment=moment)


def _lines(money: Money, language: str) -> Iterator[MoneyLine]:
    """The sum and its parts; a part without money is left out, unless people look for it."""
    for name, words in MONEY.items():
        rupiah = getattr(money, name)
        if money.paid and (rupiah or name in _ALWAYS_SHOWN):
            yield MoneyLine(name=translate(words, language), rupiah=rupiah, is_sum=name == "paid")
