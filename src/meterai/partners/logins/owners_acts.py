"""Switches the wire and makes logins, by the session of an owner."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.customers.queries import SessionCustomer
from meterai.kit.database import Database
from meterai.partners.logins import store
from meterai.partners.logins.model import MadeLogin
from meterai.partners.logins.officers_acts import new_login
from meterai.partners.logins.passwords import digest_of


async def switch_own_wire(
    db: Database, by: SessionCustomer, organisation_id: UUID, *, on: bool, now: datetime
) -> None:
    """Switches access by user and password on or off. Off counts within five seconds.

    Raises: Refusal FORBIDDEN `session.missing`, `contact.prove_first`, `member.not_allowed`.
    """
    async with db.transaction() as tx:
        await store.switch_own_wire(tx, by.token, organisation_id, on=on, now=now)


async def add_own_login(
    db: Database, by: SessionCustomer, organisation_id: UUID, client_id: UUID, *, user: str, now: datetime
) -> MadeLogin:
    """Gives a client of the organisation a user name and a password.

    Raises: as `switch_own_wire`; Refusal INVALID `login.user_name`; NOT_FOUND `client.unknown`; CONFLICT
    `login.wire_off`, `login.taken`, `login.many`.
    """
    made = new_login(user, now)
    async with db.transaction() as tx:
        await store.add_own_login(
            tx,
            by.token,
            organisation_id,
            client_id,
            login_id=made.id,
            user=made.user,
            digest=digest_of(made.password),
            now=now,
        )
    return made


async def end_own_login(
    db: Database, by: SessionCustomer, organisation_id: UUID, *, user: str, now: datetime
) -> None:
    """Ends a login of the organisation at once, and the tokens that it got.

    Raises: as `switch_own_wire`; Refusal NOT_FOUND `login.unknown`.
    """
    async with db.transaction() as tx:
        await store.end_own_login(tx, by.token, organisation_id, user=user, now=now)
