"""Writes letters as HTML and prints them with Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.placing.model import (
    A4,
    Block,
    Columns,
    Fields,
    Foot,
    Head,
    Letter,
    NewPage,
    Para,
    Right,
    Room,
    Sign,
    Signer,
    Space,
    Table,
    Title,
    Written,
)

_PT = 96 / 72
_FONTS = {"helvetica": "sans-serif", "times": "serif", "courier": "monospace"}
_STYLE = """
@page { size: A4; margin: 0 } * { box-sizing: border-box } body { margin: 0 }
.page { width: 595.28pt; height: 841.8pt; position: relative; overflow: hidden; break-after: page }
.page:last-child { break-after: auto } p { margin: 0 0 .5em; text-align: justify }
h1 { font-size: 1.2em; text-align: center; margin: .3em 0 .8em } .right { text-align: right }
header { text-align: center; border-bottom: 1.5pt solid; padding-bottom: 6pt }
header { margin-bottom: 12pt; font-size: .8em }
header b { font-size: 1.7em; display: block } .two { display: flex; gap: 24pt } .two p { flex: 1 }
table { border-collapse: collapse; width: 100%; margin-bottom: 1em } td { padding: 1pt 4pt }
.ruled td { border: .7pt solid } dl { margin: 0 0 .5em 12pt } dl div { display: flex } dt { width: 138pt }
dd { margin: 0 } .sign { position: relative; margin-bottom: 1.3em } .sign > div { position: absolute; top: 0 }
.room { position: relative } .waiting { position: absolute; top: 30%; font-size: 9pt }
.ruled-room { border-bottom: .7pt solid }
.centred { text-align: center } .centred .waiting { left: 0; right: 0 }
.framed span { border: .7pt solid; padding: 9pt 4pt }
footer { position: absolute; bottom: 26pt; left: 0; right: 0; text-align: center; font-size: 8pt }
"""
_ROOMS = """() => [...document.querySelectorAll('.room')].map(room => {
  const box = room.getBoundingClientRect(), page = room.closest('.page').getBoundingClientRect();
  const number = [...document.querySelectorAll('.page')].indexOf(room.closest('.page')) + 1;
  return [number, box.left - page.left, box.top - page.top, box.right - page.left, box.bottom - page.top];
})"""


@contextmanager
def started(chromium: Path) -> Iterator[Any]:
    """A page of Chromium, until the block ends."""
    from playwright.sync_api import sync_playwright  # only development has it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser.new_page(viewport={"width": round(A4[0] * _PT), "height": round(A4[1] * _PT)})
        finally:
            browser.close()


def write(browser: Any, letter: Letter) -> Written:
    """Prints a letter, and asks the browser where its rooms to sign are."""
    browser.set_content(_page(letter))
    browser.emulate_media(media="print")
    rooms = tuple(_room(found) for found in browser.evaluate(_ROOMS))
    return Written(data=browser.pdf(prefer_css_page_size=True), rooms=rooms)


def _room(found: list[float]) -> Room:
    number, left, top, right, bottom = found
    return Room(page=int(number), box=(left / _PT, A4[1] - bottom / _PT, right / _PT, A4[1] - top / _PT))


def _page(letter: Letter) -> str:
    style = letter.style
    font = f"font: {style.size}pt/{style.leading} {_FONTS[style.font]}; padding: {style.margin}pt"
    foot = next(
        (f"<footer>{escape(one.text)}</footer>" for one in letter.blocks if isinstance(one, Foot)), ""
    )
    inner = "".join(map(_block, letter.blocks)).replace(
        "<hr>", f"{foot}</div><div class=page style='{font}'>"
    )
    return f"<meta charset=utf-8><style>{_STYLE}</style><div class=page style='{font}'>{inner}{foot}</div>"


def _block(block: Block) -> str:
    match block:
        case Head(lines):
            return f"<header><b>{escape(lines[0])}</b>{'<br>'.join(map(escape, lines[1:]))}</header>"
        case Title(text):
            return f"<h1>{escape(text)}</h1>"
        case Right(text):
            return f"<div class=right>{escape(text)}</div>"
        case Para(text):
            return f"<p>{escape(text)}</p>"
        case Columns(left, right):
            return f"<div class=two><p>{escape(left)}</p><p>{escape(right)}</p></div>"
        case Fields(rows):
            return f"<dl>{''.join(_field(*row) for row in rows)}</dl>"
        case Table(rows):
            return f"<table class=ruled>{''.join(map(_row, rows))}</table>"
        case Space(height):
            return f"<div style='height:{height}pt'></div>"
        case NewPage():
            return "<hr>"
        case Sign(signers):
            return _sign(signers)
        case Foot():
            return ""


def _field(name: str, value: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>: {escape(value)}</dd></div>"


def _row(cells: tuple[str, ...]) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _sign(signers: tuple[Signer, ...]) -> str:
    lines = max(len(one.before) + len(one.after) for one in signers)
    height = max(one.room for one in signers)
    inner = "".join(map(_signer, signers))
    return f"<div class=sign style='height:calc({height}pt + {lines * 1.4}em)'>{inner}</div>"


def _signer(signer: Signer) -> str:
    before, after = (
        "".join(f"<div>{escape(line)}</div>" for line in lines) for lines in (signer.before, signer.after)
    )
    kind, height = "room" + " ruled-room" * signer.ruled, f"height:{signer.room}pt"
    room = f"<div class='{kind}' style='{height}'>{_waiting(signer)}</div>"
    place = f"left:{signer.at * 100}%;width:{signer.width}pt"
    return f"<div class='{'centred' * signer.centred}' style='{place}'>{before}{room}{after}</div>"


def _waiting(signer: Signer) -> str:
    if not signer.waiting:
        return ""
    return f"<div class='waiting{' framed' * signer.framed}'><span>{escape(signer.waiting)}</span></div>"
