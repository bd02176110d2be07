"""The bank's notices: it fetches a token of the merchant's first, and signs each notice over it."""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from sandbox.gateway.charges import Book, Payment
from sandbox.gateway.notice_queue import RETRY_SECONDS, NoticeQueue
from sandbox.snap import protocol
from sandbox.snap.api import STATES
from sandbox.snap.protocol import Keys

CUSTOMER_DIGITS = 13
_EARLY_SECONDS = 30


class _Kept(msgspec.Struct):
    """A notice in the book. It is signed when it is sent."""

    path: str
    body: bytes
    forged: bool


class SnapNotices(NoticeQueue):
    """Sends each notice until the merchant answers with a response code of success."""

    def __init__(
        self, book: Book, keys: Keys, *, notify_url: str, retry_seconds: tuple[float, ...] = RETRY_SECONDS
    ) -> None:
        super().__init__(book, notify_url=notify_url.rstrip("/"), retry_seconds=retry_seconds)
        self._keys = keys
        self._token, self._ends = "", 0.0

    def written(self, payment: Payment, status: str, amount: int, *, forged: bool = False) -> bytes | None:
        """See NoticeQueue. For accounts SNAP has a notice of money that came, and no other."""
        amount = amount or payment.paid_amount or payment.amount
        if payment.channel == "qris":
            path, body = "/v1.0/qr/qr-mpm-notify", _scanned(payment, status, amount)
        elif status == "settlement":
            path, body = "/v1.0/transfer-va/payment", _transferred(payment, amount)
        else:
            return None
        indented = msgspec.json.format(msgspec.json.encode(body), indent=2)  # banks do not minify
        return msgspec.json.encode(_Kept(path, indented, forged))

    async def send(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        """Signs and posts one notice."""
        kept = msgspec.json.decode(body, type=_Kept)
        token = await self._fetch_token(session)
        url, now = self.url + kept.path, protocol.stamp(time.time())
        secret = "another secret" if kept.forged else self._keys.secret
        signed = protocol.mac(secret, "POST", urlsplit(url).path, token=token, body=kept.body, time=now)
        headers = {
            "Authorization": f"Bearer {token}",
            "X-TIMESTAMP": now,
            "X-SIGNATURE": signed,
            "X-PARTNER-ID": self._keys.client_id,
            "X-EXTERNAL-ID": f"{time.time_ns()}{secrets.randbelow(10**9):09d}",
            "CHANNEL-ID": "95221",
        }
        said = await self._post(session, url, kept.body, headers)
        code = str(said.get("responseCode", ""))
        if code.startswith("401"):
            self._token = ""
        return code.startswith("2")

    async def _fetch_token(self, session: aiohttp.ClientSession) -> str:
        if not self._token or time.time() >= self._ends:
            now = protocol.stamp(time.time())
            headers = {
                "X-TIMESTAMP": now,
                "X-CLIENT-KEY": self._keys.client_id,
                "X-SIGNATURE": protocol.sign_for_token(self._keys, now),
            }
            body = b'{"grantType":"client_credentials"}'
            said = await self._post(session, self.url + "/v1.0/access-token/b2b", body, headers)
            self._token = str(said.get("accessToken", ""))
            self._ends = time.time() + int(said.get("expiresIn", "0")) - _EARLY_SECONDS
        return self._token

    async def _post(
        self, session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]
    ) -> dict[str, Any]:
        headers = headers | {"Content-Type": "application/json"}
        async with session.post(
            url, data=body, headers=headers, allow_redirects=False, ssl=self.checks_tls
        ) as answer:
            try:
                return msgspec.json.decode(await answer.read(), type=dict[str, Any])
            except msgspec.DecodeError:
                return {}


def _scanned(payment: Payment, status: str, amount: int) -> dict[str, Any]:
    return {
        "originalReferenceNo": payment.transaction_id,
        "originalPartnerReferenceNo": payment.order_id,
        "latestTransactionStatus": STATES[status],
        "transactionStatusDesc": status,
        "amount": protocol.money(amount),
    }


def _transferred(payment: Payment, amount: int) -> dict[str, Any]:
    company = payment.va_number[:-CUSTOMER_DIGITS].rjust(8)
    customer = payment.va_number[-CUSTOMER_DIGITS:]
    return {
        "partnerServiceId": company,
        "customerNo": customer,
        "virtualAccountNo": company + customer,
        "virtualAccountName": payment.name,
        "trxId": payment.order_id,
        "paymentRequestId": payment.transaction_id,
        "paidAmount": protocol.money(amount),
        "totalAmount": protocol.money(payment.amount),
        "trxDateTime": protocol.stamp(payment.settled_at),
        "referenceNo": payment.transaction_id,
        "flagAdvise": "N",
    }
