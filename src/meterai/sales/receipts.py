"""The receipt of an order as a PDF: what was paid, when, for what. No name, only the contact in part."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from meterai.kernel.money import format_rupiah
from meterai.sales.model import IN_DOUBT, RefundState
from meterai.sales.order import Order, Payment, Refund
from meterai.texts.mechanism.languages import known_language
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.receipts import RECEIPT

if TYPE_CHECKING:
    from fpdf import FPDF

_REFUNDS = {RefundState.PAID: "refund", RefundState.NEEDS_ACCOUNT: "refund_waits"}
_WIDE, _RIGHT, _LINE = 120, 50, 8


def receipt_pdf(order: Order, language: str) -> bytes:
    """The receipt of a paid order as one page of A4.

    The same order gives the same bytes. The order must be paid. The first call takes half a second, for it
    loads the library: it does not belong in a server's loop.
    """
    payment = order.credited_payment
    assert payment is not None
    assert order.paid_at is not None
    language = known_language(language)
    words = {name: translate(sentence, language) for name, sentence in RECEIPT.items()}
    page = _page(f"{words['title']} {order.number}", order.paid_at)
    _head(page, order, payment, words, language=language)
    _sums(page, order, words)
    if payment.reversed_at is not None:
        taken_back = f"{words['reversed']}: {moment_text(payment.reversed_at, language)}"
        page.multi_cell(0, 6, taken_back, align="L", new_x="LMARGIN", new_y="NEXT")
    for refund in order.refunds:
        if refund.item_id is not None and not refund.is_set_off:
            _refund(page, refund, words)
    page.ln(6)
    page.set_font("helvetica", size=9)
    page.cell(0, 5, words["face"])
    return bytes(page.output())


def _page(title: str, made_at: datetime) -> FPDF:
    from fpdf import FPDF  # a rare path; its libraries are heavy

    page = FPDF(format="A4")
    page.set_creation_date(made_at)
    page.set_title(title)
    page.set_margin(20)
    page.add_page()
    return page


def _head(page: FPDF, order: Order, payment: Payment, words: Mapping[str, str], *, language: str) -> None:
    page.set_font("helvetica", style="B", size=20)
    page.cell(0, 12, f"Meterai - {words['title']}", new_x="LMARGIN", new_y="NEXT")
    page.ln(4)
    page.set_font("helvetica", size=11)
    assert order.paid_at is not None
    lines = [
        (words["order"], order.number),
        (words["paid_at"], moment_text(order.paid_at, language)),
        (words["reference"], payment.reference),
        (words["channel"], words[payment.channel]),
    ]
    if order.contact is not None:
        lines.append((words["contact"], order.contact.masked.replace("•", "*")))
    for label, value in lines:
        page.cell(55, 7, label)
        page.multi_cell(0, 7, _latin(value), align="L", new_x="LMARGIN", new_y="NEXT")
    page.ln(4)


def _sums(page: FPDF, order: Order, words: Mapping[str, str]) -> None:
    page.line(20, page.get_y(), 190, page.get_y())
    _row(page, words["pieces"].format(n=order.quantity), order.face_value)
    _row(page, words["fee"].format(n=order.quantity), order.fee)
    if order.vat:
        page.set_font("helvetica", size=9)
        _row(page, f"   {words['vat']}: {format_rupiah(order.vat)}", None)
    page.line(20, page.get_y(), 190, page.get_y())
    page.set_font("helvetica", style="B", size=11)
    _row(page, words["total"], order.total)
    page.set_font("helvetica", size=11)


def _refund(page: FPDF, refund: Refund, words: Mapping[str, str]) -> None:
    on_its_way = "refund_held" if refund.failure_code in IN_DOUBT else "refund_open"
    _row(page, words[_REFUNDS.get(refund.state, on_its_way)], -refund.amount)


def _row(page: FPDF, label: str, amount: int | None) -> None:
    page.cell(_WIDE, _LINE, label)
    text = "" if amount is None else format_rupiah(amount)
    page.cell(_RIGHT, _LINE, text, align="R", new_x="LMARGIN", new_y="NEXT")


def _latin(text: str) -> str:
    """The PDF's own fonts hold Latin-1 only; contacts may be shown in part anyway."""
    return text.encode("latin-1", "replace").decode("latin-1")
