"""Changes what a client of the API may do."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Database
from meterai.partners.clients import store
from meterai.partners.clients.model import SCOPES, Limits

_NETWORKS_MAX = 100


def facts_of(limits: Limits) -> Mapping[str, object]:
    """Limits as an officer signs them."""
    return {
        "scopes": sorted(limits.scopes),
        "networks": list(limits.networks),
        "stamps_per_hour_max": limits.stamps_per_hour_max,
        "stamps_per_day_max": limits.stamps_per_day_max,
    }


def check_limits(limits: Limits) -> None:
    """Raises: Refusal INVALID `client.scope`, `client.network`, `client.cap`."""
    unknown = limits.scopes - set(SCOPES)
    if unknown or not limits.scopes:
        raise Refusal(Kind.INVALID, "client.scope", scopes=" ".join(SCOPES))
    try:
        networks = [ipaddress.ip_network(one) for one in limits.networks]
    except ValueError as error:
        raise Refusal(Kind.INVALID, "client.network") from error
    if len(networks) > _NETWORKS_MAX:
        raise Refusal(Kind.INVALID, "client.network")
    caps = (limits.stamps_per_hour_max, limits.stamps_per_day_max)
    if not all(cap is None or 0 < cap < 2**31 for cap in caps):
        raise Refusal(Kind.INVALID, "client.cap")


def limits_with(
    before: Limits,
    *,
    scopes: Collection[str] = (),
    networks: Sequence[str] | None = None,
    hour_max: int | None = None,
    day_max: int | None = None,
) -> Limits:
    """The limits before, with what is named. No scopes and None: as before; a cap of 0: no cap."""
    return Limits(
        scopes=frozenset(scopes) or before.scopes,
        networks=before.networks if networks is None else tuple(networks),
        stamps_per_hour_max=before.stamps_per_hour_max if hour_max is None else hour_max or None,
        stamps_per_day_max=before.stamps_per_day_max if day_max is None else day_max or None,
    )


async def change_client(
    db: Database, client_id: UUID, limits: Limits, *, actor: str | Actor, now: datetime
) -> None:
    """Replaces the scopes, networks and caps of a client. Tokens that it has lose what it lost.

    Raises: Refusal INVALID as `check_limits`; NOT_FOUND `client.unknown`; what `write_audit` raises.
    """
    check_limits(limits)
    async with db.transaction() as tx:
        if not await store.change_client(tx, client_id, limits):
            raise Refusal(Kind.NOT_FOUND, "client.unknown")
        await write_audit(
            tx,
            actor=actor,
            action="client.change",
            subject=write_id(Prefix.CLIENT, client_id),
            facts=facts_of(limits),
            now=now,
        )
