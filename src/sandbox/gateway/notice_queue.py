"""Sends a gateway's notices again until the merchant takes them. What is unsent survives a restart."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from sandbox.gateway.charges import Book, Payment
from sandbox.gateway.faults import Faults

RETRY_SECONDS = (2.0, 10.0, 30.0, 90.0, 210.0)
"""Midtrans waits this many minutes between attempts; here they are seconds."""


class NoticeQueue:
    """Delivers the notices of a protocol, each until `send` says that it was taken."""

    def __init__(
        self, book: Book, *, notify_url: str, retry_seconds: tuple[float, ...] = RETRY_SECONDS
    ) -> None:
        self._book = book
        self.url = notify_url
        self.checks_tls = "://127.0.0.1:" not in notify_url  # here a certificate may be of its own making
        self._retry_seconds = retry_seconds
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(32)
        self._session: aiohttp.ClientSession | None = None

    def announce(self, payment: Payment, faults: Faults) -> None:
        """Tells the merchant of the charge's state, with the faults of the script."""
        if faults.notice_lost or not self.url:
            return
        due_at = time.time() + faults.notice_delay_seconds
        notice = self.written(payment, payment.status, faults.notice_amount, forged=faults.notice_forged)
        stale = None
        if faults.notice_reordered and payment.status == "settlement":
            stale = self.written(payment, "pending", faults.notice_amount)
        if notice is not None:
            for _ in range(max(faults.notice_copies, 1)):
                self.enqueue(notice, due_at)
        if stale is not None:
            self.enqueue(stale, due_at + 0.5)

    def written(self, payment: Payment, status: str, amount: int, *, forged: bool = False) -> bytes | None:
        """The notice that a charge has this status, as it waits in the book. None: the protocol has none.

        `amount`: rupiah that it names instead of the charge's; 0: the charge's. `forged`: signed with another
        key.
        """
        raise NotImplementedError

    async def send(self, session: aiohttp.ClientSession, body: bytes) -> bool:
        """Sends one notice. Returns whether it was taken. Raises: aiohttp.ClientError, OSError."""
        raise NotImplementedError

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

    def enqueue(self, body: bytes, due_at: float) -> None:
        """Keeps a notice, and sends it at `due_at` (seconds since 1970)."""
        self._run(self._book.add_notice(body, due_at), due_at, 0, body)

    def _run(self, notice_id: int, due_at: float, attempt: int, body: bytes) -> None:
        task = asyncio.create_task(self._deliver(notice_id, due_at, attempt, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, notice_id: int, due_at: float, attempt: int, body: bytes) -> None:
        while True:
            wait = due_at - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if await self._is_taken(body) or attempt >= len(self._retry_seconds):
                self._book.drop_notice(notice_id)
                return
            due_at = time.time() + self._retry_seconds[attempt]
            attempt += 1
            self._book.postpone_notice(notice_id, due_at=due_at, attempt=attempt)

    async def _is_taken(self, body: bytes) -> bool:
        assert self._session is not None
        try:
            async with self._places:
                return await self.send(self._session, body)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
