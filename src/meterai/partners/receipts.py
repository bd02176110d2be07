"""The receipt of a block as a PDF: giver, receiver, stamps, price and what is not paid yet."""

from __future__ import annotations

from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.formats.display import number_text
from meterai.kit.formats.receipt_sheet import (
    fact_lines,
    foot,
    head,
    new_sheet,
    parties,
    row,
    rule,
    total,
)
from meterai.partners.model import PaidBy
from meterai.partners.queries.block_receipts import BlockReceipt
from meterai.texts.mechanism.languages import known_language
from meterai.texts.mechanism.moments import moment_text
from meterai.texts.mechanism.translation import translate
from meterai.texts.partners import BLOCK_RECEIPT, PAID_BY


def block_receipt_pdf(receipt: BlockReceipt, language: str, *, site: str, logo: bytes) -> bytes:
    """The receipt of a block on A4. The same block gives the same bytes.

    The first call takes half a second, for it loads the library: it does not belong in a server's loop.
    """
    language = known_language(language)
    words = {name: translate(sentence, language) for name, sentence in BLOCK_RECEIPT.items()}
    block, number = receipt.block, write_id(Prefix.BLOCK, receipt.block.id)
    sheet = new_sheet(f"{words['title']} {number}", block.at)
    head(sheet, title=words["title"], number=number, logo=logo)
    npwp = [f"{words['npwp']} {receipt.receiver_npwp}"] if receipt.receiver_npwp else []
    parties(sheet, [(words["giver"], [receipt.giver]), (words["receiver"], [receipt.receiver, *npwp])])
    kept = block.pieces - block.returned
    counted = [(words["pieces"], number_text(block.pieces, language))]
    if block.returned:
        counted.append((words["returned"], number_text(block.returned, language)))
    paid_by = translate(PAID_BY[block.paid_by], language)
    at = (words["at"], moment_text(block.at, language))
    fact_lines(sheet, (at, (words["paid_by"], paid_by), *counted))
    pieces = number_text(kept, language)
    rule(sheet)
    row(sheet, words["price"].format(n=pieces), kept * block.unit_price)
    if block.service_fee:
        rule(sheet)
        row(sheet, words["fee"].format(n=pieces), kept * block.service_fee)
    total(sheet, words["total"], receipt.total)
    if block.paid_by is PaidBy.CREDIT:
        row(sheet, words["unpaid"], block.unpaid)
    foot(sheet, (words["vat"], site))
    return bytes(sheet.output())
