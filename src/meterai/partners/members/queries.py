"""Members and invitations as the site shows them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from meterai.customers.contacts import Contact
from meterai.kernel.ids import token_digest
from meterai.kit.database import Database
from meterai.partners.model import MemberRole


class ShownMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member with their contacts in part."""

    customer_id: UUID
    role: MemberRole
    added_at: datetime
    contacts: tuple[str, ...]
    """Masked, the oldest first. Empty: the member has none any more."""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that can be accepted."""

    id: UUID
    organisation: str
    """Its name."""
    role: MemberRole
    masked: str
    """The contact that is invited."""
    expires_at: datetime


async def shown_members(db: Database, organisation_id: UUID) -> list[ShownMember]:
    """The members of an organisation, the earliest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            """SELECT m.customer_id, m.role, m.added_at,
                   array_agg(c.kind ORDER BY c.verified_at, c.id) AS kinds,
                   array_agg(c.value ORDER BY c.verified_at, c.id) AS addresses
               FROM partners.member m
               LEFT JOIN customers.contact c ON c.customer_id = m.customer_id AND c.replaced_at IS NULL
               WHERE m.organisation_id = $1 GROUP BY m.customer_id, m.role, m.added_at
               ORDER BY m.added_at, m.customer_id""",
            organisation_id,
        )
    return [
        ShownMember(
            customer_id=row["customer_id"],
            role=MemberRole(row["role"]),
            added_at=row["added_at"],
            contacts=tuple(
                Contact(kind=kind, value=value).masked
                for kind, value in zip(row["kinds"], row["addresses"], strict=True)
                if kind
            ),
        )
        for row in rows
    ]


_OPEN = """SELECT i.id, o.name AS organisation, i.role, i.masked, i.expires_at FROM partners.invitation i
    JOIN customers.organisation o ON o.id = i.organisation_id
    JOIN partners.organisation p ON p.id = i.organisation_id
    WHERE i.ended_at IS NULL AND i.expires_at > $2 AND p.state <> 'closed'"""


async def open_invitations(db: Database, organisation_id: UUID, *, now: datetime) -> list[Invitation]:
    """The invitations of an organisation that nobody has accepted yet, the newest first."""
    async with db.connection() as connection:
        rows = await connection.fetch(
            f"{_OPEN} AND i.organisation_id = $1 ORDER BY i.id DESC", organisation_id, now
        )
    return [Invitation(**{**dict(row), "role": MemberRole(row["role"])}) for row in rows]


async def invitation_of_token(db: Database, token: str, *, now: datetime) -> Invitation | None:
    """The invitation of a link; None when it can't be accepted any more, or there is none."""
    async with db.connection() as connection:
        row = await connection.fetchrow(f"{_OPEN} AND i.token_digest = $1", token_digest(token), now)
    return None if row is None else Invitation(**{**dict(row), "role": MemberRole(row["role"])})
