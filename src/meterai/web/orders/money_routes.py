""" "Where is my money?": the state of an order number or payment reference. No sign-in, no personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from litestar import Response, get

from meterai.kernel.ids import new_id
from meterai.kit.formats.display import JAKARTA
from meterai.sales.queries.money import MoneyAnswer, gateway_asked_at, where_is_my_money
from meterai.web.orders.access import customer_of
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
        missing=await _missing(request, context, found) if typed else None,
        private=bool(typed),
    )


@dataclass(frozen=True, slots=True)
class MissingMoney:
    """What the form of a case is filled with when no money was found."""

    asked_at: datetime | None
    paid_at: str
    """When the order's last payment was opened, as a field of a form has it; empty for an unknown number."""
    total: str
    contact: str
    form_id: str


async def _missing(
    request: WebRequest, context: RequestContext, found: MoneyAnswer | None
) -> MissingMoney | None:
    """None when we know where the money is."""
    if found is not None and not found.is_missing:
        return None
    customer = await customer_of(context, request)
    attempt = found.payments[-1] if found and found.payments else None
    return MissingMoney(
        asked_at=found.asked_at if found else await gateway_asked_at(context.service.db),
        paid_at=f"{attempt.created_at.astimezone(ZoneInfo(JAKARTA)):%Y-%m-%dT%H:%M}" if attempt else "",
        total=str(found.total) if found else "",
        contact=customer.contact.value if customer and customer.contact else "",
        form_id=str(new_id(context.service.clock())),
    )


ROUTES = [show_money]
