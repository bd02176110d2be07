"""Iris payouts under /iris/api/v1: ordered, sent to the bank, received; idempotent by X-Idempotency-Key."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from sandbox.gateway.core_api import basic_authorization, cut
from sandbox.gateway.till import Till

_ERRORS = {"002": "Invalid destination account number", "016": "Merchant balance is not enough"}
_AMOUNT = re.compile(r"[1-9][0-9]{0,12}(\.0{1,2})?")


class _Asked(msgspec.Struct):
    beneficiary_name: str
    beneficiary_account: str
    beneficiary_bank: str
    amount: str
    notes: str = ""


class _Request(msgspec.Struct):
    payouts: list[_Asked]


class Payout(msgspec.Struct):
    """A payout as it is kept and shown."""

    reference_no: str
    amount: str
    beneficiary_name: str
    beneficiary_account: str
    bank: str
    notes: str
    status: str
    created_at: float
    request_digest: str
    fails: bool
    seconds: float  # from queued to completed
    returned_seconds: float = 0  # from completed to failed; 0: never
    error_code: str = "002"  # if it fails
    needs_approval: bool = False

    def shown(self, now: float, *, unapproved: bool) -> dict[str, Any]:
        """As GET /payouts/{reference_no} answers. The state follows from the time gone by."""
        gone = now - self.created_at
        returned = self.returned_seconds and gone >= self.seconds + self.returned_seconds
        end = "failed" if self.fails or returned else "completed"
        status = "queued" if gone < self.seconds / 2 else "processed" if gone < self.seconds else end
        if self.needs_approval and unapproved:
            status = "queued"
        body = {
            "amount": self.amount,
            "beneficiary_name": self.beneficiary_name,
            "beneficiary_account": self.beneficiary_account,
            "bank": self.bank,
            "reference_no": self.reference_no,
            "notes": self.notes,
            "status": status,
            "created_at": datetime.fromtimestamp(self.created_at, UTC).isoformat(),
        }
        if status == "failed":
            body |= {"error_code": self.error_code, "error_message": _ERRORS[self.error_code]}
        return body


class Payouts:
    """The routes of the payout API."""

    def __init__(self, till: Till, *, key: str) -> None:
        self.till = till
        self._authorization = basic_authorization(key)

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.post("/iris/api/v1/payouts", self.create),
            web.get("/iris/api/v1/payouts/{reference_no}", self.show),
            web.get("/iris/api/v1/ping", self.ping),
        ]

    async def ping(self, _: web.Request) -> web.Response:
        return web.Response(text="pong")

    async def create(self, request: web.Request) -> web.StreamResponse:
        if not self._allowed(request):
            return _error(401, "Access denied")
        script = self.till.script
        if script.take("", "payout_fails_next"):
            return _error(500, "Internal server error")
        body = await request.read()
        forgets = script.everywhere.forget_idempotency_keys
        key = "" if forgets else request.headers.get("X-Idempotency-Key", "")[:100]
        known = self._known(key)
        digest = hashlib.sha256(body).hexdigest()
        if known is not None:
            if known.request_digest != digest:
                return _error(400, "idempotency-key is not unique")
            return _created(known)
        payout = self._ordered(body, digest)
        if payout is None:
            return _error(400, "An error occurred when creating payouts")
        self.till.book.add_payout(payout.reference_no, key, msgspec.json.encode(payout))
        if script.take("", "payout_answer_lost_next"):
            return cut(request)
        return _created(payout)

    async def show(self, request: web.Request) -> web.StreamResponse:
        if not self._allowed(request):
            return _error(401, "Access denied")
        found = self.till.book.find_payout(reference_no=request.match_info["reference_no"])
        if found is None:
            return _error(404, "Payout not found")
        payout = msgspec.json.decode(found, type=Payout)
        unapproved = self.till.script.everywhere.payout_unapproved
        shown = payout.shown(self.till.clock(), unapproved=unapproved)
        return web.Response(body=msgspec.json.encode(shown), content_type="application/json")

    def _known(self, key: str) -> Payout | None:
        if not key:
            return None
        found = self.till.book.find_payout(idempotency_key=key)
        return msgspec.json.decode(found, type=Payout) if found else None

    def _ordered(self, body: bytes, digest: str) -> Payout | None:
        try:
            asked = msgspec.json.decode(body, type=_Request).payouts
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if len(asked) != 1 or not _AMOUNT.fullmatch(asked[0].amount):
            return None
        one = asked[0]
        if not one.beneficiary_account.isdigit() or not one.beneficiary_name or not one.beneficiary_bank:
            return None
        faults = self.till.script.everywhere
        fell_through = self.till.script.take("", "payout_fell_through_next")
        return Payout(
            reference_no=secrets.token_hex(7),
            amount=one.amount,
            beneficiary_name=one.beneficiary_name,
            beneficiary_account=one.beneficiary_account,
            bank=one.beneficiary_bank,
            notes=one.notes,
            status="queued",
            created_at=self.till.clock(),
            request_digest=digest,
            fails=faults.payout_rejected or fell_through,
            error_code="016" if fell_through else "002",
            seconds=faults.payout_delay_seconds,
            returned_seconds=faults.payout_returned_seconds,
            needs_approval=faults.payout_unapproved,
        )

    def _allowed(self, request: web.Request) -> bool:
        said = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(said, self._authorization)


def _created(payout: Payout) -> web.Response:
    body = {"payouts": [{"status": "queued", "reference_no": payout.reference_no}]}
    return web.Response(body=msgspec.json.encode(body), status=201, content_type="application/json")


def _error(status: int, message: str) -> web.Response:
    body = {"error_message": message, "errors": message}
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
