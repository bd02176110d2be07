"""What the page of an organisation's programs shows, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.clients.model import Client
from meterai.partners.logins.model import KeptLogin
from meterai.partners.usage.model import ApiRequest, DayUsage, Spending


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key that counts."""

    id: str
    added_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client that was not revoked."""

    id: str
    name: str
    scopes: Sequence[str]
    networks: Sequence[str]
    keys: Sequence[KeyRow]
    hour: tuple[int, int | None]
    """Stamps of this hour, and the cap."""
    day: tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A user name that has not ended."""

    user: str
    client: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a client did on a day."""

    day: date
    client: str
    requests: int
    refused: int
    stamps: int


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request that was answered."""

    id: str
    client: str
    at: datetime
    method: str
    path: str
    status: int
    code: str


def client_rows(clients: Sequence[Client], spending: Sequence[Spending], now: datetime) -> list[ClientRow]:
    """The clients that were not revoked, with their keys that count."""
    spent = {one.client_id: one for one in spending}
    return [
        ClientRow(
            id=write_id(Prefix.CLIENT, client.id),
            name=client.name,
            scopes=sorted(client.limits.scopes),
            networks=client.limits.networks,
            keys=[
                KeyRow(write_id(Prefix.KEY, key.id), key.added_at, key.ends_at)
                for key in client.keys
                if key.counts(now)
            ],
            hour=(spent[client.id].stamps_this_hour, client.limits.stamps_per_hour_max),
            day=(spent[client.id].stamps_today, client.limits.stamps_per_day_max),
        )
        for client in clients
        if client.revoked_at is None
    ]


def login_rows(logins: Sequence[KeptLogin], names: Mapping[UUID, str]) -> list[LoginRow]:
    """User names with the names of clients."""
    return [LoginRow(one.user, names.get(one.client_id, ""), one.made_at, one.used_at) for one in logins]


def usage_rows(days: Sequence[DayUsage], names: Mapping[UUID, str]) -> list[UsageRow]:
    """Usage with the names of clients."""
    return [
        UsageRow(one.day, names.get(one.client_id, ""), one.requests, one.refused, one.stamps) for one in days
    ]


def request_rows(asked: Sequence[ApiRequest], names: Mapping[UUID, str]) -> list[RequestRow]:
    """Requests with the names of clients."""
    return [
        RequestRow(
            id=write_id(Prefix.REQUEST, one.id),
            client=names.get(one.client_id, ""),
            at=one.at,
            method=one.method,
            path=one.path,
            status=one.status,
            code=one.code or "",
        )
        for one in asked
    ]
