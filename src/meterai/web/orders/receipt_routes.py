"""The receipt of an order, as a page and as a PDF, and the buyer on it."""

from __future__ import annotations

import asyncio

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.kit.operator import operator_of
from meterai.sales.queries.buyers import buyer_of
from meterai.sales.queries.order_page import OrderPage, order_page
from meterai.sales.receipts import ReceiptFacts, Stamped, receipt_pdf
from meterai.sales.use_cases.name_buyer import name_buyer
from meterai.web.account.sign_in import told
from meterai.web.orders.access import open_order_page
from meterai.web.orders.buyer_form import fields_of_form, typed_buyer
from meterai.web.orders.order_routes import pdf_response, view_of
from meterai.web.pages.assets import FOLDER
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest

_MARK = FOLDER / "mark.svg"


@get("/pesanan/{number:str}/kuitansi")
async def show_receipt(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Shows the receipt."""
    return await _receipt_page(request, context, await _paid(request, context, number))


@post("/pesanan/{number:str}/kuitansi", status_code=303)
async def take_buyer(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Writes the buyer on the receipt, once."""
    form = await context.form(request)
    order = await _paid(request, context, number)
    try:
        buyer = typed_buyer(form)
        if buyer is None:
            raise Refusal(Kind.INVALID, "buyer.name_missing")
        await name_buyer(context.service.db, order.id, buyer, now=context.service.clock())
    except Refusal as refusal:
        return await _receipt_page(request, context, order, refusal, form)
    return context.redirect(request, f"/pesanan/{number}/kuitansi")


@get("/pesanan/{number:str}/kuitansi.pdf")
async def download_receipt(request: WebRequest, context: RequestContext, number: str) -> Response[bytes]:
    """Answers with the receipt as a PDF."""
    order = await _paid(request, context, number)
    view = await view_of(request, context, order)
    operator = operator_of(context.service.settings)
    facts = ReceiptFacts(
        seller=operator.name,
        address=operator.address,
        site=context.service.public_url,
        buyer=await buyer_of(context.service.db, order.id),
        documents=[Stamped(item.name, item.serials) for item in view.items if item.serials],
        logo=_MARK.read_bytes(),
    )
    receipt = await asyncio.to_thread(receipt_pdf, order, context.visit(request).language, facts)
    return pdf_response(receipt, f"kuitansi-{number}.pdf")


async def _paid(request: WebRequest, context: RequestContext, number: str) -> OrderPage:
    """The order, whose link is looked up afresh: a receipt names its buyer.

    Raises: Refusal NOT_FOUND `order.not_found`, `order.not_paid`.
    """
    key = await open_order_page(context, request, number, afresh=True)
    order = await order_page(context.service.db, key.order_id)
    if order.paid_at is None:
        raise Refusal(Kind.NOT_FOUND, "order.not_paid")
    return order


async def _receipt_page(
    request: WebRequest,
    context: RequestContext,
    order: OrderPage,
    refusal: Refusal | None = None,
    form: Form | None = None,
) -> Response[bytes]:
    return context.page(
        request,
        "receipt.html",
        status=http_status(refusal),
        view=await view_of(request, context, order),
        buyer=await buyer_of(context.service.db, order.id),
        typed=fields_of_form(form or Form()),
        private=True,
        **told(refusal),
    )


ROUTES = [show_receipt, take_buyer, download_receipt]
