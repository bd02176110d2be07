"""Notices to the merchant: signed as Midtrans signs, sent again until taken, or as the fault script says."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

import aiohttp
import msgspec

from sandbox.gateway.charges import Book, Payment
from sandbox.gateway.faults import Faults

RETRY_SECONDS = (2.0, 10.0, 30.0, 90.0, 210.0)
"""Midtrans waits this many minutes between attempts; here they are seconds."""


def signature(order_id: str, status_code: str, gross_amount: str, server_key: str) -> str:
    """signature_key of a notice: SHA512(order_id + status_code + gross_amount + server key), hex."""
    return hashlib.sha512(f"{order_id}{status_code}{gross_amount}{server_key}".encode()).hexdigest()


class NoticeSender:
    """Sends each notice until the merchant answers 2xx. Pending ones survive a restart."""

    def __init__(
        self,
        book: Book,
        *,
        notify_url: str,
        server_key: str,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        self._book = book
        self._url = notify_url
        self._checks_tls = "://127.0.0.1:" not in notify_url  # here a certificate may be of its own making
        self._server_key = server_key
        self._retry_seconds = retry_seconds
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(32)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Takes up what an earlier process left."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=15),  # Midtrans' own
            connector=aiohttp.TCPConnector(limit=32, keepalive_timeout=20),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        for notice_id, due_at, attempt, body in self._book.notices():
            self._run(notice_id, due_at, attempt, body)

    async def close(self) -> None:
        """Stops sending; what is unsent stays in the book."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def announce(self, payment: Payment, faults: Faults) -> None:
        """Tells the merchant of the charge's state, with the faults of the script."""
        if faults.notice_lost or not self._url:
            return
        body = payment.as_midtrans()
        if faults.notice_amount:
            body["gross_amount"] = f"{faults.notice_amount}.00"
        due_at = time.time() + faults.notice_delay_seconds
        for _ in range(max(faults.notice_copies, 1)):
            self._enqueue(body, due_at, forged=faults.notice_forged)
        if faults.notice_reordered and payment.status == "settlement":
            stale = body | {"status_code": "201", "transaction_status": "pending"}
            stale.pop("settlement_time", None)
            self._enqueue(stale, due_at + 0.5)

    def _enqueue(self, body: dict[str, Any], due_at: float, *, forged: bool = False) -> None:
        key = "another key" if forged else self._server_key
        signed = signature(body["order_id"], body["status_code"], body["gross_amount"], key)
        encoded = msgspec.json.encode(body | {"signature_key": signed})
        self._run(self._book.add_notice(encoded, due_at), due_at, 0, encoded)

    def _run(self, notice_id: int, due_at: float, attempt: int, body: bytes) -> None:
        task = asyncio.create_task(self._deliver(notice_id, due_at, attempt, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, notice_id: int, due_at: float, attempt: int, body: bytes) -> None:
        while True:
            wait = due_at - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if await self._post(body) or attempt >= len(self._retry_seconds):
                self._book.drop_notice(notice_id)
                return
            due_at = time.time() + self._retry_seconds[attempt]
            attempt += 1
            self._book.postpone_notice(notice_id, due_at=due_at, attempt=attempt)

    async def _post(self, body: bytes) -> bool:
        assert self._session is not None
        headers = {"Content-Type": "application/json", "User-Agent": "Veritrans"}
        try:
            async with (
                self._places,
                self._session.post(
                    self._url, data=body, headers=headers, allow_redirects=False, ssl=self._checks_tls
                ) as answer,
            ):
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
