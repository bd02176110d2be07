"""The key of the digests of codes. It is in the database, where codes are made and compared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg


async def rotate_sign_in_key(owner: asyncpg.Connection[Any], *, begins: datetime, until: datetime) -> None:
    """Makes a new key, which counts from `begins`. Codes that were made before are right until `until`.

    `owner`: a connection of the owner's role, in a transaction. No other role reads or changes the key.

    Raises: ValueError when the last one has not begun yet.
    """
    await owner.execute("LOCK TABLE customers.code_key IN SHARE ROW EXCLUSIVE MODE")
    ahead = await owner.fetchval("SELECT max(begins_at) FROM customers.code_key WHERE begins_at > now()")
    if ahead is not None:
        raise ValueError(f"the last rotation begins at {ahead:%Y-%m-%d %H:%M:%S} UTC: wait for it")
    await owner.execute("SELECT customers.rotate_code_key($1, $2)", begins, until)
