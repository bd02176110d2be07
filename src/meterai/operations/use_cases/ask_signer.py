"""Asks the signer whether it can sign now."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import NamedTuple

from meterai.kernel.refusals import Refusal
from meterai.stamping.ports import Signer


class SignerNow(NamedTuple):
    """The signer's answer."""

    trouble: str
    """Why it can't sign now: it does not answer, or has no key that signs. Empty: it can."""
    tsa_ends: datetime | None = None
    """When the time-stamp authority's certificate ends; None: the signer does not know, or does not say."""


async def ask_signer(signer: Signer, *, within_s: float) -> SignerNow:
    """Asks the signer, for at most `within_s` seconds."""
    try:
        async with asyncio.timeout(within_s):
            return SignerNow("", (await signer.ping()).tsa_ends)
    except Refusal as refusal:
        return SignerNow(refusal.code)
    except TimeoutError:
        return SignerNow("no answer")
