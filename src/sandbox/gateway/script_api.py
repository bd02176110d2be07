"""For tests, benches and demonstrations: pay, reverse, list, and the fault script. Not part of Midtrans."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from meterai.kit.formats.csv_export import csv_table
from sandbox.gateway.faults import Faults
from sandbox.gateway.till import GatewayError, Till


class _Pay(msgspec.Struct):
    order_id: str = ""
    transaction_id: str = ""
    va_number: str = ""
    amount: int = 0


class _Script(msgspec.Struct):
    order_id: str | None = None
    faults: Faults = msgspec.field(default_factory=Faults)


class _Reverse(msgspec.Struct):
    order_id: str
    how: str = "chargeback"


class ScriptApi:
    """The routes that begin with an underscore."""

    def __init__(self, till: Till) -> None:
        self.till = till

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.post("/_pay", self.pay),
            web.post("/_reverse", self.reverse),
            web.post("/_notice", self.notice),
            web.post("/_script", self.script),
            web.get("/_charges", self.charges),
            web.get("/_list.csv", self.list_all),
        ]

    async def pay(self, request: web.Request) -> web.Response:
        """A person pays: {order_id | transaction_id | va_number, amount?}. 404 unknown, 412 not payable."""
        try:
            asked = msgspec.json.decode(await request.read(), type=_Pay)
            payment = self.till.find(asked.order_id or asked.transaction_id or asked.va_number)
            self.till.pay(payment, amount=asked.amount)
        except (msgspec.DecodeError, GatewayError) as error:
            return _refused(error)
        return _answer({"order_id": payment.order_id, "transaction_status": payment.status})

    async def reverse(self, request: web.Request) -> web.Response:
        """The provider takes the money back: {order_id, how: "chargeback" | "deny"}."""
        try:
            asked = msgspec.json.decode(await request.read(), type=_Reverse)
            payment = self.till.reverse(self.till.find(asked.order_id), asked.how)
        except (msgspec.DecodeError, GatewayError) as error:
            return _refused(error)
        return _answer({"order_id": payment.order_id, "transaction_status": payment.status})

    async def notice(self, request: web.Request) -> web.Response:
        """Sends the notice of the present state again: {order_id}."""
        try:
            payment = self.till.find(msgspec.json.decode(await request.read(), type=_Pay).order_id)
        except (msgspec.DecodeError, GatewayError) as error:
            return _refused(error)
        self.till.sender.announce(payment, self.till.script.of(payment.order_id))
        return _answer({"order_id": payment.order_id})

    async def script(self, request: web.Request) -> web.Response:
        """Sets faults: {order_id, faults: {...}}; without order_id the global ones, forgetting the rest."""
        try:
            asked = msgspec.json.decode(await request.read(), type=_Script)
        except msgspec.DecodeError as error:
            return _refused(error)
        self.till.script.set(asked.order_id, asked.faults)
        return _answer({"order_id": asked.order_id, "faults": msgspec.to_builtins(asked.faults)})

    async def charges(self, request: web.Request) -> web.Response:
        """The newest charges in a state (?status=pending), or the one of an order (?order_id=...), as
        Midtrans writes them."""
        book, order_id = self.till.book, request.query.get("order_id")
        if order_id is not None:
            one = book.find(order_id)
            found = [one] if one else []
        else:
            found = book.newest(request.query.get("status", "pending"), 200)
        return _answer({"charges": [payment.as_midtrans() for payment in found]})

    async def list_all(self, request: web.Request) -> web.Response:
        """All charges as CSV, as a merchant downloads them from the dashboard."""
        columns = ("order_id", "transaction_status", "gross_amount", "refund_amount", "settlement_time")
        rows = (
            (
                payment.order_id,
                payment.status,
                payment.gross_amount,
                f"{payment.refunded}.00",
                str(payment.as_midtrans().get("settlement_time", "")),
            )
            for payment in self.till.book.all()
        )
        return web.Response(text=csv_table(columns, rows), content_type="text/csv")


def _refused(error: Exception) -> web.Response:
    code = error.code if isinstance(error, GatewayError) else 400
    return _answer({"error": str(error)}, status=code)


def _answer(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
