"""How every twin of the outside world is served: aiohttp on 127.0.0.1, /healthz, a quiet end on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import uvloop
from aiohttp import web

from sandbox.page import HEADERS, document

HOST = "127.0.0.1"


async def healthz(_: web.Request) -> web.Response:
    """Answers that the process is there."""
    return web.json_response({"status": "ok"})


def page(title: str, body: str, *, status: int = 200) -> web.Response:
    """A whole page; `body` is HTML whose values are already escaped."""
    text = document(title, body)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def start(application: web.Application, *, port: int, name: str) -> None:
    """Serves `application` until SIGTERM or SIGINT."""
    application.router.add_get("/healthz", healthz)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_serve(application, port, name))


async def _serve(application: web.Application, port: int, name: str) -> None:
    runner = web.AppRunner(application, access_log=None, keepalive_timeout=75, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port, backlog=512).start()
        print(f"{name}: http://{HOST}:{port}", flush=True)
        await until_stopped()
    finally:
        await runner.cleanup()


async def until_stopped() -> None:
    """Waits for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
