"""Buying quota, to stamp later."""

from __future__ import annotations

import secrets

from litestar import Response, get, post

from meterai.kernel.refusals import Refusal
from meterai.kit.http.status import http_status
from meterai.sales.buyer import Buyer
from meterai.sales.use_cases.add_item import refuse_pieces, set_quota
from meterai.sales.use_cases.open_order import open_order
from meterai.web.account.sign_in import told
from meterai.web.line.event_entry import bind_order, order_of_pass
from meterai.web.line.general_shop import enter_shop, general_hint, take_place
from meterai.web.orders.access import customer_of, keep_order, kept_orders, owner_of
from meterai.web.orders.buyer_form import fields_of_form, typed_buyer
from meterai.web.organisation.acting_shop import organisation_instead
from meterai.web.requests.forms import Form
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/kuota")
async def show_quota(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Asks for the number of pieces."""
    if (for_organisation := await organisation_instead(request, context)) is not None:
        return for_organisation
    allowed = await enter_shop(request, context, "quota")
    if isinstance(allowed, Response):
        return allowed
    if (begun := await order_of_pass(request, context, allowed, "quota")) is not None:
        return context.redirect(request, begun)
    return _page(
        request,
        context,
        Form(fields={"kiriman": allowed.submit_id, "jumlah": "1"}),
        general=general_hint(context, allowed),
    )


@post("/kuota", status_code=303)
async def take_quota(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Opens an order for quota."""
    form = await context.form(request)
    if (for_organisation := await organisation_instead(request, context)) is not None:
        return for_organisation
    submit_id = form.fields["kiriman"] = form.text("kiriman")[:64] or secrets.token_urlsafe(18)
    service, now = context.service, context.service.clock()
    pieces = form.number("jumlah")
    try:
        buyer = _checked(pieces, form)
    except Refusal as refusal:
        return _page(request, context, form, refusal)
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
        await set_quota(service.db, order.order_id, pieces, buyer=buyer, now=now)
    except Refusal as refusal:
        return _page(request, context, form, refusal)
    step = "bayar" if customer else "kontak"
    return context.redirect(request, f"/pesanan/{order.number}/{step}", cookies=cookies)


def _checked(pieces: int, form: Form) -> Buyer | None:
    """The buyer in the form, before an order is opened. Raises: what `set_quota` and `typed_buyer` say."""
    buyer = typed_buyer(form)
    refuse_pieces(pieces, buyer)
    return buyer


def _page(
    request: WebRequest,
    context: RequestContext,
    form: Form,
    refusal: Refusal | None = None,
    *,
    general: int = 0,
) -> Response[bytes]:
    status = http_status(refusal)
    return context.page(
        request,
        "quota.html",
        status=status,
        submit_id=form.text("kiriman"),
        pieces=form.text("jumlah"),
        buyer=fields_of_form(form),
        general=general,
        **told(refusal),
    )


ROUTES = [show_quota, take_quota]
