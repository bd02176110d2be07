"""The partner's client that calls."""

from __future__ import annotations

from uuid import UUID

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A client of an organisation, proven by its token. A handler gets it as the dependency `caller`."""

    organisation_id: UUID
    account_holder: UUID
    """What stamping calls the customer: `derived_id("account_holder", organisation_id)`."""
    client_id: UUID
    key_id: UUID
    """The key that signed the request for the token."""
    scopes: frozenset[str]
