"""What is known of a login of the wire, and of the switch."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

LOGINS_MAX: Final = 5
"""How many logins of a client may count at one time: a new password before the old one ends."""
_USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{2,99}")


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A login that counts: who calls with its user name and password."""

    id: UUID
    client_id: UUID
    organisation_id: UUID
    user: str
    name: str
    """The client's name."""


class KeptLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login as its owner sees it. Nobody can read a password again."""

    id: UUID
    client_id: UUID
    user: str
    made_at: datetime
    used_at: datetime | None
    """The last time that it got a token, to the minute."""


class WireAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Since when an organisation has the wire on."""

    on_at: datetime
    on_by: str
    """`owner` or `officer`."""


class MadeLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A new login with its password, which is shown once."""

    id: UUID
    user: str
    password: str

    def __repr__(self) -> str:
        return f"MadeLogin({self.user})"


def is_user_name(text: str) -> bool:
    """Whether a text may be a user name: 3 to 100 letters, digits and `. _ @ + -`."""
    return _USER.fullmatch(text) is not None
