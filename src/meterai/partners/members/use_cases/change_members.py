"""Changes members by the session of an owner, or of the member who leaves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.customers.queries import SessionCustomer
from meterai.kit.database import Database
from meterai.partners.members import store
from meterai.partners.model import MemberRole


async def change_member(
    db: Database,
    by: SessionCustomer,
    organisation_id: UUID,
    *,
    customer_id: UUID,
    role: MemberRole | None,
    now: datetime,
) -> None:
    """Gives a member another role; None ends the membership.

    Raises: Refusal FORBIDDEN `session.missing`, `contact.prove_first`, `member.not_allowed`; NOT_FOUND
    `partner.no_member`; CONFLICT `partner.last_owner`.
    """
    async with db.transaction() as tx:
        await store.change_member(tx, by.token, organisation_id, customer_id=customer_id, role=role, now=now)


async def leave_organisation(
    db: Database, by: SessionCustomer, organisation_id: UUID, *, now: datetime
) -> None:
    """Ends one's own membership.

    Raises: Refusal FORBIDDEN `session.missing`; NOT_FOUND `partner.no_member`; CONFLICT
    `partner.last_owner`.
    """
    async with db.transaction() as tx:
        await store.leave(tx, by.token, organisation_id, now=now)
