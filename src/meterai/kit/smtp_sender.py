"""Sends e-mail over SMTP (RFC 5321)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.mime.text import MIMEText
from email.utils import formatdate
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import aiosmtplib
import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import BREAKERS, CircuitBreaker
from meterai.kit.messages import Message
from meterai.kit.unsafe_settings import is_loopback

log = structlog.get_logger(__name__)


class SmtpSender:
    """E-mail over SMTP (RFC 5321); a few connections are kept and reused.

    `url`: smtp://[user:password@]host:port (STARTTLS when the server offers it) or smtps://...
    `needs_tls`: another machine gets nothing before STARTTLS, neither password nor message.
    After as many failures as there are connections, the server is left alone for a while.
    """

    def __init__(
        self,
        url: str,
        *,
        sender: str,
        needs_tls: bool = False,
        connections_max: int = 4,
        total_seconds: float = 10,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._parts = urlsplit(url)
        if self._parts.scheme not in ("smtp", "smtps") or not self._parts.hostname:
            raise ValueError("an SMTP URL is smtp://host:port or smtps://host:port")
        is_elsewhere = self._parts.scheme == "smtp" and not is_loopback(self._parts.hostname)
        self._start_tls = True if needs_tls and is_elsewhere else None
        self._sender = sender
        self._seconds = total_seconds
        self._places = asyncio.Semaphore(connections_max)
        self._breaker = breaker or CircuitBreaker(failures_max=connections_max)
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, message: Message) -> str:
        mail = self._compose(message)
        attempt = _Attempt(to=message.to, mail=mail.as_bytes())
        try:
            async with asyncio.timeout(self._seconds), self._places:
                await self._try(attempt)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise _refused_by(error, sent=attempt.is_under_way and not _is_answer(error)) from None
        return str(mail["Message-ID"])

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _try(self, attempt: _Attempt) -> None:
        if not self._breaker.admit():
            raise Refusal(Kind.UNAVAILABLE, "message.unavailable", reason="breaker_open", sent=False)
        try:
            await self._transmit(attempt)
        except BaseException as error:
            self._record(success=_code_of(error) is not None)
            raise
        self._record(success=True)

    def _record(self, *, success: bool) -> None:
        self._breaker.record(success=success)
        BREAKERS.labels("smtp").set(self._breaker.has_tripped)

    async def _transmit(self, attempt: _Attempt) -> None:
        client = await self._kept() or await self._connect()
        async with self._returned(client):
            attempt.is_under_way = True
            await client.sendmail(self._sender, [attempt.to], attempt.mail)

    async def _kept(self) -> aiosmtplib.SMTP | None:
        """An idle connection that the server has not closed. It is asked first: once a message is under way,
        a second try could bring it twice."""
        while self._idle:
            client = self._idle.pop()
            try:
                await client.noop()
                return client
            except (aiosmtplib.SMTPException, OSError):
                client.close()
        return None

    @asynccontextmanager
    async def _returned(self, client: aiosmtplib.SMTP) -> AsyncIterator[None]:
        """Keeps the connection for the next message, unless something went wrong on it."""
        try:
            yield
        except BaseException as error:
            if _code_of(error) is None:
                client.close()
            else:
                self._idle.append(client)
            raise
        self._idle.append(client)

    async def _connect(self) -> aiosmtplib.SMTP:
        parts = self._parts
        client = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            start_tls=self._start_tls,
            timeout=self._seconds,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPException as error:
            if "STARTTLS" in str(error):
                log.error("smtp_without_tls", host=parts.hostname)
            raise
        return client

    def _compose(self, message: Message) -> MIMEText:
        """The mail (RFC 5322): plain text in UTF-8.

        Raises: Refusal INVALID `message.address_refused` for an address or a subject with a line break, which
        could add headers.
        """
        if not message.to.isascii() or any(character in message.to + message.subject for character in "\r\n"):
            raise Refusal(Kind.INVALID, "message.address_refused")
        mail = MIMEText(message.text, "plain", "utf-8")
        mail["From"] = self._sender
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = formatdate(localtime=False)
        mail["Message-ID"] = f"<{message.key or uuid4().hex}@{self._sender.rpartition('@')[2].rstrip('>')}>"
        if message.unsubscribe:
            mail["List-Unsubscribe"] = f"<{message.unsubscribe}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return mail


@dataclass(slots=True)
class _Attempt:
    """One try to send a mail."""

    to: str
    mail: bytes
    is_under_way: bool = False
    """The server may have taken it."""


_STATION_BUSY = frozenset({421, 452, 454})
"""Answers to the mail itself: closing (RFC 5321 section 3.8), no room (4.2.3), or too many from this
sender."""


def _is_answer(error: BaseException) -> bool:
    """Whether the server said that it does not take the mail."""
    return isinstance(error, (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused))


def _refused_by(error: Exception, *, sent: bool) -> Refusal:
    code = _code_of(error)
    if code is None:
        return Refusal(Kind.UNAVAILABLE, "message.unavailable", reason=type(error).__name__, sent=sent)
    # Only a recipient is refused for good: after the mail, the same codes concern our account.
    if code >= 500 and not isinstance(error, aiosmtplib.SMTPDataError):
        return Refusal(Kind.INVALID, "message.address_refused", smtp_code=code)
    return Refusal(Kind.UNAVAILABLE, "message.unavailable", smtp_code=code, sent=False)


def _code_of(error: BaseException) -> int | None:
    """The code by which the server refused this message, for its recipient or content; None: a failure that
    concerns all messages."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        return error.code if error.code != aiosmtplib.SMTPStatus.domain_unavailable else None
    if isinstance(error, aiosmtplib.SMTPDataError):
        return error.code if error.code not in _STATION_BUSY else None
    return None
