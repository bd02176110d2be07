"""Wires the inbox twin: SMTP in, WhatsApp in, a page and JSON out."""

from __future__ import annotations

import argparse
import asyncio
import hmac
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from html import escape
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import msgspec
from aiohttp import web

from sandbox import serving
from sandbox.inbox import mail
from sandbox.inbox.messages import Messages, Received
from sandbox.inbox.smtp import SmtpConnection
from sandbox.inbox.templates import Refused, Template, read
from sandbox.page import both, reload_link
from sandbox.serving import page

_CODE = re.compile(r"(?<![\d.,])(\d{3})[ -]?(\d{7}|\d{3})(?!\d|[.,]\d)")
_LINK = re.compile(r"https?://[^\s<>\"]+")
_JAKARTA = timezone(timedelta(hours=7))


class _WhatsApp(msgspec.Struct):
    to: str
    template: Template | None = None
    """None: a message of another type."""


class InboxPages:
    """The HTTP side. With an empty token any bearer token is taken."""

    def __init__(self, messages: Messages, *, whatsapp_token: str = "") -> None:
        self._messages = messages
        self._token = whatsapp_token

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.get("/", self.show),
            web.get("/messages", self.list),
            web.post("/whatsapp/messages", self.take_whatsapp),
        ]

    async def take_whatsapp(self, request: web.Request) -> web.Response:
        """Takes a message in the form of Meta's Cloud API."""
        said = request.headers.get("Authorization", "")
        wanted = f"Bearer {self._token}" if self._token else said
        if not said.startswith("Bearer ") or not hmac.compare_digest(said.encode(), wanted.encode()):
            return _error(401, "Invalid OAuth access token.")
        try:
            message = msgspec.json.decode(await request.read(), type=_WhatsApp)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _error(400, "Invalid parameter")
        digits = message.to.lstrip("+")
        if not digits.isdigit() or not 8 <= len(digits) <= 15:
            return _error(400, "Recipient phone number is invalid")
        try:
            text = read(message.template)
        except Refused as refused:
            return _error(refused.status, refused.words, refused.code)
        id = f"wamid.{uuid4().hex}"
        self._messages.add(
            kind="whatsapp",
            to="+" + digits,
            sender="Meterai",
            subject="",
            text=text,
            received_at=time.time(),
            id=id,
        )
        body = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": message.to, "wa_id": digits}],
            "messages": [{"id": id}],
        }
        return web.Response(body=msgspec.json.encode(body), content_type="application/json")

    async def list(self, request: web.Request) -> web.Response:
        """Messages as JSON, newest first: ?to=, ?after= (a number), ?limit=."""
        try:
            after = int(request.query.get("after", "0"))
            limit = min(int(request.query.get("limit", "100")), 1000)
        except ValueError:
            return _error(400, "after and limit are whole numbers")
        found = self._messages.newest_first(to=request.query.get("to", ""), after=after, limit=limit)
        return web.Response(body=msgspec.json.encode({"messages": found}), content_type="application/json")

    async def show(self, request: web.Request) -> web.Response:
        """The page: newest first; ?to= shows one person's."""
        to = request.query.get("to", "")
        found = self._messages.newest_first(to=to, limit=50)
        items = "".join(_item(message) for message in found)
        empty = f'<p class="card soft">{both("Belum ada pesan", "No messages yet")}</p>'
        again = reload_link(request.path_qs)
        heading = both("Pesan yang terkirim", "Messages that were sent")
        only = f'<p class="soft"><a href="/">← {both("Semua pesan", "All messages")}</a></p>' if to else ""
        return page("Kotak masuk", f"<h1>{heading}</h1>{only}{again}{items or empty}")


def _item(message: Received) -> str:
    at = datetime.fromtimestamp(message.received_at, UTC).astimezone(_JAKARTA)
    code = _CODE.search(message.text) or _CODE.search(message.subject)
    large = f'<p class="code large">{code[1]} {code[2]}</p>' if code else ""
    kind = "E-mail" if message.kind == "email" else "WhatsApp"
    subject = f"<strong>{escape(message.subject)}</strong>" if message.subject else ""
    return (
        f'<article class="card"><div class="row"><a href="/?to={escape(_quoted(message.to))}">'
        f'{escape(message.to)}</a><span class="tag">{kind}</span></div>'
        f'<p class="soft">{at:%d-%m-%Y %H:%M:%S} WIB</p>{large}{subject}'
        f"<pre>{_linked(message.text)}</pre></article>"
    )


def _linked(text: str) -> str:
    """The text with its addresses as links, all escaped."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        address = escape(match[0])
        link = f'<a href="{address}" rel="noreferrer">{address}</a>'
        parts.append(escape(text[end : match.start()]) + link)
        end = match.end()
    return "".join(parts) + escape(text[end:])


def _quoted(to: str) -> str:
    return quote(to, safe="@")


def _error(status: int, message: str, code: int | None = None) -> web.Response:
    body = {"error": {"message": message, "code": code or status}}
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def make_application(*, folder: Path, smtp_port: int, whatsapp_token: str = "") -> web.Application:
    """The twin as an aiohttp application; its SMTP port opens and closes with it."""
    messages = Messages(folder)
    application = web.Application(client_max_size=64 * 1024)
    application.add_routes(InboxPages(messages, whatsapp_token=whatsapp_token).routes())

    def connect() -> SmtpConnection:
        return SmtpConnection("sandbox.localhost", mail.judge, partial(mail.keep, messages))

    async def take_mail(_: web.Application) -> AsyncIterator[None]:
        server = await asyncio.get_running_loop().create_server(connect, serving.HOST, smtp_port)
        yield
        server.close()
        messages.close()

    application.cleanup_ctx.append(take_mail)
    return application


def main() -> None:
    """Starts the twin from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.inbox", description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder for its database")
    parser.add_argument("--whatsapp-token-file", type=Path, help="else any bearer token is taken")
    arguments = parser.parse_args()
    token_file = arguments.whatsapp_token_file
    application = make_application(
        folder=arguments.data,
        smtp_port=arguments.smtp_port,
        whatsapp_token=token_file.read_text().strip() if token_file else "",
    )
    serving.start(application, port=arguments.http_port, name="sandbox inbox")
