"""Requests of clients of the API, and their sums."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from meterai.partners.clients.model import Limits


class ApiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was answered. It holds no body, no query and no id of what was asked for."""

    id: UUID
    organisation_id: UUID
    client_id: UUID
    at: datetime
    method: str
    path: str
    """With `{names}` in the place of ids."""
    status: int
    code: str | None
    """Of its problem."""
    milliseconds: int


class DayUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What a client did on a business date."""

    day: date
    client_id: UUID
    requests: int
    refused: int
    """Of these, answered with a status from 400 on."""
    stamps: int
    """Ordered, or passed on to organisations below."""


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has used of its caps."""

    client_id: UUID
    name: str
    limits: Limits
    stamps_this_hour: int
    stamps_today: int
