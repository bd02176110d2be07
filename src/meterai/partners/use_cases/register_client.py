"""Registers a client of the API with its first key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.partners.clients import store
from meterai.partners.clients.model import ClientKey, Limits
from meterai.partners.clients.public_keys import PublicKey, to_jwk
from meterai.partners.use_cases.change_client import check_limits, facts_of


class Registered(msgspec.Struct, frozen=True):
    """The ids of a new client and of its key."""

    client_id: UUID
    key_id: UUID


def registering_facts(name: str, limits: Limits, key: PublicKey) -> Mapping[str, object]:
    """What an officer signs: everything that is decided."""
    return {"name": name, **facts_of(limits), "key": key.thumbprint()}


async def register_client(
    db: Database,
    organisation_id: UUID,
    *,
    name: str,
    limits: Limits,
    key: PublicKey,
    actor: str | Actor,
    now: datetime,
) -> Registered:
    """Registers a client. It can get tokens at once.

    Raises: Refusal INVALID `client.name`, `client.scope`, `client.network`, `client.cap`; CONFLICT
    `client.key_known`; NOT_FOUND `partner.unknown`; what `write_audit` raises.
    """
    if not 1 <= len(name.strip()) <= 80:
        raise Refusal(Kind.INVALID, "client.name")
    check_limits(limits)
    made = Registered(new_id(now), new_id(now))
    async with db.transaction() as tx:
        if not await store.has_organisation(tx, organisation_id):
            raise Refusal(Kind.NOT_FOUND, "partner.unknown")
        await store.add_client(tx, made.client_id, organisation_id, name=name.strip(), limits=limits, now=now)
        if not await store.add_key(tx, made.client_id, key_of(key, made.key_id, now)):
            raise Refusal(Kind.CONFLICT, "client.key_known")
        await write_audit(
            tx,
            actor=actor,
            action="client.add",
            subject=write_id(Prefix.ORGANISATION, organisation_id),
            facts={
                **registering_facts(name.strip(), limits, key),
                "client": write_id(Prefix.CLIENT, made.client_id),
            },
            now=now,
        )
    return made


def key_of(key: PublicKey, key_id: UUID, now: datetime) -> ClientKey:
    """A new key as it is stored."""
    return ClientKey(
        id=key_id, public_key=to_jwk(key), thumbprint=key.thumbprint(), added_at=now, ends_at=None
    )
