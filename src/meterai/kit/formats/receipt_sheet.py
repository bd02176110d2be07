"""Parts of a receipt on A4, designed like the site: head, parties, facts, sums, foot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from meterai.kernel.money import format_rupiah

if TYPE_CHECKING:
    from fpdf import FPDF

INK, SOFT, LINE, ACCENT, WASH = (
    (33, 26, 36),
    (92, 83, 97),
    (216, 209, 217),
    (134, 19, 74),
    (250, 238, 244),
)
"""The colours of the site's stylesheet: --ink, --soft, --line, --accent, --accent-wash."""
LEFT, _RIGHT, _COLUMN = 20.0, 190.0, 80.0
_ROW = 8.0


def new_sheet(title: str, made_at: datetime) -> FPDF:
    """An empty page. The same time gives the same bytes. The first call loads the library: half a second."""
    from fpdf import FPDF  # a rare path; its libraries are heavy

    sheet = FPDF(format="A4")
    sheet.set_creation_date(made_at)
    sheet.set_title(title)
    sheet.set_margin(LEFT)
    sheet.c_margin = 0  # text begins where lines and fills do
    sheet.set_auto_page_break(auto=True, margin=20)
    sheet.add_page()
    return sheet


def head(sheet: FPDF, *, title: str, number: str, logo: bytes) -> None:
    """The mark and the name as on the site, the title and the number on the right. `logo`: SVG."""
    if logo:
        sheet.image(logo, x=LEFT, y=17, w=13, h=13)
    pen(sheet, 19, bold=True)
    sheet.set_xy(LEFT + (16 if logo else 0), 18)
    sheet.cell(60, 11, "Meterai")
    pen(sheet, 19, ACCENT, bold=True)
    sheet.set_xy(100, 16)
    sheet.cell(90, 9, title, align="R")
    pen(sheet, 10, SOFT)
    sheet.set_xy(100, 25)
    sheet.cell(90, 6, number, align="R")
    sheet.set_fill_color(*ACCENT)
    for step in range(57):  # the edge of a stamp
        sheet.ellipse(LEFT + 3 * step, 35.5, 1.3, 1.3, style="F")
    sheet.set_xy(LEFT, 43)


def parties(sheet: FPDF, who: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Up to two parties, side by side: what they are, and their lines."""
    top = ends = sheet.get_y()
    for place, (title, lines) in enumerate(who):
        _party(sheet, LEFT + 90 * place, top, title, lines)
        ends = max(ends, sheet.get_y())
    sheet.set_xy(LEFT, ends + 5)


def _party(sheet: FPDF, left: float, top: float, title: str, lines: Sequence[str]) -> None:
    sheet.set_xy(left, top)
    pen(sheet, 9, SOFT)
    sheet.cell(_COLUMN, 5, title)
    sheet.set_xy(left, top + 5)
    for number, line in enumerate(lines):
        pen(sheet, 11 if number == 0 else 10, bold=number == 0)
        sheet.set_x(left)
        sheet.multi_cell(_COLUMN, 5.5, latin(line), align="L", new_x="LEFT", new_y="NEXT")


def fact_lines(sheet: FPDF, facts: Iterable[tuple[str, str]]) -> None:
    """Lines of a label and a value."""
    for label, value in facts:
        pen(sheet, 10, SOFT)
        sheet.cell(50, 6.5, label)
        pen(sheet, 10)
        sheet.multi_cell(0, 6.5, latin(value), align="L", new_x="LMARGIN", new_y="NEXT")
    sheet.ln(5)


def total(sheet: FPDF, label: str, amount: int) -> None:
    """The sum of all rows, on a field of its own."""
    sheet.set_fill_color(*WASH)
    sheet.rect(LEFT, sheet.get_y(), _RIGHT - LEFT, 12, style="F", round_corners=True, corner_radius=2)
    sheet.set_x(LEFT + 3)
    pen(sheet, 13, bold=True)
    sheet.cell(100, 12, label)
    sheet.cell(_RIGHT - LEFT - 106, 12, format_rupiah(amount), align="R", new_x="LMARGIN", new_y="NEXT")
    sheet.ln(3)


def foot(sheet: FPDF, lines: Iterable[str]) -> None:
    """Small lines below a rule."""
    sheet.ln(4)
    rule(sheet)
    sheet.ln(2)
    pen(sheet, 9, SOFT)
    for line in filter(None, lines):
        sheet.multi_cell(0, 5, latin(line), align="L", new_x="LMARGIN", new_y="NEXT")


def row(sheet: FPDF, label: str, amount: int) -> None:
    """A label and its sum."""
    pen(sheet, 11)
    sheet.cell(120, _ROW, label)
    sheet.cell(0, _ROW, format_rupiah(amount), align="R", new_x="LMARGIN", new_y="NEXT")


def rule(sheet: FPDF) -> None:
    """A line over the width."""
    sheet.set_draw_color(*LINE)
    sheet.set_line_width(0.3)
    sheet.line(LEFT, sheet.get_y(), _RIGHT, sheet.get_y())


def pen(
    sheet: FPDF,
    size: float,
    colour: tuple[int, int, int] = INK,
    *,
    bold: bool = False,
    family: str = "helvetica",
) -> None:
    """Chooses font and colour of what follows."""
    sheet.set_font(family, style="B" if bold else "", size=size)
    sheet.set_text_color(*colour)


def latin(text: str) -> str:
    """The PDF's own fonts hold Latin-1 only."""
    return text.encode("latin-1", "replace").decode("latin-1")
