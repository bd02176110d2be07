"""Draws the 90 days of each component as SVG. Height and colour both say how a day was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Final

from meterai.status_page.history import DAYS, History
from meterai.texts.mechanism.translation import translate
from meterai.texts.status_page import CHART_ROW, CHART_ROW_UNKNOWN, CHART_TITLE, COMPONENTS, Component, Health

_STEP, _BAR, _TALL, _ROW, _TOP = 4, 3, 22, 44, 16
_WIDTH: Final = DAYS * _STEP
_COLOURS: Final = {
    Health.UP: "#2b7a5b",
    Health.DEGRADED: "#c77f0a",
    Health.DOWN: "#a3123f",
    Health.UNKNOWN: "#b9afbc",
}
_HEIGHTS: Final = {Health.UP: _TALL, Health.DEGRADED: 15, Health.DOWN: 9, Health.UNKNOWN: 3}
_TEXT: Final = 'font-family="system-ui,-apple-system,Segoe UI,Roboto,Noto Sans,sans-serif" font-size="12"'


def share_text(history: History, component: Component, today: date, *, language: str) -> str:
    """`Pembayaran: berjalan 99,95% dari waktu yang diketahui`. Slow time counts as running."""
    name = translate(COMPONENTS[component], language)
    total = history.total(component, today)
    if not total.known:
        return translate(CHART_ROW_UNKNOWN, language, {"name": name})
    share = int(10_000 * (total.up + total.degraded) / total.known) / 100  # never rounded up to 100
    text = f"{share:g}".replace(".", "," if language == "id" else ".")
    return translate(CHART_ROW, language, {"name": name, "share": text})


def draw_days(history: History, components: Sequence[Component], today: date, *, language: str) -> bytes:
    """The chart. Its title and description say the same in words."""
    rows = [share_text(history, component, today, language=language) for component in components]
    days = history.days(today)
    height = _ROW * len(components)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" xml:lang="{language}" aria-labelledby="t d">',
        f'<title id="t">{escape(translate(CHART_TITLE, language))}</title>',
        f'<desc id="d">{escape(". ".join(rows))}.</desc>',
    ]
    for place, component in enumerate(components):
        top = place * _ROW
        name = escape(translate(COMPONENTS[component], language))
        parts.append(f'<text x="0" y="{top + 11}" fill="#211a24" {_TEXT}>{name}</text>')
        healths = [day.health_of(component) for day in days]
        parts += [_bars(healths, health, base=top + _TOP + _TALL) for health in Health if health in healths]
    return "".join([*parts, "</svg>\n"]).encode()


def _bars(healths: Sequence[Health], health: Health, *, base: int) -> str:
    """The days of one health in one row, as one path."""
    tall = _HEIGHTS[health]
    places = [place * _STEP for place, one in enumerate(healths) if one is health]
    path = "".join(f"M{x} {base}v-{tall}h{_BAR}v{tall}z" for x in places)
    return f'<path fill="{_COLOURS[health]}" d="{path}"/>'
