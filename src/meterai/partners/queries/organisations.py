"""Organisations, where they stand in the tree, and their members."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Connection
from meterai.partners.model import MemberRole, Organisation, OrganisationRole, OrganisationState

_COLUMNS = """p.id, p.parent_id, o.name, p.role, p.code, p.state, p.npwp, p.account_holder, p.created_at
    FROM partners.organisation p JOIN customers.organisation o ON o.id = p.id"""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person who acts for an organisation."""

    organisation_id: uuid.UUID
    customer_id: uuid.UUID
    role: MemberRole
    added_at: datetime


async def find_organisation(conn: Connection, organisation_id: uuid.UUID) -> Organisation:
    """Returns a partner. Raises: Refusal NOT_FOUND `partner.unknown`."""
    return _found(await conn.fetchrow(f"SELECT {_COLUMNS} WHERE p.id = $1", organisation_id))


async def find_by_code(conn: Connection, code: str) -> Organisation:
    """Returns the partner with a code. Raises: Refusal NOT_FOUND `partner.unknown`."""
    return _found(await conn.fetchrow(f"SELECT {_COLUMNS} WHERE p.code = $1", code))


async def find_below(conn: Connection, organisation_id: uuid.UUID, *, seen_by: uuid.UUID) -> Organisation:
    """Returns a partner that is `seen_by` itself or stands below it, at any depth.

    Raises: Refusal NOT_FOUND `partner.unknown`, also for an organisation elsewhere in the tree (I16).
    """
    row = await conn.fetchrow(
        f"""WITH RECURSIVE up AS (
               SELECT id, parent_id FROM partners.organisation WHERE id = $1
               UNION ALL SELECT p.id, p.parent_id FROM up JOIN partners.organisation p ON p.id = up.parent_id
           ) SELECT {_COLUMNS} WHERE p.id = $1 AND $2 IN (SELECT id FROM up)""",
        organisation_id,
        seen_by,
    )
    return _found(row)


async def find_child(conn: Connection, organisation_id: uuid.UUID, *, parent_id: uuid.UUID) -> Organisation:
    """Returns a partner right below `parent_id`.

    Raises: Refusal NOT_FOUND `partner.unknown`, also for any other organisation (I16).
    """
    return _found(
        await conn.fetchrow(
            f"SELECT {_COLUMNS} WHERE p.id = $1 AND p.parent_id = $2", organisation_id, parent_id
        )
    )


async def children_of(
    conn: Connection, parent_id: uuid.UUID, *, after: uuid.UUID | None = None, limit: int = 1000
) -> list[Organisation]:
    """Returns the partners right below an organisation, in the order of their ids, those behind `after`."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} WHERE p.parent_id = $1 AND ($2::uuid IS NULL OR p.id > $2)
            ORDER BY p.id LIMIT $3""",
        parent_id,
        after,
        limit,
    )
    return [_organisation(row) for row in rows]


async def tree_below(conn: Connection, root_id: uuid.UUID) -> list[tuple[int, Organisation]]:
    """Returns all partners below an organisation with their depth, each behind its parent."""
    rows = await conn.fetch(
        f"""WITH RECURSIVE down AS (
               SELECT p.id, 1 AS depth, ARRAY[p.code] AS path
               FROM partners.organisation p WHERE p.parent_id = $1
               UNION ALL SELECT p.id, down.depth + 1, down.path || p.code
                   FROM down JOIN partners.organisation p ON p.parent_id = down.id
           ) SELECT down.depth, {_COLUMNS} JOIN down ON down.id = p.id ORDER BY down.path""",
        root_id,
    )
    return [(row["depth"], _organisation(row)) for row in rows]


async def ids_of_organisations(conn: Connection) -> list[uuid.UUID]:
    """Returns the ids of all partners."""
    return [row["id"] for row in await conn.fetch("SELECT id FROM partners.organisation")]


async def is_active(conn: Connection, organisation_id: uuid.UUID) -> bool:
    """Returns whether a partner and all partners above it are active."""
    active: bool = await conn.fetchval(
        """WITH RECURSIVE up AS (
               SELECT parent_id, state FROM partners.organisation WHERE id = $1
               UNION ALL SELECT p.parent_id, p.state
               FROM up JOIN partners.organisation p ON p.id = up.parent_id
           ) SELECT coalesce(bool_and(state = 'active'), false) FROM up""",
        organisation_id,
    )
    return active


async def members_of(conn: Connection, organisation_id: uuid.UUID) -> list[Member]:
    """Returns the members of an organisation, the earliest first."""
    rows = await conn.fetch(
        "SELECT * FROM partners.member WHERE organisation_id = $1 ORDER BY added_at, customer_id",
        organisation_id,
    )
    return [Member(**{**dict(row), "role": MemberRole(row["role"])}) for row in rows]


async def memberships_of(conn: Connection, customer_id: uuid.UUID) -> list[tuple[Organisation, MemberRole]]:
    """Returns the organisations for which a person acts, with the role, in the order of their names."""
    rows = await conn.fetch(
        f"""SELECT m.role AS member_role, {_COLUMNS} JOIN partners.member m ON m.organisation_id = p.id
            WHERE m.customer_id = $1 AND p.state <> 'closed' ORDER BY o.name, p.id""",
        customer_id,
    )
    return [(_organisation(row), MemberRole(row["member_role"])) for row in rows]


async def member_role(
    conn: Connection, organisation_id: uuid.UUID, customer_id: uuid.UUID
) -> MemberRole | None:
    """Returns the role of a person in an organisation; None: the person is no member."""
    role = await conn.fetchval(
        "SELECT role FROM partners.member WHERE organisation_id = $1 AND customer_id = $2",
        organisation_id,
        customer_id,
    )
    return None if role is None else MemberRole(role)


def _found(row: Any) -> Organisation:
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "partner.unknown")
    return _organisation(row)


def _organisation(row: Any) -> Organisation:
    return Organisation(
        id=row["id"],
        parent_id=row["parent_id"],
        name=row["name"],
        role=OrganisationRole(row["role"]),
        code=row["code"],
        state=OrganisationState(row["state"]),
        npwp=row["npwp"],
        account_holder=row["account_holder"],
        created_at=row["created_at"],
    )
