"""Receipts of an organisation's blocks: the list, one as a page, one as a PDF."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from litestar import Response, get

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.model import Block, Organisation
from meterai.partners.months import month_code, month_of
from meterai.partners.queries.block_receipts import BlockReceipt, block_receipt
from meterai.partners.queries.quota import blocks_of, find_block
from meterai.partners.receipts import block_receipt_pdf
from meterai.texts.partners import PAID_BY
from meterai.web.account.acting import organisation_of
from meterai.web.orders.order_routes import pdf_response
from meterai.web.pages.assets import FOLDER
from meterai.web.pages.paging import read_cursor, slice_of
from meterai.web.requests.request_context import RequestContext, WebRequest

PAGE = "/saya/blok"
SHOWN = 50
_MARK = FOLDER / "mark.svg"


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block in the list."""

    id: str
    pieces: int
    """Without what went back."""
    is_given: bool
    """The organisation gave it to one below."""
    paid_by: str
    unpaid: int
    at: datetime


@get(PAGE)
async def list_blocks(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Lists the blocks that the organisation got or gave, the newest first."""
    organisation = await organisation_of(request, context)
    cursor = read_cursor(request, "sebelum")
    async with context.service.db.connection() as connection:
        behind = await find_block(connection, cursor, seen_by=organisation.id) if cursor else None
        before = (behind.at, behind.id) if behind else None
        found = await blocks_of(connection, organisation.id, before=before, limit=SHOWN + 1)
    part = slice_of(found, SHOWN, lambda block: block.id, behind=behind.id if behind else None)
    return context.page(
        request,
        "blocks.html",
        part=part,
        blocks=[_row(block, organisation) for block in part.lines],
        private=True,
    )


@get(f"{PAGE}/{{id:uuid}}")
async def show_block(request: WebRequest, context: RequestContext, id: UUID) -> Response[bytes]:
    """Shows the receipt of a block."""
    receipt = await _receipt(request, context, id)
    return context.page(
        request,
        "block.html",
        receipt=receipt,
        block_id=write_id(Prefix.BLOCK, id),
        block_uuid=id,
        paid_by=PAID_BY[receipt.block.paid_by],
        month=month_code(month_of(receipt.block.at)),
        private=True,
    )


@get(f"{PAGE}/{{id:uuid}}/kuitansi.pdf")
async def download_receipt(request: WebRequest, context: RequestContext, id: UUID) -> Response[bytes]:
    """Answers with the receipt of a block as a PDF."""
    receipt = await _receipt(request, context, id)
    pdf = await asyncio.to_thread(
        block_receipt_pdf,
        receipt,
        context.visit(request).language,
        site=context.service.public_url,
        logo=_MARK.read_bytes(),
    )
    return pdf_response(pdf, f"kuitansi-{write_id(Prefix.BLOCK, id)}.pdf")


async def _receipt(request: WebRequest, context: RequestContext, id: UUID) -> BlockReceipt:
    """Raises: what `organisation_of` raises; Refusal NOT_FOUND `partner.block_unknown`, also for others'."""
    organisation = await organisation_of(request, context)
    receipt = await block_receipt(context.service.db, id, organisation_id=organisation.id)
    if receipt is None:
        raise Refusal(Kind.NOT_FOUND, "partner.block_unknown")
    return receipt


def _row(block: Block, organisation: Organisation) -> BlockRow:
    return BlockRow(
        id=str(block.id),
        pieces=block.pieces - block.returned,
        is_given=block.giver == organisation.id,
        paid_by=PAID_BY[block.paid_by],
        unpaid=block.unpaid,
        at=block.at,
    )


ROUTES = [list_blocks, show_block, download_receipt]
