"""Adds an organisation to the tree, and suspends, resumes or closes one."""

from __future__ import annotations

import uuid
from datetime import datetime

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.ledger.model import ISSUER
from meterai.ledger.open_day import on_open_day
from meterai.partners import store
from meterai.partners.model import NewOrganisation, Organisation, OrganisationRole, OrganisationState
from meterai.partners.queries.organisations import find_by_code, find_organisation

NAME_LENGTH_MAX = 120
ISSUER_CODE = "issuer"
"""Stands for the issuer where an organisation is named by its code."""


async def named_organisation(
    conn: Connection,
    code: str,
    *,
    name: str,
    role: OrganisationRole,
    below: str,
    npwp: str | None,
    now: datetime,
) -> NewOrganisation:
    """An organisation as an officer names it. `below`: the code of its parent.

    Raises: Refusal NOT_FOUND `partner.unknown`: there is no such parent.
    """
    parent = ISSUER if below == ISSUER_CODE else (await find_by_code(conn, below)).id
    return NewOrganisation(
        id=new_id(now), parent_id=parent, name=name.strip(), role=role, code=code, npwp=npwp
    )


@on_open_day
async def add_organisation(
    db: Database, new: NewOrganisation, *, now: datetime, actor: str | Actor | None = None
) -> Organisation:
    """Adds an organisation with its account holder, its stock and its money accounts.

    Adding it again under its id changes nothing. `actor`: the operator, for the audit trail; None: the
    parent itself, through the API.

    Raises: Refusal INVALID `partner.name`, `partner.not_here` (the role does not stand below that parent),
    `partner.code_form`, `partner.npwp_form`; CONFLICT `partner.code_used`, `partner.id_used`.
    """
    if not 1 <= len(new.name.strip()) <= NAME_LENGTH_MAX:
        raise Refusal(Kind.INVALID, "partner.name", maximum=NAME_LENGTH_MAX)
    async with db.transaction() as tx:
        is_new = await store.add_organisation(tx, new, now)
        found = await find_organisation(tx, new.id)
        if is_new and actor is not None:
            facts = {"name": new.name, "role": new.role, "parent": str(new.parent_id)}
            await write_audit(tx, actor=actor, action="partner.add", subject=new.code, facts=facts, now=now)
    return found


async def set_state(
    db: Database,
    organisation_id: uuid.UUID,
    state: OrganisationState,
    *,
    now: datetime,
    reason: str = "",
    actor: str | Actor | None = None,
) -> Organisation:
    """Suspends an organisation, lets it go on, or closes it for good.

    What is suspended, and all below it, gets and passes on no stamps. Returns go on.

    Raises: Refusal CONFLICT `partner.not_active` (it is closed, or there is none).
    """
    async with db.transaction() as tx:
        await store.set_state(tx, organisation_id, state)
        found = await find_organisation(tx, organisation_id)
        if actor is not None:
            facts = {"state": state, "reason": reason}
            await write_audit(
                tx, actor=actor, action="partner.state", subject=found.code, facts=facts, now=now
            )
    return found
