"""Says who acts for an organisation, by command. Owners do it on the site (`partners/members`)."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.partners import store
from meterai.partners.model import MemberRole
from meterai.partners.queries.organisations import find_organisation, members_of


async def set_member(
    db: Database,
    organisation_id: uuid.UUID,
    customer_id: uuid.UUID,
    role: MemberRole,
    *,
    now: datetime,
    actor: str | Actor = "operator",
) -> None:
    """Makes a person a member of an organisation, or gives a member another role.

    Raises: Refusal NOT_FOUND `partner.unknown`; CONFLICT `partner.last_owner`.
    """
    async with db.transaction() as tx:
        found = await find_organisation(tx, organisation_id)
        await store.put_member(tx, organisation_id, customer_id, role, now)
        await _keep_owner(tx, organisation_id)
        facts = {"member": str(customer_id), "role": role}
        await write_audit(tx, actor=actor, action="partner.member", subject=found.code, facts=facts, now=now)


async def end_membership(
    db: Database,
    organisation_id: uuid.UUID,
    customer_id: uuid.UUID,
    *,
    now: datetime,
    actor: str | Actor = "operator",
) -> None:
    """Ends a membership. Raises: Refusal NOT_FOUND `partner.no_member`; CONFLICT `partner.last_owner`."""
    async with db.transaction() as tx:
        if not await store.delete_member(tx, organisation_id, customer_id):
            raise Refusal(Kind.NOT_FOUND, "partner.no_member")
        await _keep_owner(tx, organisation_id)
        found = await find_organisation(tx, organisation_id)
        facts = {"member": str(customer_id)}
        await write_audit(
            tx, actor=actor, action="partner.end_member", subject=found.code, facts=facts, now=now
        )


async def _keep_owner(tx: Connection, organisation_id: uuid.UUID) -> None:
    """Refuses what leaves members without an owner."""
    members = await members_of(tx, organisation_id)
    if members and all(member.role is not MemberRole.OWNER for member in members):
        raise Refusal(Kind.CONFLICT, "partner.last_owner")
