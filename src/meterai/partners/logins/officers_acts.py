"""Switches the wire and makes logins, by the signature of an officer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.partners.logins import store
from meterai.partners.logins.model import MadeLogin, is_user_name
from meterai.partners.logins.passwords import digest_of, make_password


async def switch_wire(
    db: Database, organisation_id: UUID, *, on: bool, reason: str, actor: str | Actor, now: datetime
) -> None:
    """Switches access by user and password on or off for an organisation. Off counts within five seconds.

    Logins stay, and count again when it is on again.

    Raises: Refusal CONFLICT `login.wire_so` when it is so already; what `write_audit` raises.
    """
    async with db.transaction() as tx:
        if not await store.switch_wire(tx, organisation_id, on=on, now=now):
            raise Refusal(Kind.CONFLICT, "login.wire_so")
        await write_audit(
            tx,
            actor=actor,
            action="client.wire",
            subject=write_id(Prefix.ORGANISATION, organisation_id),
            facts={"on": on, "reason": reason},
            now=now,
        )


async def add_login(
    db: Database, client_id: UUID, *, user: str, actor: str | Actor, now: datetime
) -> MadeLogin:
    """Gives a client a user name and a password.

    Raises: Refusal INVALID `login.user_name`; NOT_FOUND `client.unknown`; CONFLICT `login.wire_off`,
    `login.taken`, `login.many`; what `write_audit` raises.
    """
    made = new_login(user, now)
    async with db.transaction() as tx:
        await store.add_login(
            tx, client_id, made.id, user=made.user, digest=digest_of(made.password), now=now
        )
        await write_audit(
            tx,
            actor=actor,
            action="client.login_add",
            subject=write_id(Prefix.CLIENT, client_id),
            facts={"user": made.user},
            now=now,
        )
    return made


async def end_login(db: Database, user: str, *, reason: str, actor: str | Actor, now: datetime) -> None:
    """Ends a login. Every process refuses its tokens within five seconds.

    Raises: Refusal NOT_FOUND `login.unknown`; what `write_audit` raises.
    """
    async with db.transaction() as tx:
        client_id = await store.end_login(tx, user, now=now)
        await write_audit(
            tx,
            actor=actor,
            action="client.login_end",
            subject=user,
            facts={"reason": reason, "client": write_id(Prefix.CLIENT, client_id)},
            now=now,
        )


def new_login(user: str, now: datetime) -> MadeLogin:
    """A login with a new password, not stored yet. Raises: Refusal INVALID `login.user_name`."""
    if not is_user_name(user.strip()):
        raise Refusal(Kind.INVALID, "login.user_name")
    return MadeLogin(id=new_id(now), user=user.strip(), password=make_password())
