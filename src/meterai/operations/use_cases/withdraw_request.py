"""Withdraws a request that waits for a second officer."""

from __future__ import annotations

from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, officers_refusals
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database, call
from meterai.operations.officers.requests import ReleaseRequest

ACTION = "release.withdraw"


def facts_of_withdrawal(request: ReleaseRequest, reason: str) -> dict[str, object]:
    """What the officer signs beside the request's number, and what the audit trail keeps."""
    return {"act": request.kind, "of": request.subject, "reason": reason}


async def withdraw_request(
    db: Database, request: ReleaseRequest, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Ends a request. Nobody can sign it any more. The service asks again for refunds that it asked for.

    Raises: Refusal FORBIDDEN `release.not_yours`: neither an admin nor the officer who asked; NOT_FOUND
    `release.not_open`; what `write_audit` raises.
    """
    async with db.transaction() as tx:
        try:
            with officers_refusals():
                await tx.execute(call("operations.withdraw_release", 2), request.number, actor.name)
        except Refusal as refusal:
            if refusal.code != "officer.may_not":
                raise
            raise Refusal(Kind.FORBIDDEN, "release.not_yours") from refusal
        facts = facts_of_withdrawal(request, reason)
        await write_audit(tx, actor=actor, action=ACTION, subject=str(request.number), facts=facts, now=now)
