"""Draws pictures for the result of a check, for a short time. A verdict never waits long for its pictures."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable

import structlog

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Refusal

log = structlog.get_logger(__name__)
SECONDS = 4.0
"""How long all pictures of one result may take together."""


class Drawer:
    """Draws the pictures of one file. After `SECONDS`, or if the file refuses, there is no picture."""

    def __init__(self, jail: JailPool, data: bytes) -> None:
        self.jail = jail
        self.data = data
        self.owner = secrets.token_hex(8)
        self._end = asyncio.get_running_loop().time() + SECONDS

    async def draw[Made](self, work: Callable[[], Awaitable[Made]]) -> Made | None:
        """What `work` makes; None if it can't."""
        try:
            async with asyncio.timeout_at(self._end):
                return await work()
        except TimeoutError:
            log.info("picture_missing", code="too late")
        except Refusal as refusal:
            log.info("picture_missing", code=refusal.code)
        return None


def data_address(content: bytes, kind: str = "image/jpeg") -> str:
    """The content as a `data:` address: nothing is stored."""
    return f"data:{kind};base64," + base64.b64encode(content).decode()
