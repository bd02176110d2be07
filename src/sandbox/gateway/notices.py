"""Notices to the merchant: signed as Midtrans signs, sent again until taken, or as the fault script says."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import aiohttp
import msgspec

from sandbox.gateway.charges import Book, Payment
from sandbox.gateway.faults import Faults
from sandbox.gateway.notice_queue import RETRY_SECONDS, NoticeQueue


def signature(order_id: str, status_code: str, gross_amount: str, server_key: str) -> str:
    """signature_key of a notice: SHA512(order_id + status_code + gross_amount + server key), hex."""
    return hashlib.sha512(f"{order_id}{status_code}{gross_amount}{server_key}".encode()).hexdigest()


class NoticeSender(NoticeQueue):
    """Sends each notice until the merchant answers 2xx."""

    def __init__(
        self,
        book: Book,
        *,
        notify_url: str,
        server_key: str,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        super().__init__(book, notify_url=notify_url, retry_seconds=retry_seconds)
        self._server_key = server_key

    def announce(self, payment: Payment, faults: Faults) -> None:
        """Tells the merchant of the charge's state, with the faults of the script."""
        if faults.notice_lost or not self.url:
            return
        body = payment.as_midtrans()
        if faults.notice_amount:
            body["gross_amount"] = f"{faults.notice_amount}.00"
        due_at = time.time() + faults.notice_delay_seconds
        for _ in range(max(faults.notice_copies, 1)):
            self._put(body, due_at, forged=faults.notice_forged)
        if faults.notice_reordered and payment.status == "settlement":
            stale = body | {"status_code": "201", "transaction_status": "pending"}
            stale.pop("settlement_time", None)
            self._put(stale, due_at + 0.5)

    async def send(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        """Posts one notice."""
        headers = {"Content-Type": "application/json", "User-Agent": "Veritrans"}
        async with session.post(
            self.url, data=body, headers=headers, allow_redirects=False, ssl=self.checks_tls
        ) as answer:
            return 200 <= answer.status < 300

    def _put(self, body: dict[str, Any], due_at: float, *, forged: bool = False) -> None:
        key = "another key" if forged else self._server_key
        signed = signature(body["order_id"], body["status_code"], body["gross_amount"], key)
        self.enqueue(msgspec.json.encode(body | {"signature_key": signed}), due_at)
