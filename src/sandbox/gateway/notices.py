"""Notices to the merchant: signed as Midtrans signs, sent again until taken, or as the fault script says."""

from __future__ import annotations

import hashlib

import aiohttp
import msgspec

from sandbox.gateway.charges import Book, Payment
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

    def written(self, payment: Payment, status: str, amount: int, *, forged: bool = False) -> bytes | None:
        """See NoticeQueue."""
        body = payment.as_midtrans()
        if amount:
            body["gross_amount"] = f"{amount}.00"
        if status != payment.status:
            body |= {"status_code": "201", "transaction_status": status}
            body.pop("settlement_time", None)
        key = "another key" if forged else self._server_key
        signed = signature(body["order_id"], body["status_code"], body["gross_amount"], key)
        return msgspec.json.encode(body | {"signature_key": signed})

    async def send(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        """Posts one notice."""
        headers = {"Content-Type": "application/json", "User-Agent": "Veritrans"}
        async with session.post(
            self.url, data=body, headers=headers, allow_redirects=False, ssl=self.checks_tls
        ) as answer:
            return 200 <= answer.status < 300
