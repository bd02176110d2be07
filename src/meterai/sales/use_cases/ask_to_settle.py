"""Has a payment settled by a worker: the site books no money itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from meterai.kernel.clock import Clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.sales.store import payments

type Settle = Callable[[str], Awaitable[object]]
"""Books what became of a payment, by its reference: `ask_to_settle` in the site."""
PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.1


async def ask_to_settle(db: Database, reference: str, *, clock: Clock) -> None:
    """Asks for the settlement of a payment that the gateway has, and waits until it is booked.

    Raises: Refusal UNAVAILABLE `gateway.unavailable` when no worker booked it within `PATIENCE_SECONDS`. A
    worker books it later all the same.
    """
    async with db.connection(hands_on=True) as connection:
        await payments.ask_to_settle(connection, reference, clock())
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        await asyncio.sleep(_LOOK_SECONDS)
        async with db.connection() as connection:
            if await payments.is_settled(connection, reference):
                return
    raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason="not_settled")
