"""Makes clients of the API and changes their keys, by the session of an owner."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from meterai.customers.queries import SessionCustomer
from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.partners.clients.model import Limits
from meterai.partners.clients.public_keys import PublicKey
from meterai.partners.members import own_clients
from meterai.partners.use_cases.change_client import check_limits
from meterai.partners.use_cases.register_client import Registered, key_of


async def make_own_client(
    db: Database,
    by: SessionCustomer,
    organisation_id: UUID,
    *,
    name: str,
    scopes: frozenset[str],
    key: PublicKey,
    now: datetime,
) -> Registered:
    """Makes a client of an organisation. It can get tokens at once. Officers set networks and caps.

    Raises: Refusal INVALID `client.name`, `client.scope`; CONFLICT `client.key_known`, `client.keys_many`;
    FORBIDDEN `session.missing`, `contact.prove_first`, `member.not_allowed`.
    """
    if not 1 <= len(name.strip()) <= 80:
        raise Refusal(Kind.INVALID, "client.name")
    check_limits(Limits(scopes=scopes))
    made = Registered(new_id(now), new_id(now))
    async with db.transaction() as tx:
        await own_clients.make_client(
            tx,
            by.token,
            organisation_id,
            made.client_id,
            name=name.strip(),
            scopes=scopes,
            key=key_of(key, made.key_id, now),
            now=now,
        )
    return made


async def add_own_key(
    db: Database,
    by: SessionCustomer,
    organisation_id: UUID,
    client_id: UUID,
    *,
    key: PublicKey,
    now: datetime,
) -> UUID:
    """Adds a key, which counts at once beside the others. Returns its id.

    Raises: as `make_own_client`; Refusal NOT_FOUND `client.unknown`.
    """
    key_id = new_id(now)
    async with db.transaction() as tx:
        added = key_of(key, key_id, now)
        await own_clients.add_key(tx, by.token, organisation_id, client_id, key=added, now=now)
    return key_id


async def end_own_key(
    db: Database, by: SessionCustomer, organisation_id: UUID, key_id: UUID, *, now: datetime
) -> None:
    """Ends a key at once, and the tokens that it got.

    Raises: as `make_own_client`; Refusal NOT_FOUND `client.key_unknown`.
    """
    async with db.transaction() as tx:
        await own_clients.end_key(tx, by.token, organisation_id, key_id, now=now)
