"""Says of orders without an end what the service knows of each: where their money, job and upload stand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import asyncpg

from meterai.kit.files.object_store import key_of

_PAYMENTS: Final = """
    SELECT o.number, p.reference, p.state, p.settled_at, p.poll_at, p.polls,
        (SELECT count(*) FROM sales.notice n WHERE n.reference = p.reference) AS notices
    FROM sales.orders o JOIN sales.payment p ON p.order_id = o.id
    WHERE o.number = ANY ($1) ORDER BY p.created_at
"""
_ITEMS: Final = """
    SELECT o.number, i.position, i.state, i.refusal_code, d.input_object, j.state AS job, j.attempts,
        j.trouble_code, j.refusal_code AS refused_because, j.next_attempt_at, j.lease_holder, now() AS now
    FROM sales.orders o JOIN sales.item i ON i.order_id = o.id
    LEFT JOIN stamping.document d ON d.id = i.document_id
    LEFT JOIN stamping.job j ON j.reference_id = i.id
    WHERE o.number = ANY ($1) ORDER BY i.position, j.created_at
"""


async def describe(
    connection: asyncpg.Connection[asyncpg.Record], numbers: Iterable[str], objects: Path
) -> list[str]:
    """A line for each payment and each item. `objects`: folder of the object store."""
    asked = list(numbers)
    payments = await connection.fetch(_PAYMENTS, asked)
    items = await connection.fetch(_ITEMS, asked)
    return [_payment(row) for row in payments] + [_item(row, objects) for row in items]


def _payment(row: asyncpg.Record) -> str:
    settled = f"settled at {row['settled_at']:%T}" if row["settled_at"] else f"next poll at {row['poll_at']}"
    return (
        f"order {row['number']}: payment {row['reference']} is {row['state']}, {settled}, "
        f"{row['polls']} polls, {row['notices']} notices"
    )


def _item(row: asyncpg.Record, objects: Path) -> str:
    told = f"order {row['number']}: item {row['position']} is {row['state']}"
    if row["refusal_code"]:
        told += f" ({row['refusal_code']})"
    if row["input_object"]:
        told += f", its upload is {_state_of(row['input_object'], objects)}"
    if row["job"] is None:
        return f"{told}, without a job"
    return (
        f"{told}, its job is {row['job']} after {row['attempts']} attempts, "
        f"trouble {row['trouble_code'] or row['refused_because']}, next attempt at {row['next_attempt_at']} "
        f"(now {row['now']}), held by {row['lease_holder']}"
    )


def _state_of(key: str, objects: Path) -> str:
    try:
        content = (objects / key[:2] / key[2:]).read_bytes()
    except FileNotFoundError:
        return "missing"
    return "whole" if key_of(content) == key else f"damaged ({len(content)} bytes)"
