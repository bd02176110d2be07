"""Stores the request for an act of two officers, with the signature of the one who asks."""

from __future__ import annotations

from collections.abc import Mapping

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit import acting
from meterai.kit.acting import Signature
from meterai.kit.database import Database
from meterai.kit.releases import ask_release
from meterai.operations.officers.requests import is_signed


async def ask_two_officers(
    db: Database, signed: Signature, facts: Mapping[str, object], *, person: str | None = None
) -> int:
    """Stores the request and the first signature. Returns the number of the request.

    `facts` are those of the signed text. `person`: the customer whose personal values stand in them.

    Raises: Refusal CONFLICT `release.asked_before`: this waits already, and is signed there; what
    `officers_refusals` raises.
    """
    async with db.transaction() as tx:
        with acting.officers_refusals():
            number = await ask_release(
                tx, kind=signed.kind, subject=signed.subject, facts=facts, person=person
            )
        if await is_signed(tx, number):
            raise Refusal(Kind.CONFLICT, "release.asked_before", number=number)
        await acting.sign_release(tx, number, signed)
    return number
