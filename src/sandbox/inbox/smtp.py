"""The receiving end of SMTP (RFC 5321), as much as an inbox needs: no relaying, no accounts, no TLS.

With SIZE (RFC 1870), 8BITMIME (RFC 6152), PIPELINING (RFC 2920), SMTPUTF8 (RFC 6531).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import cast

SIZE_MAX = 1 << 20
IDLE_SECONDS = 300
_LINE_MAX = 4_096
_RECIPIENTS_MAX = 1_000
_FROM = re.compile(r"FROM:\s*<([^<>\s]*)>(.*)", re.I)
_TO = re.compile(r"TO:\s*<([^<>\s]+)>(.*)", re.I)
_SIZE = re.compile(r"\bSIZE=(\d{1,20})\b", re.I)
_DATA_END = b"\r\n.\r\n"
_EXTENSIONS = f"250-SIZE {SIZE_MAX}\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SMTPUTF8"
_OUT_OF_ORDER = "503 Bad sequence of commands"

type Judge = Callable[[str], str]
"""A refusal (`550 ...`) of a recipient, or nothing."""
type Keep = Callable[[str, list[str], bytes], None]
"""Takes sender, recipients and content over."""


class SmtpConnection(asyncio.Protocol):
    """One connection: its commands, and the mail that is being given."""

    def __init__(self, name: str, judge: Judge, keep: Keep) -> None:
        self._name = name
        self._judge = judge
        self._keep = keep
        self._buffer = b""
        self._is_greeted = False
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._takes_data = False
        self._is_too_large = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is not a subclass
        self._transport.write(f"220 {self._name} ESMTP\r\n".encode())
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._buffer += data
        while not self._transport.is_closing() and (reply := self._next()) is not None:
            self._transport.write(f"{reply}\r\n".encode())
            if reply.startswith(("221", "421")):
                self._transport.close()

    def _watch(self) -> None:
        """Ends a connection that is silent for too long."""
        left = self._heard_at + IDLE_SECONDS - self._loop.time()
        if left <= 0:
            self._transport.close()
        else:
            self._timer = self._loop.call_later(left, self._watch)

    def _next(self) -> str | None:
        """The reply to the next command or mail in the buffer; None: it isn't there in full."""
        if self._takes_data:
            return self._content()
        line, ended, rest = self._buffer.partition(b"\r\n")
        if not ended:
            if len(line) <= _LINE_MAX:
                return None
            self._buffer = b""
            return "421 Line too long"
        self._buffer = rest
        try:
            verb, _, words = line.decode().partition(" ")
        except UnicodeDecodeError:
            return "500 Not UTF-8"
        return self._answer(verb.upper(), words.strip())

    def _content(self) -> str | None:
        """Takes the mail over once its last line is there; of one that is too large only the end is kept."""
        content, ended, rest = self._buffer.partition(_DATA_END)
        if self._is_empty:
            content, ended, rest = b"", _DATA_END, self._buffer[3:]
        self._is_too_large |= len(content) > SIZE_MAX
        if not ended:
            if self._is_too_large:
                self._buffer = content[-len(_DATA_END) :]
            return None
        self._buffer = rest
        sender, recipients, is_too_large = self._sender or "", self._recipients, self._is_too_large
        self._forget()
        if is_too_large:
            return "552 Message too large"
        if content.startswith(b".") or b"\r\n." in content:  # RFC 5321 section 4.5.2
            content = re.sub(rb"(\A|\r\n)\.", rb"\1", content)
        self._keep(sender, recipients, content + b"\r\n")
        return "250 OK"

    @property
    def _is_empty(self) -> bool:
        return not self._is_too_large and self._buffer.startswith(b".\r\n")

    # -------------------------------------------------------------- commands

    def _answer(self, verb: str, words: str) -> str:
        match verb:
            case "MAIL":
                return self._mail(words)
            case "RCPT":
                return self._rcpt(words)
            case "DATA":
                return self._data()
            case "EHLO":
                self._forget()
                self._is_greeted = True
                return f"250-{self._name}\r\n{_EXTENSIONS}"
            case "HELO":
                self._forget()
                self._is_greeted = True
                return f"250 {self._name}"
            case "RSET":
                self._forget()
                return "250 OK"
            case "NOOP":
                return "250 OK"
            case "VRFY":
                return "252 Try to send some mail"
            case "QUIT":
                return "221 Bye"
        return "500 Unknown command"

    def _mail(self, words: str) -> str:
        if not self._is_greeted or self._sender is not None:
            return _OUT_OF_ORDER
        path = _FROM.fullmatch(words)
        if path is None:
            return "501 Syntax: MAIL FROM:<address>"
        size = _SIZE.search(path[2])
        if size is not None and int(size[1]) > SIZE_MAX:
            return "552 Message too large"
        self._sender = path[1]
        return "250 OK"

    def _rcpt(self, words: str) -> str:
        if self._sender is None:
            return _OUT_OF_ORDER
        path = _TO.fullmatch(words)
        if path is None:
            return "501 Syntax: RCPT TO:<address>"
        if len(self._recipients) >= _RECIPIENTS_MAX:
            return "452 Too many recipients"
        if refusal := self._judge(path[1]):
            return refusal
        self._recipients.append(path[1])
        return "250 OK"

    def _data(self) -> str:
        if not self._recipients:
            return _OUT_OF_ORDER
        self._takes_data = True
        return "354 End data with <CR><LF>.<CR><LF>"

    def _forget(self) -> None:
        """There is no mail under way."""
        self._sender, self._recipients = None, []
        self._takes_data = self._is_too_large = False
