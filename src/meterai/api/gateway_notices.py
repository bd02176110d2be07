"""Where the payment gateway sends its notices."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import Request, post
from litestar.exceptions import HTTPException

from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.use_cases.receive_notice import receive_notice
from meterai.sales.use_cases.settle_payment import settle_payment

log = structlog.get_logger(__name__)
NOTICE_BYTES_MAX = 16 * 1024


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """Says that the notice is stored; `new` is false for one that came before."""

    status: str = "ok"
    new: bool


@post("/api/v1/payments/midtrans/notices", status_code=200, request_max_body_size=NOTICE_BYTES_MAX)
async def receive_midtrans_notice(request: Request[Any, Any, Any], service: Service) -> Acknowledged:
    """Stores a notice (signature checked) and settles the payment it speaks of.

    Answers 200 once the notice is stored: what happens afterwards is ours to finish, by polling if need be.
    """
    now = service.clock()
    try:
        raw = await _read(request)
        receipt = await receive_notice(service.db, service.gateway, raw, dict(request.headers), now=now)
    except Refusal as refusal:
        log.warning("payment_notice_refused", code=refusal.code)
        raise
    try:
        await settle_payment(service.db, service.gateway, receipt.reference, clock=service.clock)
    except Refusal as refusal:
        log.warning("payment_left_to_polling", code=refusal.code, **refusal.facts)
    return Acknowledged(new=receipt.new)


async def _read(request: Request[Any, Any, Any]) -> bytes:
    try:
        return await request.body()
    except HTTPException as error:  # more than NOTICE_BYTES_MAX
        raise Refusal(Kind.INVALID, "payment.notice_unreadable") from error
