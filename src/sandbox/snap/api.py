"""The bank's services: QR codes (47, 51, 77, 78) and virtual accounts (26, 27, 31)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.gateway.charges import Payment
from sandbox.gateway.core_api import cut, huge
from sandbox.gateway.till import GatewayError, Till
from sandbox.snap import protocol
from sandbox.snap.door import Door
from sandbox.snap.protocol import SnapError

STATES = {
    "pending": "03",
    "settlement": "00",
    "expire": "08",
    "cancel": "05",
    "deny": "06",
    "chargeback": "06",
    "refund": "04",
    "partial_refund": "04",
}
"""latestTransactionStatus, and paymentFlagStatus."""
_CAME = ("settlement", "refund", "partial_refund")


class SnapApi:
    """The routes under /v1.0.

    - `banks`: the merchant's number at each bank, with the bank's name.
    - `public_url`: where the twin's own pages are.
    """

    def __init__(
        self, till: Till, door: Door, *, merchant_id: str, banks: Mapping[str, str], public_url: str
    ) -> None:
        self.till, self.door = till, door
        self._banks = banks
        self._merchant_id, self._public_url = merchant_id, public_url

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        guarded = self.door.guarded
        return [
            web.post("/v1.0/qr/qr-mpm-generate", guarded("47", self.generate)),
            web.post("/v1.0/qr/qr-mpm-query", guarded("51", self.query)),
            web.post("/v1.0/qr/qr-mpm-cancel", guarded("77", self.cancel)),
            web.post("/v1.0/qr/qr-mpm-refund", guarded("78", self.refund)),
            web.post("/v1.0/transfer-va/create-va", guarded("27", self.create_account)),
            web.post("/v1.0/transfer-va/status", guarded("26", self.account_status)),
            web.delete("/v1.0/transfer-va/delete-va", guarded("31", self.delete_account)),
        ]

    async def generate(self, request: web.Request, said: dict[str, Any]) -> web.StreamResponse:
        """Opens a charge with a QR code."""
        self._check_merchant(said)
        reference = _text(said, "partnerReferenceNo")
        await self._before_charge("47", reference)
        payment = self.till.charge(
            order_id=reference,
            channel="qris",
            amount=protocol.rupiah(said.get("amount")),
            name=str(said.get("additionalInfo", {}).get("description", "")),
            expires_at=protocol.moment_of(_text(said, "validityPeriod")),
        )
        if self.till.script.take(reference, "charge_answer_lost_next"):
            return cut(request)
        more = {
            "referenceNo": payment.transaction_id,
            "partnerReferenceNo": reference,
            "qrContent": payment.qr_string,
            "additionalInfo": self._page(payment),
        }
        return protocol.answer("47", more)

    async def query(self, request: web.Request, said: dict[str, Any]) -> web.StreamResponse:
        """What became of a code."""
        self._check_merchant(said)
        reference = _text(said, "originalPartnerReferenceNo")
        if (spoilt := await self._before_status("51", reference, request)) is not None:
            return spoilt
        payment = self.till.find(reference)
        if payment.channel != "qris":
            raise SnapError(404, "01", "Transaction Not Found")
        more = {
            "originalReferenceNo": payment.transaction_id,
            "originalPartnerReferenceNo": payment.order_id,
            "serviceCode": "47",
            "latestTransactionStatus": STATES[payment.status],
            "transactionStatusDesc": payment.status,
            "amount": protocol.money(payment.paid_amount or payment.amount),
            "additionalInfo": self._page(payment) | {"refundHistory": _refunds(payment)},
        }
        if payment.settled_at:
            more["paidTime"] = protocol.stamp(payment.settled_at)
        return protocol.answer("51", more)

    async def cancel(self, _: web.Request, said: dict[str, Any]) -> web.StreamResponse:
        """Closes a code that nobody paid."""
        self._check_merchant(said)
        payment = self.till.cancel(self._original(said))
        more = {
            "originalReferenceNo": payment.transaction_id,
            "originalPartnerReferenceNo": payment.order_id,
            "cancelTime": protocol.stamp(self.till.clock()),
        }
        return protocol.answer("77", more)

    async def refund(self, request: web.Request, said: dict[str, Any]) -> web.StreamResponse:
        """Returns money."""
        self._check_merchant(said)
        payment = self._original(said)
        script = self.till.script
        if script.take(payment.order_id, "refund_fails_next"):
            raise SnapError(500, "00", "General Error")
        if script.take(payment.order_id, "refund_in_process_next"):
            return protocol.answer("78", status=202, message="Request In Progress")
        made = self.till.refund(
            payment,
            refund_key=_text(said, "partnerRefundNo"),
            amount=protocol.rupiah(said.get("refundAmount")),
            reason=str(said.get("reason", "")),
        )
        if script.take(payment.order_id, "refund_answer_lost_next"):
            return cut(request)
        more = {
            "originalReferenceNo": payment.transaction_id,
            "originalPartnerReferenceNo": payment.order_id,
            "refundNo": str(made.number),
            "partnerRefundNo": made.refund_key,
            "refundAmount": protocol.money(made.amount),
            "refundTime": protocol.stamp(made.made_at),
        }
        return protocol.answer("78", more)

    async def create_account(self, request: web.Request, said: dict[str, Any]) -> web.StreamResponse:
        """Opens a virtual account for one payment."""
        number, reference = _account_number(said), _text(said, "trxId")
        await self._before_charge("27", reference)
        there = self.till.book.find(number)
        if there is not None and there.status == "pending" and there.order_id != reference:
            raise SnapError(409, "01", "Duplicate virtualAccountNo")
        payment = self.till.charge(
            order_id=reference,
            channel="bank_transfer",
            bank=self._banks.get(_text(said, "partnerServiceId").strip(), ""),
            amount=protocol.rupiah(said.get("totalAmount")),
            name=_text(said, "virtualAccountName"),
            expires_at=protocol.moment_of(_text(said, "expiredDate")),
            va_number=number,
        )
        if self.till.script.take(reference, "charge_answer_lost_next"):
            return cut(request)
        return protocol.answer("27", {"virtualAccountData": self._account(said, payment)})

    async def account_status(self, request: web.Request, said: dict[str, Any]) -> web.StreamResponse:
        """What became of an account; of several with one number, of the one that `trxId` names."""
        number = _account_number(said)
        asked = str(said.get("additionalInfo", {}).get("trxId", ""))
        if (spoilt := await self._before_status("26", asked, request)) is not None:
            return spoilt
        payment = self._account_named(number, asked)
        account = self._account(said, payment) | {
            "inquiryRequestId": _text(said, "inquiryRequestId"),
            "paymentFlagStatus": STATES[payment.status],
        }
        if payment.status in _CAME:
            account["paidAmount"] = protocol.money(payment.paid_amount or payment.amount)
            account["referenceNo"] = account["paymentRequestId"] = payment.transaction_id
            account["transactionDate"] = protocol.stamp(payment.settled_at)
        return protocol.answer("26", {"virtualAccountData": account})

    async def delete_account(self, _: web.Request, said: dict[str, Any]) -> web.StreamResponse:
        """Closes an account that nobody paid into."""
        payment = self._account_named(_account_number(said), _text(said, "trxId"))
        self.till.cancel(payment)
        account = {
            name: said[name] for name in ("partnerServiceId", "customerNo", "virtualAccountNo", "trxId")
        }
        return protocol.answer("31", {"virtualAccountData": account})

    def _account_named(self, number: str, reference: str) -> Payment:
        payment = self.till.find(reference or number)
        if payment.va_number != number:
            raise SnapError(404, "12", "Invalid Bill/Virtual Account")
        return payment

    def _account(self, said: dict[str, Any], payment: Payment) -> dict[str, Any]:
        return {
            "partnerServiceId": said["partnerServiceId"],
            "customerNo": said["customerNo"],
            "virtualAccountNo": said["virtualAccountNo"],
            "virtualAccountName": payment.name,
            "trxId": payment.order_id,
            "totalAmount": protocol.money(payment.amount),
            "virtualAccountTrxType": "C",
            "expiredDate": protocol.stamp(payment.expires_at),
            "additionalInfo": self._page(payment),
        }

    def _original(self, said: dict[str, Any]) -> Payment:
        payment = self.till.find(_text(said, "originalPartnerReferenceNo"))
        if payment.transaction_id != said.get("originalReferenceNo"):
            raise GatewayError(404, "Transaction Not Found")
        return payment

    def _check_merchant(self, said: dict[str, Any]) -> None:
        if said.get("merchantId") != self._merchant_id:
            raise SnapError(404, "08", "Invalid Merchant")

    def _page(self, payment: Payment) -> dict[str, Any]:
        """What SNAP doesn't have: where a person pays at this twin."""
        return {"sandboxPaymentPage": f"{self._public_url}/pay/{payment.transaction_id}"}

    async def _before_charge(self, service: str, reference: str) -> None:
        script = self.till.script
        await asyncio.sleep(script.of(reference).charge_delay_seconds)
        if script.take(reference, "charge_fails_next"):
            raise SnapError(500, "00", "General Error")
        if script.take(reference, "charge_in_process_next"):
            raise SnapError(202, "00", "Request In Progress")

    async def _before_status(
        self, service: str, reference: str, request: web.Request
    ) -> web.StreamResponse | None:
        script = self.till.script
        await asyncio.sleep(script.of(reference).status_delay_seconds)
        if script.take(reference, "status_fails_next"):
            raise SnapError(500, "00", "General Error")
        if script.take(reference, "status_redirect_next"):
            raise web.HTTPFound("http://127.0.0.1:1/")
        if script.take(reference, "status_garbled_next"):
            return web.Response(text="<html>Maintenance</html>", content_type="text/html")
        return await huge(request) if script.take(reference, "status_huge_next") else None


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value.strip():
        raise SnapError(400, "02", f"Invalid Mandatory Field {name}")
    return value


def _account_number(said: dict[str, Any]) -> str:
    """The number without its padding. The parts must be those of the whole."""
    company, customer = _text(said, "partnerServiceId"), _text(said, "customerNo")
    if len(company) != 8 or company + customer != said.get("virtualAccountNo"):
        raise SnapError(400, "01", "Invalid Field Format virtualAccountNo")
    return company.strip() + customer


def _refunds(payment: Payment) -> list[dict[str, Any]]:
    return [
        {
            "refundNo": str(made.number),
            "partnerRefundNo": made.refund_key,
            "refundAmount": protocol.money(made.amount),
            "refundStatus": "00",
            "refundDate": protocol.stamp(made.made_at),
            "reason": made.reason,
        }
        for made in payment.refunds
    ]
