"""Waits until the signer has seen what an operator did.

When it is asked, the signer reads the register, once a second at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from meterai.kernel.refusals import Refusal

FOLLOWS_SECONDS_MAX = 5.0
_NOBODY_THERE = ("FileNotFoundError", "ConnectionRefusedError")
"""Errors of a socket without a signer behind it."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Whether the signer was seen to follow, and the sentence that says so."""

    seen: bool
    words: str


async def wait_for_signer(has_seen: Callable[[], Awaitable[bool]], *, does: str, not_there: str) -> Followed:
    """Asks the signer again and again, for five seconds at most, until it has seen a change.

    `does`: what the signer does then, for the sentence. `not_there`: what it means that no signer runs here.
    """
    since = time.monotonic()
    try:
        async with asyncio.timeout(FOLLOWS_SECONDS_MAX):
            while True:
                if await has_seen():
                    return Followed(True, f"The signer {does} (seen after {time.monotonic() - since:.1f} s).")
                await asyncio.sleep(0.1)
    except (Refusal, TimeoutError) as error:
        # A signer that hangs, or can't reach the database, may still have signatures under way.
        reason = error.facts.get("reason") if isinstance(error, Refusal) else ""
        if reason in _NOBODY_THERE:
            return Followed(False, f"The signer does not run here, so {not_there}")
        return Followed(
            False, "The signer has not followed within 5 s: end its process (docs/keys.md, emergency stop)."
        )
