"""E-mail over SMTP and WhatsApp over HTTP. Neither content nor address is ever logged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.mime.text import MIMEText
from email.utils import formatdate
from typing import Final, Literal, Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import aiosmtplib
import msgspec
import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.kit.http.outside_service import CircuitBreaker, OutsideService
from meterai.kit.unsafe_settings import is_loopback

log = structlog.get_logger(__name__)
ToKind = Literal["email", "phone"]
CODE_TOPICS: Final[Mapping[ToKind, str]] = {"email": "code.email", "phone": "code.phone"}
STRANGERS_CODE_TOPICS: Final[Mapping[ToKind, str]] = {
    "email": "code.stranger.email",
    "phone": "code.stranger.phone",
}
MESSAGE_TOPICS: Final[Mapping[ToKind, str]] = {"email": "message.email", "phone": "message.phone"}
"""Outbox topics of a `Message`. Each has a lane of its own, so that a code waits behind codes only. The code
of a known person does not wait behind those of strangers, and an e-mail does not wait for WhatsApp."""
TOPICS: Final = (*CODE_TOPICS.values(), *STRANGERS_CODE_TOPICS.values(), *MESSAGE_TOPICS.values())
KEPT_FOR = timedelta(days=5)
"""How long a message is retried while the next station takes nothing (RFC 5321 4.5.4.1)."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one person: plain text, and the subject of an e-mail."""

    to_kind: ToKind
    to: str  # address, or phone number in the form +628...
    subject: str
    text: str
    expires_at: datetime | None = None
    """Afterwards its text is no longer true, and it is not sent."""
    language: str = "id"
    code: str = ""
    """The code in it, if any: WhatsApp has a template for codes."""

    def __repr__(self) -> str:
        return f"Message(to_kind={self.to_kind!r})"  # content and address stay out of logs and tracebacks


def entry_of(message: Message) -> tuple[str, dict[str, object]]:
    """The topic and the payload by which the outbox keeps a message."""
    return MESSAGE_TOPICS[message.to_kind], msgspec.structs.asdict(message)


class MessageSender(Protocol):
    """Sends messages of one kind.

    Raises: Refusal UNAVAILABLE `message.unavailable`: try later. With the fact `smtp_code` only this message
    is refused, else the station takes none now. Refusal INVALID `message.address_refused`: the address will
    never take it.
    """

    async def send(self, message: Message) -> None:
        """Returns when the next station has accepted the message."""
        ...

    async def close(self) -> None:
        """Closes the connections."""
        ...


class Messenger:
    """Delivers a message over the sender of its kind."""

    def __init__(self, *, email: MessageSender, phone: MessageSender) -> None:
        self._senders: dict[ToKind, MessageSender] = {"email": email, "phone": phone}

    async def deliver(self, message: Message) -> None:
        """Sends `message`. Raises: what MessageSender says."""
        await self._senders[message.to_kind].send(message)

    async def close(self) -> None:
        """Closes all senders."""
        for sender in self._senders.values():
            await sender.close()


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

    async def send(self, message: Message) -> None:
        mail = self._compose(message)
        try:
            async with asyncio.timeout(self._seconds), self._places:
                await self._try(message.to, mail)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise _refused_by(error) from None

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _try(self, to: str, mail: bytes) -> None:
        if not self._breaker.admit():
            raise Refusal(Kind.UNAVAILABLE, "message.unavailable", reason="breaker_open")
        try:
            await self._transmit(to, mail)
        except BaseException as error:
            self._breaker.record(success=_code_of(error) is not None)
            raise
        self._breaker.record(success=True)

    async def _transmit(self, to: str, mail: bytes) -> None:
        if self._idle:
            try:
                client = self._idle.pop()
                async with self._returned(client):
                    await client.sendmail(self._sender, [to], mail)
                return
            except (aiosmtplib.SMTPServerDisconnected, OSError):
                pass  # the server closed the idle connection before taking the message: use a new one
        client = await self._connect()
        async with self._returned(client):
            await client.sendmail(self._sender, [to], mail)

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

    def _compose(self, message: Message) -> bytes:
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
        mail["Message-ID"] = f"<{uuid4().hex}@{self._sender.rpartition('@')[2]}>"
        return mail.as_bytes()


_STATION_BUSY = frozenset({421, 452, 454})
"""Answers to the mail itself: closing (RFC 5321 section 3.8), no room (4.2.3), or too many from this
sender."""


def _refused_by(error: Exception) -> Refusal:
    code = _code_of(error)
    if code is None:
        return Refusal(Kind.UNAVAILABLE, "message.unavailable", reason=type(error).__name__)
    # Only a recipient is refused for good: after the mail, the same codes concern our account.
    if code >= 500 and not isinstance(error, aiosmtplib.SMTPDataError):
        return Refusal(Kind.INVALID, "message.address_refused", smtp_code=code)
    return Refusal(Kind.UNAVAILABLE, "message.unavailable", smtp_code=code)


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


_WHATSAPP_LIMITS = frozenset({4, 80007, 130429, 131048, 131056})
"""Meta's error codes for too many messages, in all or to one number. They come with status 400, too."""


_WHATSAPP_RECIPIENT = frozenset({131021, 131026, 131030})
"""Meta's error codes for a number that takes no message: it is our own, has no WhatsApp, or is not on the
list of a test account. All others concern our account, template or request."""


class _WhatsAppError(msgspec.Struct, frozen=True):
    code: int = 0


class _WhatsAppAnswer(msgspec.Struct, frozen=True):
    error: _WhatsAppError = _WhatsAppError()


def _error_code(body: bytes) -> int:
    """The error code in an answer; 0 when it has none."""
    try:
        return read_json(body, _WhatsAppAnswer).error.code
    except msgspec.DecodeError:
        return 0


def _parameter(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


class WhatsAppSender:
    """WhatsApp messages in the form of Meta's Cloud API (POST .../messages, bearer token).

    People who have not written to us within a day get only messages by an approved template. There are two,
    in both languages: one for codes, and one for news, whose parameter takes all the text.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str,
        code_template: str = "meterai_code",
        news_template: str = "meterai_news",
    ) -> None:
        self._code_template = code_template
        self._news_template = news_template
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._service = OutsideService(url, unavailable_code="message.unavailable", headers=headers)

    async def send(self, message: Message) -> None:
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.to.lstrip("+"),
            "type": "template",
            "template": self._filled(message),
        }
        answer = await self._service.call("POST", "", body=msgspec.json.encode(body))
        if answer.status < 300:
            return
        code = _error_code(answer.body)
        if code in _WHATSAPP_RECIPIENT:
            raise Refusal(Kind.INVALID, "message.address_refused")
        if code not in _WHATSAPP_LIMITS:
            log.error("whatsapp_account_or_template_refused", code=code, status=answer.status)
        raise Refusal(Kind.UNAVAILABLE, "message.unavailable", reason=f"status_{answer.status}")

    def _filled(self, message: Message) -> dict[str, object]:
        if message.code:
            name, given = self._code_template, _parameter(message.code)
            button = {"type": "button", "sub_type": "url", "index": "0", "parameters": given}
            components = [{"type": "body", "parameters": given}, button]
        else:
            in_one_line = " ".join(message.text.split())  # parameters take no line breaks
            name, components = self._news_template, [{"type": "body", "parameters": _parameter(in_one_line)}]
        language = "en" if message.language == "en" else "id"
        return {"name": name, "language": {"code": language}, "components": components}

    async def close(self) -> None:
        await self._service.close()
