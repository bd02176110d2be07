"""Every statement by which the site changes members, through functions that check the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from meterai.customers.contacts import Contact
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection, call
from meterai.partners.model import MemberRole

INVITATIONS_A_DAY_MAX = 30
"""Of one organisation: each sends a message to somebody who may not expect it."""

_REFUSALS: Final = {
    "PM001": (Kind.FORBIDDEN, "session.missing"),
    "PM002": (Kind.FORBIDDEN, "contact.prove_first"),
    "PM003": (Kind.FORBIDDEN, "member.not_allowed"),
    "PM004": (Kind.CONFLICT, "partner.last_owner"),
    "PM005": (Kind.NOT_FOUND, "partner.no_member"),
    "PM007": (Kind.GONE, "invitation.ended"),
    "PM008": (Kind.FORBIDDEN, "invitation.other_contact"),
    "PM009": (Kind.CONFLICT, "invitation.member_already"),
}
"""SQLSTATE -> refusal."""


@contextmanager
def member_refusals() -> Iterator[None]:
    """Turns what the functions refuse into a Refusal of `_REFUSALS`, or BUSY `invitation.too_many`."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == "PM006":
            raise Refusal(Kind.BUSY, "invitation.too_many", maximum=INVITATIONS_A_DAY_MAX) from error
        if error.sqlstate in _REFUSALS:
            raise Refusal(*_REFUSALS[error.sqlstate]) from error
        raise


async def invite(
    tx: Connection,
    session: str,
    organisation_id: UUID,
    *,
    invitation_id: UUID,
    token: str,
    contact: Contact,
    role: MemberRole,
    now: datetime,
) -> None:
    """Writes an invitation of a contact."""
    with member_refusals():
        await tx.execute(
            call("partners.invite", 10),
            session.encode(),
            organisation_id,
            invitation_id,
            token.encode(),
            contact.kind,
            contact.value,
            contact.masked,
            role,
            INVITATIONS_A_DAY_MAX,
            now,
        )


async def take_back_invitation(
    tx: Connection, session: str, organisation_id: UUID, *, invitation_id: UUID, now: datetime
) -> None:
    """Ends an open invitation."""
    with member_refusals():
        statement = call("partners.take_back_invitation", 4)
        await tx.execute(statement, session.encode(), organisation_id, invitation_id, now)


async def accept_invitation(tx: Connection, session: str, token: str, *, now: datetime) -> UUID:
    """Makes the customer of a session a member. Returns the organisation's id."""
    with member_refusals():
        organisation_id: UUID = await tx.fetchval(
            call("partners.accept_invitation", 3), session.encode(), token.encode(), now
        )
    return organisation_id


async def change_member(
    tx: Connection,
    session: str,
    organisation_id: UUID,
    *,
    customer_id: UUID,
    role: MemberRole | None,
    now: datetime,
) -> None:
    """Gives a member another role; None ends the membership."""
    with member_refusals():
        statement = call("partners.change_member", 5)
        await tx.execute(statement, session.encode(), organisation_id, customer_id, role, now)


async def leave(tx: Connection, session: str, organisation_id: UUID, *, now: datetime) -> None:
    """Ends the membership of the session's customer."""
    with member_refusals():
        await tx.execute(call("partners.leave_organisation", 3), session.encode(), organisation_id, now)


async def forget_invitations(connection: Connection, now: datetime) -> int:
    """Deletes invitations that can't be accepted any more. Returns how many."""
    status = await connection.execute("DELETE FROM partners.invitation WHERE expires_at <= $1", now)
    return int(status.rpartition(" ")[2])
