"""Whether stamps can be signed now, by the signer's own word."""

from __future__ import annotations

import asyncio

from meterai.kernel.errors import Refusal
from meterai.stamping.ports import Signer


async def ask_signer(signer: Signer, *, within_s: float) -> str:
    """Why it can't sign now: it does not answer, or has no key that signs. Empty: it can."""
    try:
        async with asyncio.timeout(within_s):
            await signer.ping()
    except Refusal as refusal:
        return refusal.code
    except TimeoutError:
        return "no answer"
    return ""
