"""Passwords of officers: what they must be, and their argon2id hashes (RFC 9106)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from meterai.kernel.refusals import Kind, Refusal

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 200
_HASHER: Final = PasswordHasher()
_AT_ONCE: Final = ThreadPoolExecutor(2, "argon2")
"""Each hash takes 64 MiB, so at most two are made at once."""
_NOBODYS: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$/x0goQT+iBDXQV8KEJSgEw$3/Uid6p8xwmJ4/2JXLpDFyg+zGsiQpa0PgMI6saYc4c"
)
"""Of a random password that nobody knows: an unknown name costs the same time as a wrong password."""


def refuse_weak(password: str, officer: str) -> None:
    """Refuses what is easily guessed. Raises: Refusal INVALID `officer.password_weak`."""
    if (
        not LENGTH_MIN <= len(password) <= LENGTH_MAX
        or officer in password.casefold()
        or len(set(password)) < 5
    ):
        raise Refusal(Kind.INVALID, "officer.password_weak")


async def hash_of(password: str) -> str:
    """Makes the hash that is stored."""
    return await asyncio.get_running_loop().run_in_executor(_AT_ONCE, _HASHER.hash, password)


async def is_right(stored: str | None, password: str) -> bool:
    """Whether this is the password. `stored` None: it is never right, and takes as long."""
    given = password[:LENGTH_MAX]
    right = await asyncio.get_running_loop().run_in_executor(_AT_ONCE, _verify, stored or _NOBODYS, given)
    return right and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
