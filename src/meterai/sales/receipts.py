"""The receipt of an order as a PDF, designed like the site: seller, buyer, sums and serials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from meterai.kernel.money import format_rupiah
from meterai.kit.formats.display import number_text
from meterai.sales.buyer import Buyer
from meterai.sales.model import IN_DOUBT, RefundState
from meterai.sales.order import Order, Payment, Refund
from meterai.texts.mechanism.languages import known_language
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.receipts import RECEIPT

if TYPE_CHECKING:
    from fpdf import FPDF

_REFUNDS = {RefundState.PAID: "refund", RefundState.NEEDS_ACCOUNT: "refund_waits"}
_INK, _SOFT, _LINE, _ACCENT, _WASH = (
    (33, 26, 36),
    (92, 83, 97),
    (216, 209, 217),
    (134, 19, 74),
    (250, 238, 244),
)
"""The colours of the site's stylesheet: --ink, --soft, --line, --accent, --accent-wash."""
_LEFT, _RIGHT, _COLUMN = 20.0, 190.0, 80.0
_ROW = 8.0


@dataclass(frozen=True, slots=True)
class Stamped:
    """A document and the serials of its stamps."""

    name: str
    serials: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFacts:
    """What a receipt says beside its order."""

    seller: str = ""
    address: str = ""
    site: str = ""
    buyer: Buyer | None = None
    documents: Sequence[Stamped] = ()
    logo: bytes = b""
    """The mark as SVG."""


_NO_FACTS: Final = ReceiptFacts()


def receipt_pdf(order: Order, language: str, facts: ReceiptFacts = _NO_FACTS) -> bytes:
    """The receipt of a paid order on A4.

    The same order gives the same bytes. The order must be paid. The first call takes half a second, for it
    loads the library: it does not belong in a server's loop.
    """
    payment = order.credited_payment
    assert payment is not None
    assert order.paid_at is not None
    language = known_language(language)
    words = {name: translate(sentence, language) for name, sentence in RECEIPT.items()}
    page = _page(f"{words['title']} {order.number}", order.paid_at)
    _head(page, order, words, facts)
    _parties(page, order, words, facts)
    _facts(page, order, payment, words, language=language)
    _sums(page, order, words, language=language)
    _what_followed(page, order, payment, words, language=language)
    _serials(page, facts.documents, words)
    _foot(page, words, facts)
    return bytes(page.output())


def _page(title: str, made_at: datetime) -> FPDF:
    from fpdf import FPDF  # a rare path; its libraries are heavy

    page = FPDF(format="A4")
    page.set_creation_date(made_at)
    page.set_title(title)
    page.set_margin(_LEFT)
    page.c_margin = 0  # text begins where lines and fills do
    page.set_auto_page_break(auto=True, margin=20)
    page.add_page()
    return page


def _head(page: FPDF, order: Order, words: Mapping[str, str], facts: ReceiptFacts) -> None:
    """The mark and the name as on the site, and the receipt's title on the right."""
    if facts.logo:
        page.image(facts.logo, x=_LEFT, y=17, w=13, h=13)
    _pen(page, 19, bold=True)
    page.set_xy(_LEFT + (16 if facts.logo else 0), 18)
    page.cell(60, 11, "Meterai")
    _pen(page, 19, _ACCENT, bold=True)
    page.set_xy(100, 16)
    page.cell(90, 9, words["title"], align="R")
    _pen(page, 10, _SOFT)
    page.set_xy(100, 25)
    page.cell(90, 6, f"{words['order']} {order.number}", align="R")
    page.set_fill_color(*_ACCENT)
    for step in range(57):  # the edge of a stamp
        page.ellipse(_LEFT + 3 * step, 35.5, 1.3, 1.3, style="F")
    page.set_xy(_LEFT, 43)


def _parties(page: FPDF, order: Order, words: Mapping[str, str], facts: ReceiptFacts) -> None:
    """Seller and buyer, side by side."""
    top = page.get_y()
    if facts.seller:
        _party(page, _LEFT, top, words["seller"], [facts.seller, facts.address])
    ends = page.get_y()
    lines = []
    if facts.buyer is not None:
        lines = [facts.buyer.name] + (
            [f"{words['npwp']} {facts.buyer.npwp_text}"] if facts.buyer.npwp else []
        )
    if order.contact is not None:
        lines.append(order.contact.masked.replace("•", "*"))
    if lines:
        _party(page, _LEFT + 90 if facts.seller else _LEFT, top, words["buyer"], lines)
    page.set_xy(_LEFT, max(ends, page.get_y()) + 5)


def _party(page: FPDF, left: float, top: float, title: str, lines: Sequence[str]) -> None:
    page.set_xy(left, top)
    _pen(page, 9, _SOFT)
    page.cell(_COLUMN, 5, title)
    page.set_xy(left, top + 5)
    for number, line in enumerate(lines):
        _pen(page, 11 if number == 0 else 10, bold=number == 0)
        page.set_x(left)
        page.multi_cell(_COLUMN, 5.5, _latin(line), align="L", new_x="LEFT", new_y="NEXT")


def _facts(page: FPDF, order: Order, payment: Payment, words: Mapping[str, str], *, language: str) -> None:
    assert order.paid_at is not None
    for label, value in (
        (words["paid_at"], moment_text(order.paid_at, language)),
        (words["channel"], words[payment.channel]),
        (words["reference"], payment.reference),
    ):
        _pen(page, 10, _SOFT)
        page.cell(50, 6.5, label)
        _pen(page, 10)
        page.multi_cell(0, 6.5, _latin(value), align="L", new_x="LMARGIN", new_y="NEXT")
    page.ln(5)


def _sums(page: FPDF, order: Order, words: Mapping[str, str], *, language: str) -> None:
    pieces = number_text(order.quantity, language)
    _rule(page)
    _row(page, words["pieces"].format(n=pieces), order.face_value)
    _rule(page)
    _row(page, words["fee"].format(n=pieces), order.fee)
    if order.vat:
        _pen(page, 9, _SOFT)
        page.cell(0, 5, f"{words['vat']}: {format_rupiah(order.vat)}", new_x="LMARGIN", new_y="NEXT")
        page.ln(2)
    page.set_fill_color(*_WASH)
    page.rect(_LEFT, page.get_y(), _RIGHT - _LEFT, 12, style="F", round_corners=True, corner_radius=2)
    page.set_x(_LEFT + 3)
    _pen(page, 13, bold=True)
    page.cell(100, 12, words["total"])
    page.cell(_RIGHT - _LEFT - 106, 12, format_rupiah(order.total), align="R", new_x="LMARGIN", new_y="NEXT")
    page.ln(3)


def _what_followed(
    page: FPDF, order: Order, payment: Payment, words: Mapping[str, str], *, language: str
) -> None:
    """What became of the money since: taken back by the bank, or returned by us."""
    if payment.reversed_at is not None:
        taken_back = f"{words['reversed']}: {moment_text(payment.reversed_at, language)}"
        _pen(page, 10, bold=True)
        page.multi_cell(0, 6, taken_back, align="L", new_x="LMARGIN", new_y="NEXT")
    for refund in order.refunds:
        if refund.item_id is not None and not refund.is_set_off:
            _refund(page, refund, words)


def _refund(page: FPDF, refund: Refund, words: Mapping[str, str]) -> None:
    on_its_way = "refund_held" if refund.failure_code in IN_DOUBT else "refund_open"
    _row(page, words[_REFUNDS.get(refund.state, on_its_way)], -refund.amount)


def _serials(page: FPDF, documents: Sequence[Stamped], words: Mapping[str, str]) -> None:
    if not documents:
        return
    page.ln(3)
    _pen(page, 11, bold=True)
    page.cell(0, 7, words["serials"], new_x="LMARGIN", new_y="NEXT")
    for document in documents:
        _pen(page, 10, _SOFT)
        page.multi_cell(0, 5.5, _latin(document.name), align="L", new_x="LMARGIN", new_y="NEXT")
        _pen(page, 10, family="courier")
        for serial in document.serials:
            page.cell(0, 5.5, str(serial), new_x="LMARGIN", new_y="NEXT")
        page.ln(1)


def _foot(page: FPDF, words: Mapping[str, str], facts: ReceiptFacts) -> None:
    page.ln(4)
    _rule(page)
    page.ln(2)
    _pen(page, 9, _SOFT)
    for line in filter(None, (words["face"], facts.site)):
        page.multi_cell(0, 5, _latin(line), align="L", new_x="LMARGIN", new_y="NEXT")


def _row(page: FPDF, label: str, amount: int) -> None:
    _pen(page, 11)
    page.cell(120, _ROW, label)
    page.cell(0, _ROW, format_rupiah(amount), align="R", new_x="LMARGIN", new_y="NEXT")


def _rule(page: FPDF) -> None:
    page.set_draw_color(*_LINE)
    page.set_line_width(0.3)
    page.line(_LEFT, page.get_y(), _RIGHT, page.get_y())


def _pen(
    page: FPDF,
    size: float,
    colour: tuple[int, int, int] = _INK,
    *,
    bold: bool = False,
    family: str = "helvetica",
) -> None:
    page.set_font(family, style="B" if bold else "", size=size)
    page.set_text_color(*colour)


def _latin(text: str) -> str:
    """The PDF's own fonts hold Latin-1 only."""
    return text.encode("latin-1", "replace").decode("latin-1")
