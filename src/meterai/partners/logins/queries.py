"""Reads of logins: for the wire, for owners and for officers."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final
from uuid import UUID

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.partners.logins import store
from meterai.partners.logins.model import KeptLogin, Login, WireAccess, is_user_name
from meterai.partners.logins.passwords import digest_of
from meterai.partners.queries.organisations import is_active

_NOBODY: Final = bytes(32)
"""Stands in for the digest of a login that there is not, so that both take the same time."""


async def find_login(db: Database, user: str) -> Login | None:
    """The login of a user name, in any case of letters, if it counts now.

    It counts until it is ended, its client is revoked, the organisation switches the wire off, or the
    organisation or one above it is not active.
    """
    found = await _find(db, user)
    return None if found is None or not await _is_active(db, found[0]) else found[0]


async def check_login(db: Database, user: str, password: str, now: datetime) -> Login | None:
    """The login of a user name, if it counts now and the password is right. Notes the use of it.

    An unknown user name and a wrong password take the same steps.
    """
    login, digest = await _find(db, user) or (None, _NOBODY)
    is_right = hmac.compare_digest(digest_of(password), digest)
    if login is None or not is_right or not await _is_active(db, login):
        return None
    async with db.connection() as connection:
        await store.note_use(connection, login.id, now)
    return login


async def logins_of(db: Database, organisation_id: UUID) -> list[KeptLogin]:
    """The logins of an organisation that have not ended."""
    async with db.connection() as connection:
        return await store.logins_of(connection, organisation_id)


async def kept_login(db: Database, user: str) -> KeptLogin:
    """The login of a user name that has not ended. Raises: Refusal NOT_FOUND `login.unknown`."""
    async with db.connection() as connection:
        found = await store.kept_login(connection, user)
    if found is None:
        raise Refusal(Kind.NOT_FOUND, "login.unknown")
    return found


async def wire_access(db: Database, organisation_id: UUID) -> WireAccess | None:
    """Since when an organisation has the wire on. None: it is off."""
    async with db.connection() as connection:
        return await store.wire_access(connection, organisation_id)


async def _find(db: Database, user: str) -> tuple[Login, bytes] | None:
    """The login of a user name, and the digest of its password. The organisation may be suspended."""
    if not is_user_name(user):
        return None
    async with db.connection() as connection:
        return await store.find_login(connection, user)


async def _is_active(db: Database, login: Login) -> bool:
    async with db.connection() as connection:
        return await is_active(connection, login.organisation_id)
