"""Buying quota, to stamp later."""

from __future__ import annotations

import secrets

from litestar import Response, get, post

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.status import http_status
from meterai.sales.use_cases.add_item import set_quota
from meterai.sales.use_cases.open_order import open_order
from meterai.web.account.sign_in import told
from meterai.web.line.event_entry import bind_order, order_of_pass
from meterai.web.line.general_shop import enter_shop, general_hint, take_place
from meterai.web.orders.access import customer_of, keep_order, kept_orders, owner_of
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/kuota")
async def show_quota(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for the number of pieces."""
    allowed = await enter_shop(request, context, "quota")
    if isinstance(allowed, Response):
        return allowed
    if (begun := await order_of_pass(request, context, allowed, "quota")) is not None:
        return context.redirect(request, begun)
    return _page(request, context, allowed.submit_id, "1", general=general_hint(context, allowed))


@post("/kuota", status_code=303)
async def take_quota(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Opens an order for quota."""
    form = await context.form(request)
    submit_id = form.text("kiriman")[:64] or secrets.token_urlsafe(18)
    service, now = context.service, context.service.clock()
    pieces = form.number("jumlah")
    if pieces < 1:
        refusal = Refusal(Kind.INVALID, "quota.none")
        return _page(request, context, submit_id, form.text("jumlah"), refusal)
    allowed = await enter_shop(request, context, "quota", sent=submit_id)
    if not isinstance(allowed, Response):
        allowed = await take_place(request, context, allowed)
    if isinstance(allowed, Response):
        return allowed
    customer = await customer_of(context, request)
    order = await open_order(
        service.db,
        service.secret,
        submit_id=submit_id,
        flow="quota",
        event_slug=None,
        language=context.visit(request).language,
        owner=owner_of(customer),
        held=kept_orders(request).values(),
        now=now,
    )
    await bind_order(context, allowed, order.order_id)
    cookies = keep_order(context, request, order.number, order.token)
    if order.state != "draft":  # an old form, sent again after its order was placed
        return context.redirect(request, f"/pesanan/{order.number}", cookies=cookies)
    try:
        await set_quota(service.db, order.order_id, pieces, price_list=service.price_list, now=now)
    except Refusal as refusal:
        return _page(request, context, submit_id, form.text("jumlah"), refusal)
    step = "bayar" if customer else "kontak"
    return context.redirect(request, f"/pesanan/{order.number}/{step}", cookies=cookies)


def _page(
    request: WebRequest,
    context: RequestContext,
    submit_id: str,
    pieces: str,
    refusal: Refusal | None = None,
    *,
    general: int = 0,
) -> Response[bytes]:
    status = http_status(refusal)
    return context.page(
        request,
        "quota.html",
        status=status,
        submit_id=submit_id,
        pieces=pieces,
        general=general,
        **told(refusal),
    )


ROUTES = [show_quota, take_quota]
