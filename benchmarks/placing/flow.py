"""Lays the blocks of a letter on a canvas, from top to bottom."""

from __future__ import annotations

from typing import Protocol

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
    Style,
    Table,
    Title,
    Written,
)


class Canvas(Protocol):
    """What a writer can do. `y` counts from the top of the page; text stands on its base line."""

    def new_page(self) -> None: ...

    def text(self, x: float, y: float, words: str, size: float, *, bold: bool = False) -> None: ...

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None: ...

    def width(self, words: str, size: float, *, bold: bool = False) -> float: ...

    def finish(self) -> bytes: ...


def lay_out(letter: Letter, canvas: Canvas) -> Written:
    """Writes a letter and notes where people sign."""
    flow = _Flow(letter.style, canvas)
    for block in letter.blocks:
        flow.put(block)
    return Written(data=canvas.finish(), rooms=tuple(flow.rooms))


class _Flow:
    def __init__(self, style: Style, canvas: Canvas) -> None:
        self.rooms: list[Room] = []
        self._style, self._canvas = style, canvas
        self._left, self._right = style.margin, A4[0] - style.margin
        self._pitch = style.size * style.leading
        self._page, self._y, self._foot = 0, 0.0, ""
        self._new_page()

    def put(self, block: Block) -> None:
        match block:
            case Head(lines):
                self._head(lines)
            case Title(text):
                self._centred(text, self._style.size + 2, bold=True)
            case Right(text):
                self._need(self._pitch)
                self._line(self._right - self._width(text), text)
            case Para(text):
                self._paragraph(self._left, self._right, text)
            case Columns(left, right):
                self._columns(left, right)
            case Fields(rows):
                self._fields(rows)
            case Table(rows):
                self._table(rows)
            case Space(height):
                self._y += height
            case NewPage():
                self._new_page()
            case Sign(signers):
                self._sign(signers)
            case Foot(text):
                self._foot = text
                self._draw_foot()

    def _new_page(self) -> None:
        self._canvas.new_page()
        self._page += 1
        self._y = self._style.margin
        self._draw_foot()

    def _draw_foot(self) -> None:
        if self._foot:
            width = self._canvas.width(self._foot, 8)
            self._canvas.text((A4[0] - width) / 2, A4[1] - 30, self._foot, 8)

    def _need(self, height: float) -> None:
        if self._y + height > A4[1] - self._style.margin:
            self._new_page()

    def _width(self, words: str) -> float:
        return self._canvas.width(words, self._style.size)

    def _line(self, x: float, words: str, *, bold: bool = False) -> None:
        self._y += self._pitch
        self._canvas.text(x, self._y, words, self._style.size, bold=bold)

    def _centred(self, text: str, size: float, *, bold: bool) -> None:
        self._y += size * 1.3
        width = self._canvas.width(text, size, bold=bold)
        self._canvas.text((A4[0] - width) / 2, self._y, text, size, bold=bold)
        self._y += size * 0.5

    def _head(self, lines: tuple[str, ...]) -> None:
        for number, text in enumerate(lines):
            self._centred(text, 15 if number == 0 else 9, bold=number == 0)
        self._canvas.line(self._left, self._y + 4, self._right, self._y + 4)
        self._y += 16

    def _wrapped(self, text: str, width: float) -> list[str]:
        lines, line = [], ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and self._width(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        return [*lines, line]

    def _paragraph(self, left: float, right: float, text: str) -> None:
        for line in self._wrapped(text, right - left):
            self._need(self._pitch)
            self._line(left, line)
        self._y += self._pitch * 0.5

    def _columns(self, left: str, right: str) -> None:
        start, page, middle = self._y, self._page, (self._left + self._right) / 2
        self._paragraph(self._left, middle - 12, left)
        deepest = self._y
        if self._page == page:
            self._y = start
        self._paragraph(middle + 12, self._right, right)
        self._y = max(deepest, self._y)

    def _fields(self, rows: tuple[tuple[str, str], ...]) -> None:
        for name, value in rows:
            self._need(self._pitch)
            self._line(self._left + 12, name)
            self._canvas.text(self._left + 150, self._y, f": {value}", self._style.size)
        self._y += self._pitch * 0.5

    def _table(self, rows: tuple[tuple[str, ...], ...]) -> None:
        step = (self._right - self._left) / len(rows[0])
        height = self._pitch * 1.3
        for row in rows:
            self._need(height)
            for number, cell in enumerate(row):
                x = self._left + number * step
                self._canvas.text(x + 4, self._y + self._pitch, cell, self._style.size)
                self._frame(x, self._y, x + step, self._y + height)
            self._y += height
        self._y += self._pitch

    def _frame(self, x0: float, y0: float, x1: float, y1: float) -> None:
        for line in ((x0, y0, x1, y0), (x1, y0, x1, y1), (x0, y1, x1, y1), (x0, y0, x0, y1)):
            self._canvas.line(*line)

    def _sign(self, signers: tuple[Signer, ...]) -> None:
        self._need(max(one.room + self._pitch * (len(one.before) + len(one.after) + 1) for one in signers))
        start, deepest = self._y, self._y
        for signer in signers:
            self._y = start
            self._signer(signer)
            deepest = max(deepest, self._y)
        self._y = deepest + self._pitch

    def _signer(self, signer: Signer) -> None:
        left = self._left + signer.at * (self._right - self._left)
        width = min(signer.width, self._right - left)
        for text in signer.before:
            self._line(self._beside(left, width, text, signer), text)
        top, bottom = self._y + self._style.size * 0.3, self._y + signer.room
        self.rooms.append(Room(page=self._page, box=(left, A4[1] - bottom, left + width, A4[1] - top)))
        if signer.waiting:
            self._waiting(signer, left, width, (top + bottom) / 2)
        if signer.ruled:
            self._canvas.line(left, bottom, left + width, bottom)
        self._y = bottom
        for text in signer.after:
            self._line(self._beside(left, width, text, signer), text)

    def _beside(self, left: float, width: float, text: str, signer: Signer) -> float:
        return left + max(0.0, (width - self._width(text)) / 2) if signer.centred else left

    def _waiting(self, signer: Signer, left: float, width: float, middle: float) -> None:
        words = self._canvas.width(signer.waiting, 9)
        x = left + max(0.0, (width - words) / 2) if signer.centred else left + 4
        self._canvas.text(x, middle + 3, signer.waiting, 9)
        if signer.framed:
            self._frame(x - 4, middle - 16, x + words + 4, middle + 16)
