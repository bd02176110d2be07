"""Midtrans Core API v2 over HTTP: charge, status, cancel, expire, refund, the QR code's picture."""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from sandbox.gateway import channels, qris
from sandbox.gateway.charges import Payment
from sandbox.gateway.till import GatewayError, Till

_ORDER_ID = re.compile(r"[A-Za-z0-9_~.-]{1,50}")
_UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Details(msgspec.Struct):
    order_id: str
    gross_amount: int


class _Expiry(msgspec.Struct):
    expiry_duration: int = 15
    unit: str = "minute"
    order_time: str = ""  # "2026-09-05 14:05:00 +0700"; empty: now

    def ends_at(self, now: float) -> float:
        """When the charge ends, in seconds since 1970. Raises: GatewayError 400."""
        try:
            began = datetime.strptime(self.order_time, "%Y-%m-%d %H:%M:%S %z") if self.order_time else None
            seconds = self.expiry_duration * _UNIT_SECONDS[self.unit]
        except (ValueError, KeyError):
            raise GatewayError(400, "custom_expiry is invalid.") from None
        return (began.timestamp() if began else now) + seconds


class _Item(msgspec.Struct):
    price: int
    quantity: int
    name: str = ""


class _Bank(msgspec.Struct):
    bank: str = ""


class _Charge(msgspec.Struct):
    payment_type: str
    transaction_details: _Details
    item_details: list[_Item] = []
    custom_expiry: _Expiry | None = None
    bank_transfer: _Bank | None = None


class _Refund(msgspec.Struct):
    refund_key: str = ""
    amount: int = 0
    reason: str = ""


class CoreApi:
    """The routes under /v2. `public_url` is where the twin's own pages and pictures are."""

    def __init__(self, till: Till, *, server_key: str, public_url: str) -> None:
        self.till = till
        self.public_url = public_url
        self._authorization = basic_authorization(server_key)

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.post("/v2/charge", self._guarded(self.charge)),
            web.get("/v2/{key}/status", self._guarded(self.status)),
            web.post("/v2/{key}/cancel", self._guarded(self.cancel)),
            web.post("/v2/{key}/expire", self._guarded(self.expire)),
            web.post("/v2/{key}/refund", self._guarded(self.refund)),
            web.post("/v2/{key}/refund/online/{way:direct}", self._guarded(self.refund)),
            web.get("/v2/{channel:qris|gopay}/{key}/qr-code", self.qr_code),
        ]

    async def charge(self, request: web.Request) -> web.StreamResponse:
        asked = _read(await request.read(), _Charge)
        order_id = asked.transaction_details.order_id
        channel, bank = self._check(asked)
        script = self.till.script
        await asyncio.sleep(script.of(order_id).charge_delay_seconds)
        if script.take(order_id, "charge_fails_next"):
            return failure()
        if script.take(order_id, "charge_in_process_next"):
            return in_process()
        expiry = asked.custom_expiry or _Expiry()
        payment = self.till.charge(
            order_id=order_id,
            channel=channel,
            bank=bank,
            amount=asked.transaction_details.gross_amount,
            name=asked.item_details[0].name if asked.item_details else "",
            expires_at=expiry.ends_at(self.till.clock()),
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        if script.take(order_id, "charge_answer_lost_next"):
            return cut(request)
        return _json(self._charged(payment))

    async def status(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        script = self.till.script
        await asyncio.sleep(script.of(key).status_delay_seconds)
        if script.take(key, "status_fails_next"):
            return failure()
        if script.take(key, "status_redirect_next"):
            raise web.HTTPFound("http://127.0.0.1:1/")
        if script.take(key, "status_garbled_next"):
            return web.Response(text="<html>Maintenance</html>", content_type="text/html")
        if script.take(key, "status_huge_next"):
            return await huge(request)
        payment = self.till.find(key)
        return _json(payment.as_midtrans() | {"actions": [self._pay_page(payment)]})

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        payment = self.till.cancel(self.till.find(request.match_info["key"]))
        return _json(payment.as_midtrans() | {"status_message": "Success, transaction is canceled"})

    async def expire(self, request: web.Request) -> web.StreamResponse:
        payment = self.till.expire(self.till.find(request.match_info["key"]))
        return _json(payment.as_midtrans() | {"status_message": "Success, transaction has expired"})

    async def refund(self, request: web.Request) -> web.StreamResponse:
        asked = _read(await request.read() or b"{}", _Refund)
        payment = self.till.find(request.match_info["key"])
        script = self.till.script
        if script.take(payment.order_id, "refund_fails_next"):
            return failure()
        if script.take(payment.order_id, "refund_in_process_next"):
            return in_process()
        made = self.till.refund(
            payment,
            refund_key=asked.refund_key or uuid.uuid4().hex,
            amount=asked.amount or payment.amount,
            reason=asked.reason,
            directly="way" in request.match_info,
        )
        if script.take(payment.order_id, "refund_answer_lost_next"):
            return cut(request)
        body = payment.as_midtrans() | {
            "status_message": "Success, refund request is approved",
            "refund_chargeback_id": made.number,
            "refund_amount": f"{made.amount}.00",
            "refund_key": made.refund_key,
        }
        body.pop("refunds", None)
        return _json(body)

    async def qr_code(self, request: web.Request) -> web.StreamResponse:
        payment = self.till.book.find(request.match_info["key"])
        if payment is None or payment.channel != request.match_info["channel"]:
            raise web.HTTPNotFound
        return web.Response(body=qris.png(payment.qr_string), content_type="image/png")

    def _check(self, asked: _Charge) -> tuple[str, str]:
        """Midtrans' payment type, and the bank of a transfer. Raises: GatewayError 400 or 402."""
        details = asked.transaction_details
        items = sum(item.price * item.quantity for item in asked.item_details)
        if not _ORDER_ID.fullmatch(details.order_id) or details.gross_amount < 1:
            raise GatewayError(400, "One or more parameters in the payload is invalid.")
        if asked.item_details and items != details.gross_amount:
            raise GatewayError(400, "gross_amount is not equal to the sum of item_details")
        bank = asked.bank_transfer.bank if asked.bank_transfer else ""
        if not channels.is_offered(asked.payment_type, bank):
            raise GatewayError(402, "Payment channel is not activated.")
        return asked.payment_type, bank if asked.payment_type == "bank_transfer" else ""

    def _charged(self, payment: Payment) -> dict[str, Any]:
        said = channels.created(payment, self.public_url)
        return payment.as_midtrans() | said | {"actions": [*said["actions"], self._pay_page(payment)]}

    def _pay_page(self, payment: Payment) -> dict[str, str]:
        """An action that Midtrans doesn't have: where a person pays at this twin."""
        url = f"{self.public_url}/pay/{payment.transaction_id}"
        return {"name": "sandbox-payment-page", "method": "GET", "url": url}

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            said = request.headers.get("Authorization", "")
            try:
                if not hmac.compare_digest(said.encode(), self._authorization):
                    raise GatewayError(401, "Transaction cannot be authorized with the current key.")
                return await handler(request)
            except GatewayError as error:
                body = {"status_code": str(error.code), "status_message": error.message}
                return _json(body | {"id": str(uuid.uuid4())}, status=error.code)

        return guarded


def basic_authorization(key: str) -> bytes:
    """The Authorization header for a key: the user name, with an empty password."""
    return b"Basic " + base64.b64encode(f"{key}:".encode())


def failure() -> web.Response:
    """Midtrans' 500."""
    body = {"status_code": "500", "status_message": "Sorry, we encountered internal server error."}
    return _json(body, status=500)


def in_process() -> web.Response:
    """Midtrans' 202 for a repeat that comes while the first request is still being done."""
    return _json({"status_code": "202", "status_message": "The request is being processed."}, status=202)


def cut(request: web.Request) -> web.StreamResponse:
    """Cuts the connection: the caller never learns what happened."""
    if request.transport is not None:
        request.transport.abort()
    raise web.HTTPInternalServerError


async def huge(request: web.Request) -> web.StreamResponse:
    """An answer of 100 MB."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    piece = b" " * 65536
    try:
        for _ in range(1600):
            await answer.write(piece)
    except ConnectionError:
        pass
    return answer


def _read[T](body: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise GatewayError(400, "One or more parameters in the payload is invalid.") from None


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
