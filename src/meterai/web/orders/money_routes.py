""" "Where is my money?": the state of an order number or payment reference. No sign-in, no personal data."""

from __future__ import annotations

from litestar import Response, get

from meterai.sales.queries.money import where_is_my_money
from meterai.web.orders.order_view import payment_name, refund_name, state_name
from meterai.web.requests.request_context import RequestContext, WebRequest


@get("/uang")
async def show_money(request: WebRequest, context: RequestContext) -> Response[bytes]:
    """Shows the form, and the answer when a number was typed."""
    typed = request.query_params.get("nomor", "").strip()[:80]
    found = await where_is_my_money(context.service.db, typed) if typed else None
    status = 404 if typed and found is None else 200
    name = ""
    if found is not None:
        name = state_name(
            found.state,
            found.flow,
            found.items,
            is_reversed=found.is_reversed,
            has_unused=found.has_unused,
        )
    return context.page(
        request,
        "money.html",
        status=status,
        typed=typed,
        answer=found,
        name=name,
        payment_name=payment_name,
        refund_name=refund_name,
        private=bool(typed),
    )


ROUTES = [show_money]
