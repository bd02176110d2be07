"""The console over ASGI with a real database, and officers with cookies."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from litestar import Litestar

from meterai.bootstrap import ConsoleApp
from meterai.console.app import build_console
from meterai.console.session import cookie_name
from meterai.kit.settings import Settings
from meterai.operations.officers.sessions import begin_session
from tests.storage_fixtures import TestDatabase
from tests.web.asking import ask

NOW = datetime(2026, 9, 5, 14, 0, tzinfo=UTC)


class Browser:
    """The browser of somebody who opens the console. It keeps cookies and the proof of the last form."""

    def __init__(self, console: Litestar) -> None:
        self.console = console
        self.cookies: dict[str, str] = {}
        self.status = 0
        self.text = ""
        self.headers: dict[str, str] = {}

    async def get(self, address: str) -> str:
        """Asks for a page. Returns where it leads to, or its own address."""
        return await self._ask("GET", address, b"")

    async def post(self, address: str, **fields: str) -> str:
        """Sends a form with the proof from the last page that had one."""
        proof = re.search(r'name="_csrf_token" value="([^"]+)"', self.text)
        sent = ({"_csrf_token": proof[1]} if proof else {}) | fields
        return await self._ask("POST", address, urlencode(sent).encode())

    async def sign_in_unchecked(self) -> None:
        """Signs in where no officer is recorded."""
        await self.get("/masuk")
        assert await self.post("/masuk/percobaan") == "/", self.text

    async def sign_in_as(self, officer: str) -> None:
        """Begins a session of this officer, without asking for anything."""
        app: ConsoleApp = self.console.state.service
        async with app.db.transaction() as tx:
            token = await begin_session(tx, officer, signed_in_by="totp", now=app.clock())
        self.cookies[cookie_name(app)] = token

    async def _ask(self, method: str, address: str, body: bytes) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": cookies, "content-type": "application/x-www-form-urlencoded" if body else ""}
        answer = await ask(self.console, address, method=method, headers=headers, body=body)
        for cookie in answer.cookies:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        self.status, self.headers, self.text = answer.status, answer.headers, answer.text
        return self.headers.get("location", address)


def console_app(database: TestDatabase, **changes: Any) -> ConsoleApp:
    """What the console works with. `changes`: to it."""
    settings = Settings(console_url="http://localhost:8009", public_url="http://situs")
    given = {"settings": settings, "db": database.console, "clock": lambda: NOW, "form_key": "kunci-uji"}
    return ConsoleApp(**{**given, **changes})


def browser_of(database: TestDatabase, **changes: Any) -> Browser:
    """A browser in front of a console of its own."""
    return Browser(build_console(console_app(database, **changes)))
