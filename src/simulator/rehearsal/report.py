"""The report of a rehearsal: one HTML file that fetches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Final

from simulator.planner.chart_words import number
from simulator.planner.drawing import BLUE, FONT, GREY, INK, MUTED, ORANGE, PALE_BLUE, Panel, round_ticks
from simulator.rehearsal.rehearse import Moment, Rehearsal
from simulator.rehearsal.report_words import Language, say

_WIDTH: Final = 1000
_SMOOTH_S: Final = 10
_BAND: Final = "#f6e3d8"
_STYLE: Final = """
body{font:16px/1.5 'Source Sans 3','Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif;color:#1c2733;
background:#fff;max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.3rem 0}
.verdict{font-weight:700;padding:.1rem .6rem;border-radius:4px;color:#fff;background:#1f6f43}
.verdict.bad{background:#a3281e}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:1rem;margin:1.5rem 0}
dl div{display:flex;flex-direction:column}dd{margin:0;font-size:1.6rem;font-weight:700;order:-1}
dt{color:#5b6773;font-size:.9rem}table{border-collapse:collapse;width:100%;font-size:.95rem}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #e2e6ea}
th{color:#5b6773;font-weight:600}.wide{overflow-x:auto}
svg{display:block;width:100%;min-width:640px;height:auto;margin-top:1rem}td.bad{color:#a3281e;font-weight:700}
li{margin:.2rem 0;overflow-wrap:anywhere}@media print{body{margin:0}}
"""


def write_report(rehearsal: Rehearsal, language: Language) -> str:
    """The whole page."""
    title = say("title", language)
    verdict = say("ok" if rehearsal.ok else "not_ok", language)
    about = say(
        "about",
        language,
        minutes=number(rehearsal.seconds / 60, language, 0 if rehearsal.seconds % 60 == 0 else 1),
        rate=number(rehearsal.people_per_second, language, 1),
    )
    parts = [
        f'<h1>{title} <span class="verdict{"" if rehearsal.ok else " bad"}">{verdict}</span></h1>',
        f"<p>{escape(about)}</p>",
        _list("reasons", [reason.in_(language) for reason in rehearsal.reasons], language),
        _figures(rehearsal, language),
        _charts(rehearsal, language),
        _faults(rehearsal, language),
        _checks(rehearsal, language),
        _list("problems", rehearsal.problems, language),
    ]
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}: {verdict}</title><style>{_STYLE}</style></head><body>"
        + "".join(parts)
        + "</body></html>\n"
    )


def _figures(rehearsal: Rehearsal, language: Language) -> str:
    kept, given = rehearsal.promises
    waited = (number(seconds, language) for seconds in (rehearsal.waited_p50_s, rehearsal.waited_p95_s))
    figures = {
        "came": number(rehearsal.came, language),
        "finished": number(rehearsal.finished, language),
        "lost": number(rehearsal.lost, language),
        "gave_up": number(rehearsal.refused, language),
        "left": number(rehearsal.unfinished, language),
        "waited": " · ".join(waited),
        "promises": f"{number(kept, language)} / {number(given, language)}",
        "reloads": number(rehearsal.reloads, language),
    }
    rows = (f"<div><dt>{say(name, language)}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    return "<dl>" + "".join(rows) + "</dl>"


def _charts(rehearsal: Rehearsal, language: Language) -> str:
    moments = rehearsal.moments
    if len(moments) < 2:
        return ""
    xs = [moment.at_s for moment in moments]
    came, done = _per_second(moments, "came"), _per_second(moments, "finished")
    rates = _panel(xs, 50, [*came, *done], say("rates", language), language)
    _bands(rates, rehearsal, language, named=True)
    rates.area(xs, done, PALE_BLUE)
    rates.line(xs, came, ORANGE)
    rates.line(xs, done, BLUE)
    _name(rates, xs, came, say("arriving", language), ORANGE, place=0.7, dy=-10)
    _name(rates, xs, done, say("finished", language), BLUE, place=0.9, dy=18)
    line, inside = [moment.in_line for moment in moments], [moment.inside for moment in moments]
    people = _panel(xs, 320, [*line, *inside], say("line", language), language)
    _bands(people, rehearsal, language)
    people.line(xs, line, GREY)
    people.line(xs, inside, BLUE)
    apart = [waiting - working for waiting, working in zip(line, inside, strict=True)]
    _name(people, xs, line, say("in_line", language), MUTED, place=_highest(apart), dy=-8)
    _name(people, xs, inside, say("inside", language), BLUE, place=_highest([-gap for gap in apart]), dy=-8)
    answers = [(moment.at_s, moment.p95_ms) for moment in moments]
    p95 = _panel(xs, 590, [ms for _, ms in answers if ms is not None], say("p95", language), language)
    _bands(p95, rehearsal, language)
    for is_silent, part in groupby(answers, key=lambda answer: answer[1] is None):
        known = [(at, ms) for at, ms in part if ms is not None]
        if not is_silent:
            p95.line([at for at, _ in known], [ms for _, ms in known], INK, width=2)
    marks = "".join("".join(panel.parts) for panel in (rates, people, p95))
    title = f"<title>{say('rates', language)}</title>"
    return f'<div class="wide"><svg viewBox="0 0 {_WIDTH} 800" role="img" {FONT}>{title}{marks}</svg></div>'


def _panel(
    xs: Sequence[float], top: float, values: Sequence[float], heading: str, language: Language
) -> Panel:
    panel = Panel(60, top, _WIDTH - 80, 180, 0, xs[-1], round_ticks(max([*values, 1])))
    every = round_ticks(xs[-1], 6)
    labels = [(at, number(at, language)) for at in every if at <= xs[-1]]
    digits = 0 if panel.ticks[1] >= 1 else 1
    panel.frame(heading, [number(tick, language, digits) for tick in panel.ticks], labels)
    return panel


def _bands(panel: Panel, rehearsal: Rehearsal, language: Language, *, named: bool = False) -> None:
    """When something was broken; numbered as in the table."""
    for place, fault in enumerate(rehearsal.faults, 1):
        if not fault.fired:
            continue
        left, right = panel.x(fault.began_s), panel.x(min(max(fault.ended_s, fault.began_s), panel.x_to))
        panel.parts.append(
            f'<rect x="{left:.1f}" y="{panel.top:.1f}" width="{max(3.0, right - left):.1f}" '
            f'height="{panel.height:.1f}" fill="{_BAND}"/>'
        )
        if named:
            panel.parts.append(
                f'<text x="{(left + max(left + 3, right)) / 2:.1f}" y="{panel.top - 4:.1f}" font-size="12" '
                f'fill="{ORANGE}" font-weight="700" text-anchor="middle">{place}</text>'
            )


def _name(
    panel: Panel, xs: Sequence[float], ys: Sequence[float], words: str, fill: str, *, place: float, dy: float
) -> None:
    at = min(len(xs) - 1, int(place * len(xs)))
    anchor = "end" if place > 0.5 else "start"
    panel.label(xs[at], ys[at], words, fill, anchor=anchor, dy=dy)


def _highest(values: Sequence[float]) -> float:
    return values.index(max(values)) / len(values)


def _per_second(moments: Sequence[Moment], name: str) -> list[float]:
    """The growth of a count, over the last seconds."""
    counts = [float(getattr(moment, name)) for moment in moments]
    rates = []
    for place, count in enumerate(counts):
        first = max(0, place - _SMOOTH_S)
        before = counts[first] if place >= _SMOOTH_S else 0.0
        since = moments[place].at_s - (moments[first].at_s if place >= _SMOOTH_S else 0.0)
        rates.append((count - before) / max(since, _SMOOTH_S / 2))
    return rates


def _faults(rehearsal: Rehearsal, language: Language) -> str:
    if not rehearsal.faults:
        return ""
    heads = ("fault", "when", "lasted", "fired", "pause", "after")
    rows = []
    for place, fault in enumerate(rehearsal.faults, 1):
        fired = say("yes" if fault.fired else "no", language)
        pause = "–" if fault.pause_s is None else number(fault.pause_s, language, 1)
        cells = [
            f"{place}. {say(str(fault.kind), language)}",
            number(fault.began_s or fault.planned_s, language, 1),
            number(max(0.0, fault.ended_s - fault.began_s), language, 1),
            fired,
            pause,
            number(fault.finished_after, language),
        ]
        rows.append([(cell, not fault.fired or not fault.finished_after) for cell in cells])
    return f"<h2>{say('faults', language)}</h2>" + _table([say(head, language) for head in heads], rows)


def _checks(rehearsal: Rehearsal, language: Language) -> str:
    rows = []
    for check in rehearsal.checks:
        name = "holds" if check.ok else "fails"
        told = check.words.in_(language)
        rows.append([(check.name.in_(language), False), (say(name, language), not check.ok), (told, False)])
    return f"<h2>{say('checks', language)}</h2>" + _table([], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[tuple[str, bool]]]) -> str:
    head = "<tr>" + "".join(f'<th scope="col">{escape(one)}</th>' for one in heads) + "</tr>" if heads else ""
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=bad' if bad else ''}>{escape(words)}</td>" for words, bad in row)
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table>{head}{body}</table></div>'


def _list(key: str, lines: Sequence[str], language: Language) -> str:
    if not lines:
        return ""
    return (
        f"<h2>{say(key, language)}</h2><ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
    )
