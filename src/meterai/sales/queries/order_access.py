"""Finds orders by link, form or number, and says who may see one."""

from __future__ import annotations

import re
import uuid

from meterai.kernel.ids import form_digest, token_digest
from meterai.kit.database import Database


async def find_order_by_token(db: Database, token: str) -> uuid.UUID | None:
    """The order of a permanent link; None for a link that was tampered with."""
    async with db.connection() as connection:
        found: uuid.UUID | None = await connection.fetchval(
            "SELECT id FROM sales.orders WHERE token_digest = $1", token_digest(token)
        )
    return found


async def find_order_by_form(db: Database, submit_id: str) -> uuid.UUID | None:
    """The order that a form opened. To know the form's name is no right to see the order."""
    async with db.connection() as connection:
        found: uuid.UUID | None = await connection.fetchval(
            "SELECT id FROM sales.orders WHERE submit_id = $1", form_digest(submit_id)
        )
    return found


async def find_order_by_number(db: Database, number: str) -> uuid.UUID | None:
    """The order of a number, in any spelling. To know the number is no right to see the order."""
    canonical = read_order_number(number)
    if canonical is None:
        return None
    async with db.connection() as connection:
        found: uuid.UUID | None = await connection.fetchval(
            "SELECT id FROM sales.orders WHERE number = $1", canonical
        )
    return found


async def order_access(
    db: Database, order_id: uuid.UUID, token: str | None, *, customer_id: uuid.UUID | None = None
) -> bool:
    """Whether somebody may see this order: by its link's token, or signed in as its customer.

    An unknown order answers like somebody else's (I16).
    """
    async with db.connection() as connection:
        found = await connection.fetchval(
            "SELECT true FROM sales.orders WHERE id = $1 AND (token_digest = $2 OR customer_id = $3)",
            order_id,
            token_digest(token) if token else None,
            customer_id,
        )
    return found is True


def read_order_number(text: str) -> str | None:
    """The order number in what a person typed; also from a payment reference, which starts with it."""
    letters = re.sub(r"[^0-9A-Z]", "", text.upper()[:100])
    if not 12 <= len(letters) <= 15 or (len(letters) > 12 and not letters[12:].isdigit()):
        return None
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:12]}"
