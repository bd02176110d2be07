"""Takes what payment gateways send. Each gateway names its addresses and the form of its answers."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from litestar import Request, Response, post
from litestar.exceptions import HTTPException

from meterai.api.conventions.operations import JSON, operation
from meterai.api.dependencies import Service
from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.ports import PaymentGateway
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

_CALLED = operation(
    scope=None,
    body=(JSON,),
    gives=JSON,
    refuses={"api.not_found": Kind.NOT_FOUND},
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
    return Acknowledged(new=(await _receive(request, gateway, "/notices", service=service)).new)


@post(
    "/api/v1/payments/midtrans/notices",
    status_code=200,
    request_max_body_size=NOTICE_BYTES_MAX,
    opt=_TAKEN,
)
async def receive_midtrans_notice(request: Request[Any, Any, Any], service: Service) -> Acknowledged:
    """Takes a notice of Midtrans, at the address that stands in its dashboard."""
    return Acknowledged(new=(await _receive(request, "midtrans", "/notices", service=service)).new)


@post(
    "/api/v1/gateways/{gateway:str}/{call:path}",
    status_code=200,
    request_max_body_size=NOTICE_BYTES_MAX,
    opt=_CALLED,
)
async def answer_gateway_call(
    request: Request[Any, Any, Any], gateway: str, call: str, service: Service
) -> Response[bytes]:
    """Answers a payment gateway with a protocol of its own, in the form of that protocol.

    BI-SNAP fetches a token at `/v1.0/access-token/b2b`. Then it sends its notices, signed with it, to
    `/v1.0/transfer-va/payment` and `/v1.0/qr/qr-mpm-notify`.
    """
    try:
        reply = (await _receive(request, gateway, call, service=service)).reply
    except Refusal as refusal:
        reply = _gateway(gateway, call, service).refuse_notice(refusal, request.scope["path"])
        if reply is None:
            raise
    if reply is None:
        return Response(b"", status_code=204)
    return Response(reply.body, status_code=reply.status, media_type=JSON)


def _gateway(name: str, path: str, service: Service) -> PaymentGateway:
    gateway = service.gateways.find(name)
    if gateway is None or path not in gateway.notice_paths:
        raise Refusal(Kind.NOT_FOUND, "api.not_found")
    return gateway


async def _receive(
    request: Request[Any, Any, Any], name: str, call: str, *, service: Service
) -> NoticeReceipt:
    now, path = service.clock(), request.scope["path"]
    try:
        raw = await _read(request)
        gateway = _gateway(name, call, service)
        return await receive_notice(service.db, gateway, raw, dict(request.headers), path=path, now=now)
    except Refusal as refusal:
        log.warning("payment_notice_refused", code=refusal.code, **refusal.facts)
        raise


async def _read(request: Request[Any, Any, Any]) -> bytes:
    try:
        return await request.body()
    except HTTPException as error:  # more than NOTICE_BYTES_MAX
        raise Refusal(Kind.INVALID, "payment.notice_unreadable") from error
