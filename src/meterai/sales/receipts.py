"""The receipt of an order as a PDF, designed like the site: seller, buyer, sums and serials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meterai.kernel.money import format_rupiah
from meterai.kit.formats.display import number_text
from meterai.kit.formats.receipt_sheet import (
    SOFT,
    fact_lines,
    foot,
    head,
    latin,
    new_sheet,
    parties,
    pen,
    row,
    rule,
    total,
)
from meterai.sales.buyer import Buyer
from meterai.sales.model import IN_DOUBT, RefundState
from meterai.sales.order import Order, Payment, Refund
from meterai.texts.channels import CHANNEL_NAMES
from meterai.texts.mechanism.languages import known_language
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.receipts import RECEIPT

if TYPE_CHECKING:
    from fpdf import FPDF

_REFUNDS = {RefundState.PAID: "refund", RefundState.NEEDS_ACCOUNT: "refund_waits"}


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
    page = new_sheet(f"{words['title']} {order.number}", order.paid_at)
    head(page, title=words["title"], number=f"{words['order']} {order.number}", logo=facts.logo)
    parties(page, _parties(order, words, facts))
    paid = (words["paid_at"], moment_text(order.paid_at, language))
    channel = (words["channel"], translate(CHANNEL_NAMES[payment.channel], language))
    fact_lines(page, (paid, channel, (words["reference"], payment.reference)))
    _sums(page, order, words, language=language)
    _what_followed(page, order, payment, words, language=language)
    _serials(page, facts.documents, words)
    foot(page, (words["face"], facts.site))
    return bytes(page.output())


def _parties(order: Order, words: Mapping[str, str], facts: ReceiptFacts) -> list[tuple[str, list[str]]]:
    """Seller and buyer."""
    found = [(words["seller"], [facts.seller, facts.address])] if facts.seller else []
    lines = []
    if facts.buyer is not None:
        lines = [facts.buyer.name] + (
            [f"{words['npwp']} {facts.buyer.npwp_text}"] if facts.buyer.npwp else []
        )
    if order.contact is not None:
        lines.append(order.contact.masked.replace("•", "*"))
    return [*found, (words["buyer"], lines)] if lines else found


def _sums(page: FPDF, order: Order, words: Mapping[str, str], *, language: str) -> None:
    pieces = number_text(order.quantity, language)
    rule(page)
    row(page, words["pieces"].format(n=pieces), order.face_value)
    rule(page)
    row(page, words["fee"].format(n=pieces), order.fee)
    if order.vat:
        pen(page, 9, SOFT)
        page.cell(0, 5, f"{words['vat']}: {format_rupiah(order.vat)}", new_x="LMARGIN", new_y="NEXT")
        page.ln(2)
    total(page, words["total"], order.total)


def _what_followed(
    page: FPDF, order: Order, payment: Payment, words: Mapping[str, str], *, language: str
) -> None:
    """What became of the money since: taken back by the bank, or returned by us."""
    if payment.reversed_at is not None:
        taken_back = f"{words['reversed']}: {moment_text(payment.reversed_at, language)}"
        pen(page, 10, bold=True)
        page.multi_cell(0, 6, taken_back, align="L", new_x="LMARGIN", new_y="NEXT")
    for refund in order.refunds:
        if refund.item_id is not None and not refund.is_set_off:
            _refund(page, refund, words)


def _refund(page: FPDF, refund: Refund, words: Mapping[str, str]) -> None:
    on_its_way = "refund_held" if refund.failure_code in IN_DOUBT else "refund_open"
    row(page, words[_REFUNDS.get(refund.state, on_its_way)], -refund.amount)


def _serials(page: FPDF, documents: Sequence[Stamped], words: Mapping[str, str]) -> None:
    if not documents:
        return
    page.ln(3)
    pen(page, 11, bold=True)
    page.cell(0, 7, words["serials"], new_x="LMARGIN", new_y="NEXT")
    for document in documents:
        pen(page, 10, SOFT)
        page.multi_cell(0, 5.5, latin(document.name), align="L", new_x="LMARGIN", new_y="NEXT")
        pen(page, 10, family="courier")
        for serial in document.serials:
            page.cell(0, 5.5, str(serial), new_x="LMARGIN", new_y="NEXT")
        page.ln(1)
