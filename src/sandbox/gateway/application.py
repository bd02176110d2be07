"""Wires the gateway twin and starts it."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from sandbox import serving
from sandbox.gateway.charges import Book
from sandbox.gateway.core_api import CoreApi, basic_authorization
from sandbox.gateway.faults import FaultScript
from sandbox.gateway.notice_queue import RETRY_SECONDS
from sandbox.gateway.notices import NoticeSender
from sandbox.gateway.pages import Pages
from sandbox.gateway.payouts import Payouts
from sandbox.gateway.script_api import ScriptApi
from sandbox.gateway.settlements import Settlements
from sandbox.gateway.till import Till


def make_application(
    *,
    folder: Path,
    server_key: str,
    payout_key: str,
    notify_url: str,
    public_url: str,
    retry_seconds: tuple[float, ...] = RETRY_SECONDS,
) -> web.Application:
    """The twin as an aiohttp application."""
    book = Book(folder, now=time.time())
    sender = NoticeSender(book, notify_url=notify_url, server_key=server_key, retry_seconds=retry_seconds)
    till = Till(book, FaultScript(), sender)
    application = web.Application(client_max_size=64 * 1024)
    application.add_routes(
        [
            *CoreApi(till, server_key=server_key, public_url=public_url).routes(),
            *Payouts(till, key=payout_key).routes(),
            *ScriptApi(till).routes(),
            *Settlements(till, basic_authorization(server_key), name="MT").routes(),
            *Pages(till).routes(),
        ]
    )
    application.cleanup_ctx.append(lambda _: keep_till(till))
    return application


async def keep_till(till: Till) -> AsyncIterator[None]:
    """Sends notices and ends overdue charges for as long as the application runs."""
    await till.sender.start()
    expiring = asyncio.create_task(till.expire_overdue())
    yield
    expiring.cancel()
    await till.close()
    await till.sender.close()
    till.book.close()


def main() -> None:
    """Starts the twin from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.gateway", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--notify-url", default="", help="where notices are sent; empty: nowhere")
    parser.add_argument("--server-key-file", type=Path, required=True, help="made when missing")
    parser.add_argument("--payout-key-file", type=Path, help="made when missing; else the server key")
    parser.add_argument("--data", type=Path, required=True, help="folder for its database")
    arguments = parser.parse_args()
    server_key = _read_or_make_key(arguments.server_key_file)
    payout_file = arguments.payout_key_file
    application = make_application(
        folder=arguments.data,
        server_key=server_key,
        payout_key=_read_or_make_key(payout_file) if payout_file else server_key,
        notify_url=arguments.notify_url,
        public_url=f"http://{serving.HOST}:{arguments.port}",
    )
    serving.start(application, port=arguments.port, name="sandbox gateway")


def _read_or_make_key(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"SB-Mid-server-{secrets.token_urlsafe(24)}\n")
    return path.read_text().strip()
