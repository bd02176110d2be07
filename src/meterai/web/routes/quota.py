"""Buy quota now, stamp later."""

from __future__ import annotations

import secrets

from litestar import Response, get, post

from meterai.kernel.errors import Kind, Refusal
from meterai.sales.use_cases.add_item import set_quota
from meterai.sales.use_cases.open_order import open_order
from meterai.web.access import customer_of, keep_order
from meterai.web.desk import STATUS, Desk, WebRequest
from meterai.web.sign_in import told


@get("/kuota")
async def show_quota(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Asks how many pieces."""
    return _page(request, desk, secrets.token_urlsafe(18), "1")


@post("/kuota", status_code=303)
async def take_quota(request: WebRequest, desk: Desk) -> Response[bytes]:
    """Opens an order of quota."""
    form = await desk.form(request)
    submit_id = form.text("kiriman")[:64] or secrets.token_urlsafe(18)
    house, now = desk.house, desk.house.clock()
    pieces = form.number("jumlah")
    if pieces < 1:
        refusal = Refusal(Kind.INVALID, "quota.none")
        return _page(request, desk, submit_id, form.text("jumlah"), refusal)
    order = await open_order(
        house.db,
        house.secret,
        submit_id=submit_id,
        flow="quota",
        event_slug=None,
        language=desk.visit(request).language,
        now=now,
    )
    try:
        await set_quota(house.db, order.order_id, pieces, price_list=house.price_list, now=now)
    except Refusal as refusal:
        return _page(request, desk, submit_id, form.text("jumlah"), refusal)
    known = await customer_of(desk, request)
    step = "bayar" if known else "kontak"
    cookie = keep_order(desk, request, order.number, order.token)
    return desk.go(request, f"/pesanan/{order.number}/{step}", cookies=[cookie])


def _page(
    request: WebRequest, desk: Desk, submit_id: str, pieces: str, refusal: Refusal | None = None
) -> Response[bytes]:
    status = STATUS[refusal.kind] if refusal else 200
    return desk.page(
        request, "quota.html", status=status, submit_id=submit_id, pieces=pieces, **told(refusal)
    )


ROUTES = [show_quota, take_quota]
