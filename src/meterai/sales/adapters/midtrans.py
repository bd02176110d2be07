"""Midtrans Core API v2: QRIS, virtual accounts and wallets (docs.midtrans.com, "Core API").

Midtrans puts its verdict in the body's `status_code`, whatever the HTTP status says; amounts are strings such
as "10000.00"; times are Jakarta's without a zone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from meterai.jail.pool import JailPool
from meterai.kernel.clock import Clock, system_clock
from meterai.kernel.money import Rupiah
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.kit.http.outside_service import CallLimits, CircuitBreaker, OutsideService
from meterai.kit.settings import Settings
from meterai.sales.adapters.midtrans_channels import (
    COSTS,
    asked_as,
    is_asked_for,
    means_of,
    refunds_are_closed,
)
from meterai.sales.adapters.midtrans_wire import (
    AMOUNT,
    JAKARTA,
    NOTICED_REFERENCE,
    REFERENCE,
    Transaction,
    amount_of,
    event_key_of,
    refund_amount_of,
    refunded_of,
)
from meterai.sales.ports import (
    Channel,
    ChannelOf,
    Charge,
    ChargeRequest,
    GatewayState,
    GatewayStatus,
    Notice,
    RefundResult,
)
from meterai.sales.prices import ChannelCost
from meterai.sales.qr_image import READ_QR_IMAGE, QrImage, QrImageRequest


class Midtrans:
    """PaymentGateway over Midtrans' protocol.

    - `merchant_id`: when given, answers for another are refused.
    - `jail`: opens the pictures of QR codes. Without it they stay unread.
    - `clock`: some wallets give no money back at night.
    """

    name = "midtrans"
    notice_paths = frozenset({"/notices"})
    costs: Mapping[Channel, ChannelCost] = COSTS

    def __init__(
        self,
        base_url: str,
        server_key: str,
        *,
        merchant_id: str = "",
        jail: JailPool | None = None,
        limits: CallLimits | None = None,
        breaker: CircuitBreaker | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._server_key = server_key
        self._merchant_id = merchant_id
        self._jail = jail
        self._clock = clock
        authorization = base64.b64encode(f"{server_key}:".encode()).decode()
        self._service = OutsideService(
            base_url,
            unavailable_code="gateway.unavailable",
            name="midtrans",
            headers={
                "Authorization": f"Basic {authorization}",
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
            limits=limits,
            breaker=breaker,
            tells_trace=True,
        )

    @classmethod
    def from_settings(cls, settings: Settings, jail: JailPool, *, channel_of: ChannelOf) -> Self:
        """Opens the gateway at `METERAI_GATEWAY_URL`."""
        return cls(
            settings.gateway_url,
            settings.gateway_server_key,
            merchant_id=settings.gateway_merchant_id,
            jail=jail,
        )

    @property
    def is_healthy(self) -> bool:
        """See PaymentGateway."""
        return not self._service.breaker.is_open

    async def close(self) -> None:
        """Closes the connections."""
        await self._service.close()

    async def create_charge(self, request: ChargeRequest) -> Charge:
        """See PaymentGateway. A repeat is known by Idempotency-Key, and past its life by the order id."""
        body = _charge_body(request)
        answer = await self._call("POST", "/v2/charge", body, headers={"Idempotency-Key": request.reference})
        if answer.status_code == "406":
            return await self._find_charge(request)
        if answer.status_code not in ("200", "201"):
            raise self._refused(answer, "gateway.charge_refused", Kind.INVALID)
        if request.channel is Channel.GOPAY:
            answer = await self._with_gopay_code(answer)
        return self._charge(request, answer)

    async def get_status(self, reference: str) -> GatewayStatus:
        """See PaymentGateway."""
        return (await self._fetch(reference))[0]

    async def refund(self, reference: str, amount: int, refund_key: str, reason: str) -> RefundResult:
        """See PaymentGateway. A refusal is believed only when the status doesn't list this refund already, a
        success that names another sum only when it does.

        More than is left was given back already in another way: we never owe more than was paid.
        """
        body = {"refund_key": refund_key, "amount": amount, "reason": reason}
        path = f"/v2/{_path_part(reference)}/refund/online/direct"
        answer = await self._call("POST", path, body, headers={"Idempotency-Key": refund_key})
        if answer.status_code == "200" and refunded_of(answer) == amount:
            done = answer
        else:
            status, done = await self._fetch(reference)
            made = [refund_amount_of(r) for r in done.refunds if r.refund_key == refund_key]
            if made and amount not in made:
                raise self._refused(answer, "gateway.refund_mismatch", Kind.CONFLICT)
            if not made and answer.status_code == "200":
                raise self._unusable("refund_not_listed")
            if not made:
                none_left = amount <= status.amount < amount + status.refunded
                raise self._refund_refusal(answer, status.channel, none_left=none_left)
        return RefundResult(
            reference=reference, refund_key=refund_key, amount=Rupiah(amount), state=done.state
        )

    async def expire(self, reference: str) -> GatewayStatus:
        """See PaymentGateway."""
        await self._call("POST", f"/v2/{_path_part(reference)}/expire", {})
        return await self.get_status(reference)

    def parse_notice(self, raw: bytes, headers: Mapping[str, str], path: str = "") -> Notice:
        """See PaymentGateway. signature_key = SHA512(order_id + status_code + gross_amount + server key).

        It covers neither transaction_status nor where one value ends and the next begins: a notice is a
        reason to fetch the status, nothing else.
        """
        try:
            said = read_json(raw, Transaction)
        except msgspec.DecodeError:
            raise Refusal(Kind.INVALID, "payment.notice_unreadable") from None
        if not hmac.compare_digest(self._signature(said).encode(), said.signature_key.lower().encode()):
            raise Refusal(Kind.FORBIDDEN, "payment.notice_forged")
        self._check_merchant(said)
        if not NOTICED_REFERENCE.fullmatch(said.order_id) or not AMOUNT.fullmatch(said.gross_amount):
            raise Refusal(Kind.INVALID, "payment.notice_unreadable")
        return Notice(
            reference=said.order_id,
            transaction_id=said.transaction_id,
            event_key=event_key_of(said),
            state=said.state,
            amount=amount_of(said),
        )

    def acknowledge(self, raw: bytes, path: str) -> None:
        """See PaymentGateway. Midtrans reads the status alone."""

    def refuse_notice(self, refusal: Refusal, path: str) -> None:
        """See PaymentGateway. Midtrans reads the status alone."""

    async def _find_charge(self, request: ChargeRequest) -> Charge:
        status, answer = await self._fetch(request.reference)
        if status.state is GatewayState.MISSING:
            raise self._refused(answer, "gateway.charge_lost", Kind.CONFLICT)
        if request.channel is Channel.GOPAY:
            answer = await self._with_gopay_code(answer)
        elif not answer.qr_string and status.channel is Channel.QRIS and status.state is GatewayState.PENDING:
            code = await self._read_qr_image("qris", answer.transaction_id)
            answer = msgspec.structs.replace(answer, qr_string=code)
        return self._charge(request, answer)

    def _charge(self, request: ChargeRequest, answer: Transaction) -> Charge:
        same = answer.order_id == request.reference and amount_of(answer) == request.amount
        if not same or not is_asked_for(answer, request.channel):
            raise self._refused(answer, "gateway.charge_mismatch", Kind.CONFLICT)
        page = next((a.url for a in answer.actions if a.name == "sandbox-payment-page"), "")
        means = means_of(answer, request.channel)
        if answer.state is GatewayState.PENDING and not means.is_enough:
            raise self._refused(answer, "gateway.charge_lost", Kind.CONFLICT)
        return Charge(
            reference=request.reference,
            transaction_id=answer.transaction_id,
            channel=request.channel,
            amount=request.amount,
            state=answer.state,
            qr_text=means.qr_text,
            va_number=means.va_number,
            biller_code=means.biller_code,
            pay_url=means.pay_url,
            payment_page_url=page,
        )

    async def _with_gopay_code(self, answer: Transaction) -> Transaction:
        """The answer with GoPay's code for payers at a computer, which only its picture has.

        Without a picture the link alone must do.
        """
        if answer.qr_string or answer.state is not GatewayState.PENDING:
            return answer
        try:
            code = await self._read_qr_image("gopay", answer.transaction_id)
        except Refusal:
            return answer
        return msgspec.structs.replace(answer, qr_string=code)

    async def _read_qr_image(self, kind: str, transaction_id: str) -> str:
        """The QR code's content from its picture: a status answer has no qr_string. Empty when unreadable."""
        path = f"/v2/{kind}/{_path_part(transaction_id)}/qr-code"
        answer = await self._service.call("GET", path, headers={"Accept": "image/png"})
        if self._jail is None:
            return ""
        try:
            return (await self._jail.run(READ_QR_IMAGE, QrImageRequest(answer.body), QrImage)).text
        except Refusal:
            return ""

    async def _fetch(self, reference: str) -> tuple[GatewayStatus, Transaction]:
        answer = await self._call("GET", f"/v2/{_path_part(reference)}/status", None)
        if answer.status_code == "404":
            return GatewayStatus(reference=reference, state=GatewayState.MISSING), answer
        if not answer.transaction_status or answer.order_id != reference:
            raise self._unusable("answer_of_another_order")
        self._check_merchant(answer)
        status = GatewayStatus(
            reference=reference,
            state=answer.state,
            transaction_id=answer.transaction_id,
            amount=amount_of(answer),
            refunded=refunded_of(answer),
            channel=answer.channel,
        )
        return status, answer

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None, *, headers: Mapping[str, str] | None = None
    ) -> Transaction:
        encoded = None if body is None else msgspec.json.encode(body)
        answer = await self._service.call(method, path, body=encoded, headers=headers, repeat=True)
        try:
            said = read_json(answer.body, Transaction)
        except msgspec.DecodeError:
            raise self._unusable("unreadable") from None
        if said.status_code[:1] not in ("2", "4"):
            raise self._unusable(f"status_code_{said.status_code[:3]}")
        if said.status_code in ("401", "402", "410", "429"):
            raise self._unusable(f"status_code_{said.status_code}")  # our account, not this payment
        accepted = "202" in (str(answer.status), said.status_code) and not said.transaction_status
        if method == "POST" and accepted:  # what was asked before under the same key is still being done
            raise self._unusable("in_process")
        return said

    def _signature(self, said: Transaction) -> str:
        signed = f"{said.order_id}{said.status_code}{said.gross_amount}{self._server_key}"
        return hashlib.sha512(signed.encode()).hexdigest()

    def _check_merchant(self, said: Transaction) -> None:
        if self._merchant_id and said.merchant_id != self._merchant_id:
            raise Refusal(Kind.FORBIDDEN, "payment.other_merchant")

    def _refund_refusal(self, answer: Transaction, channel: Channel | None, *, none_left: bool) -> Refusal:
        if none_left:
            return self._refused(answer, "gateway.refund_mismatch", Kind.CONFLICT)
        if answer.status_code in ("414", "409") or refunds_are_closed(channel, self._clock()):
            return self._refused(answer, "gateway.refund_later", Kind.BUSY)
        return self._refused(answer, "gateway.refund_refused", Kind.CONFLICT)

    def _refused(self, answer: Transaction, code: str, kind: Kind) -> Refusal:
        return Refusal(kind, code, gateway_code=answer.status_code)

    def _unusable(self, reason: str) -> Refusal:
        return Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason=reason)


def _charge_body(request: ChargeRequest) -> dict[str, Any]:
    seconds = int((request.expires_at - request.asked_at).total_seconds())
    body: dict[str, Any] = {
        "transaction_details": {"order_id": request.reference, "gross_amount": request.amount},
        "item_details": [
            {"id": "1", "price": request.amount, "quantity": 1, "name": request.description[:50]}
        ],
        "custom_expiry": {
            "order_time": request.asked_at.astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M:%S %z"),
            "expiry_duration": max(seconds, 20),  # Midtrans' least
            "unit": "second",
        },
    }
    return asked_as(request.channel, request.description) | body


def _path_part(reference: str) -> str:
    if not REFERENCE.fullmatch(reference) or reference in (".", ".."):
        raise Refusal(Kind.INVALID, "gateway.charge_refused")
    return reference
