"""Erases a person's values beside the audit trail. The entries stay, with hashes that say nothing now."""

from __future__ import annotations

from datetime import datetime

from meterai.cases import store as cases
from meterai.cases.model import read_case_number
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database


async def erase_values(db: Database, person: str, *, reason: str, actor: str | Actor, now: datetime) -> int:
    """Erases every value of `person`: a customer's id, the subject of entries, or the number of a case.

    Returns how many.

    Raises: Refusal FORBIDDEN `officer.unsigned`.
    """
    async with db.transaction() as tx:
        erased: int = await tx.fetchval("SELECT operations.erase_audit_values($1)", person)
        if number := read_case_number(person):
            erased += await cases.erase(tx, number, now)
        facts = {"reason": reason, "values": erased}
        await write_audit(tx, actor=actor, action="audit.erase", subject=person, facts=facts, now=now)
    return erased
