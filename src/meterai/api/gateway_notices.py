"""Takes the notices that payment gateways send. Each gateway has an address of its own."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import Request, post
from litestar.exceptions import HTTPException

from meterai.api.conventions.operations import JSON, operation
from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.use_cases.receive_notice import NoticeReceipt, receive_notice

log = structlog.get_logger(__name__)
NOTICE_BYTES_MAX = 16 * 1024


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """Says that the notice is stored; `new` is false for one that came before."""

    status: str = "ok"
    new: bool


_TAKEN = operation(
    scope=None,
    body=(JSON,),
    refuses={
        "api.not_found": Kind.NOT_FOUND,
        "payment.notice_forged": Kind.FORBIDDEN,
        "payment.notice_unreadable": Kind.INVALID,
    },
)


@post(
    "/api/v1/gateways/{gateway:str}/notices",
    status_code=200,
    request_max_body_size=NOTICE_BYTES_MAX,
    opt=_TAKEN,
)
async def receive_gateway_notice(
    request: Request[Any, Any, Any], gateway: str, service: Service
) -> Acknowledged:
    """Takes a notice of the payment gateway of this name.

    The signature is checked. 200 says that the notice is stored: what follows is our work, by polling if need
    be. A notice has at most 16 KB.
    """
    return await _receive(request, gateway, service)


@post(
    "/api/v1/payments/midtrans/notices",
    status_code=200,
    request_max_body_size=NOTICE_BYTES_MAX,
    opt=_TAKEN,
)
async def receive_midtrans_notice(request: Request[Any, Any, Any], service: Service) -> Acknowledged:
    """Takes a notice of Midtrans, at the address that stands in its dashboard."""
    return await _receive(request, "midtrans", service)


async def _receive(request: Request[Any, Any, Any], gateway: str, service: Service) -> Acknowledged:
    try:
        receipt = await _store(request, gateway, service)
    except Refusal as refusal:
        log.warning("payment_notice_refused", code=refusal.code)
        raise
    return Acknowledged(new=receipt.new)


async def _store(request: Request[Any, Any, Any], gateway: str, service: Service) -> NoticeReceipt:
    now = service.clock()
    raw = await _read(request)
    if gateway != service.gateway.name:
        raise Refusal(Kind.NOT_FOUND, "api.not_found")
    return await receive_notice(service.db, service.gateway, raw, dict(request.headers), now=now)


async def _read(request: Request[Any, Any, Any]) -> bytes:
    try:
        return await request.body()
    except HTTPException as error:  # more than NOTICE_BYTES_MAX
        raise Refusal(Kind.INVALID, "payment.notice_unreadable") from error
