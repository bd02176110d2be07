"""Programs that write letters: fpdf2, content streams by hand (pikepdf), and Chromium."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pikepdf
from fpdf import FPDF

from benchmarks.placing import by_browser
from benchmarks.placing.flow import lay_out
from benchmarks.placing.model import A4, Letter, Written

_BASE_FONTS = {
    "helvetica": ("Helvetica", "Helvetica-Bold"),
    "times": ("Times-Roman", "Times-Bold"),
    "courier": ("Courier", "Courier-Bold"),
}


class Writers:
    """All writers. Chromium is started for the first letter that needs it."""

    def __init__(self, chromium: Path) -> None:
        self._chromium = chromium
        self._browser: Any = None
        self._opened = ExitStack()

    def write(self, letter: Letter) -> Written:
        """Writes a letter with its program."""
        if letter.writer == "fpdf2":
            return lay_out(letter, _Fpdf(letter.style.font))
        if letter.writer == "pikepdf":
            return lay_out(letter, _ByHand(letter.style.font))
        if self._browser is None:
            self._browser = self._opened.enter_context(by_browser.started(self._chromium))
        return by_browser.write(self._browser, letter)

    def close(self) -> None:
        self._opened.close()


@contextmanager
def opened(chromium: Path) -> Iterator[Writers]:
    """The writers, until the block ends."""
    writers = Writers(chromium)
    try:
        yield writers
    finally:
        writers.close()


class _Fpdf:
    """Each line is one string."""

    def __init__(self, font: str) -> None:
        self._font = font
        self._pdf = FPDF(unit="pt", format="A4")
        self._pdf.set_auto_page_break(False)

    def new_page(self) -> None:
        self._pdf.add_page()

    def text(self, x: float, y: float, words: str, size: float, *, bold: bool = False) -> None:
        self._pdf.set_font(self._font, "B" if bold else "", size)
        self._pdf.text(x, y, words)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self._pdf.set_line_width(0.7)
        self._pdf.line(x0, y0, x1, y1)

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        self._pdf.set_font(self._font, "B" if bold else "", size)
        return float(self._pdf.get_string_width(words))

    def finish(self) -> bytes:
        return bytes(self._pdf.output())


class _ByHand:
    """Each word is placed apart and blanks are not written, as some old programs do it."""

    def __init__(self, font: str) -> None:
        self._font = font
        self._pages: list[bytearray] = []
        self._measure = FPDF(unit="pt", format="A4")

    def new_page(self) -> None:
        self._pages.append(bytearray())

    def text(self, x: float, y: float, words: str, size: float, *, bold: bool = False) -> None:
        blank = self.width(" ", size, bold=bold)
        for word in words.split(" "):
            shown = word.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            if shown:
                name = "FB" if bold else "F"
                operators = f"BT /{name} {size} Tf {x:.2f} {A4[1] - y:.2f} Td ({shown}) Tj ET\n"
                self._pages[-1] += operators.encode("latin-1")
            x += self.width(word, size, bold=bold) + blank

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self._pages[-1] += f"{x0:.2f} {A4[1] - y0:.2f} m {x1:.2f} {A4[1] - y1:.2f} l S\n".encode()

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        self._measure.set_font(self._font, "B" if bold else "", size)
        return float(self._measure.get_string_width(words))

    def finish(self) -> bytes:
        pdf = pikepdf.new()
        plain, bold = (_font(name) for name in _BASE_FONTS[self._font])
        for content in self._pages:
            page = pdf.add_blank_page(page_size=A4).obj
            page["/Resources"] = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=plain, FB=bold))
            page["/Contents"] = pdf.make_stream(bytes(content))
        pdf.save(out := io.BytesIO())
        return out.getvalue()


def _font(name: str) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type1,
        BaseFont=pikepdf.Name(f"/{name}"),
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )
