"""What an operator did, and whether the signer has seen it: it looks at the register when it is asked, once a
second at most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from meterai.kernel.refusals import Refusal

FOLLOWS_SECONDS_MAX = 5.0
_NOBODY_THERE = ("FileNotFoundError", "ConnectionRefusedError")
"""Of a socket at which no signer listens."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Whether the signer was seen to follow, and the sentence that says so."""

    seen: bool
    words: str


async def signer_follows(has_seen: Callable[[], Awaitable[bool]], *, does: str, not_there: str) -> Followed:
    """Asks the signer until it has seen it.

    `does`: what it does then. `not_there`: what it means when no signer runs here.
    """
    since = time.monotonic()
    try:
        async with asyncio.timeout(FOLLOWS_SECONDS_MAX):
            while True:
                if await has_seen():
                    return Followed(True, f"The signer {does} (seen after {time.monotonic() - since:.1f} s).")
                await asyncio.sleep(0.1)
    except (Refusal, TimeoutError) as error:
        # One that hangs, or can't ask the database, may have signatures under way: it is there.
        reason = error.facts.get("reason") if isinstance(error, Refusal) else ""
        if reason in _NOBODY_THERE:
            return Followed(False, f"The signer does not run here, so {not_there}")
        return Followed(
            False, "The signer has not followed within 5 s: end its process (docs/keys.md, emergency stop)."
        )
