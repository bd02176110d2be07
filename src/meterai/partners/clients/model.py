"""What is known of a client of the API: its organisation, rights, limits and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

import msgspec

type Scope = Literal[
    "documents:write",
    "documents:read",
    "stamps:write",
    "stamps:read",
    "bundles:write",
    "bundles:read",
    "quota:read",
    "quota:move",
    "organisations:read",
    "organisations:write",
    "events:read",
    "webhooks:write",
    "reports:read",
    "usage:read",
]
"""Something that a client may be allowed to do. A token has some of the scopes of its client."""
SCOPES: Final[tuple[str, ...]] = get_args(Scope.__value__)
KEYS_MAX: Final = 5
"""How many keys of a client may count at one time."""


class ClientKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key of a client."""

    id: UUID
    public_key: dict[str, Any]
    """A JWK (RFC 7517)."""
    thumbprint: str
    added_at: datetime
    ends_at: datetime | None

    def counts(self, now: datetime) -> bool:
        """Whether what it signs counts now."""
        return self.ends_at is None or now < self.ends_at


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may do at most. None: no cap of its own."""

    scopes: frozenset[str]
    networks: tuple[str, ...] = ()
    """From where it may call, as `203.0.113.0/24`. Empty: from anywhere."""
    stamps_per_hour_max: int | None = None
    stamps_per_day_max: int | None = None


ALL_RIGHTS: Final = Limits(scopes=frozenset(SCOPES))
"""What a new client may do unless somebody says less."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A client with all its keys, also those that have ended."""

    id: UUID
    organisation_id: UUID
    name: str
    limits: Limits
    created_at: datetime
    revoked_at: datetime | None
    account_holder: UUID
    """The customer that the documents of the organisation belong to."""
    organisation_is_active: bool
    signs_requests: bool
    """Whether the agreement of today demands signed requests."""
    keys: tuple[ClientKey, ...]

    @property
    def is_active(self) -> bool:
        """Whether it may call at all."""
        return self.revoked_at is None and self.organisation_is_active

    def key(self, key_id: UUID, now: datetime) -> ClientKey | None:
        """The key of this id, if it counts now."""
        return next((key for key in self.keys if key.id == key_id and key.counts(now)), None)
