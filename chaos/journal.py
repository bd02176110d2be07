"""Compares the journal of the people with what the server and the gateway say."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from simulator.crowd.browser import Browser
from simulator.rehearsal.crowd import Entry

_ENDED: Final = frozenset({"completed"})
_PAID: Final = frozenset({"settlement", "capture", "refund", "partial_refund"})


@dataclass(frozen=True, slots=True)
class ServerView:
    """`orders`: number -> state; `files`: number -> digests of released files; `settled`: references of
    payments that were booked; `refunds`: numbers of orders with a refund that is under way or paid."""

    orders: Mapping[str, str]
    files: Mapping[str, frozenset[str]]
    settled: frozenset[str]
    refunds: frozenset[str]


def differences(entries: Iterable[Entry], server: ServerView) -> list[str]:
    """What people saw acknowledged and the server does not know, by order number."""
    seen = list(entries)
    found = []
    for entry in seen:
        if entry.order and entry.order not in server.orders:
            found.append(f"order {entry.order} was acknowledged and is gone")
            continue
        known = server.files.get(entry.order, frozenset())
        found += [
            f"order {entry.order}: file {digest[:12]} was downloaded and is not the server's"
            for digest in entry.digests
            if digest not in known
        ]
    times = Counter(digest for entry in seen for digest in entry.digests)
    return found + [f"file {digest[:12]} came {count} times" for digest, count in times.items() if count > 1]


def without_end(entries: Iterable[Entry], server: ServerView) -> list[str]:
    """Numbers of the orders that were paid and are neither stamped nor refunded."""
    return [
        entry.order
        for entry in entries
        if entry.paid and server.orders.get(entry.order) not in _ENDED and entry.order not in server.refunds
    ]


def unfinished(entries: Iterable[Entry], server: ServerView, at_gateway: Mapping[str, str]) -> list[str]:
    """Paid money that is neither a stamp nor a refund, and bookings without money. For a time of rest.

    `at_gateway`: reference of a charge -> its state there.
    """
    found = [
        f"order {number} was paid and is {server.orders.get(number)}"
        for number in without_end(entries, server)
    ]
    paid = {reference for reference, state in at_gateway.items() if state in _PAID}
    found += [f"payment {reference} was booked without money" for reference in server.settled - paid]
    return found + [f"payment {reference} came and was not booked" for reference in paid - server.settled]


async def read_server(connection: asyncpg.Connection[asyncpg.Record]) -> ServerView:
    """Reads all orders, released files and payments."""
    orders = await connection.fetch("SELECT number, state FROM sales.orders WHERE placed_at IS NOT NULL")
    files = await connection.fetch(
        """SELECT o.number, array_agg(r.sha256) AS digests FROM sales.orders o
           JOIN sales.item i ON i.order_id = o.id JOIN stamping.release r ON r.document_id = i.document_id
           GROUP BY o.number"""
    )
    settled = await connection.fetch(
        """SELECT reference FROM sales.payment
           WHERE settled_at IS NOT NULL AND reversed_at IS NULL AND gateway = 'midtrans'"""
    )
    refunds = await connection.fetch(
        "SELECT o.number FROM sales.refund r JOIN sales.orders o ON o.id = r.order_id"
    )
    return ServerView(
        orders={row["number"]: row["state"] for row in orders},
        files={row["number"]: frozenset(row["digests"]) for row in files},
        settled=frozenset(row["reference"] for row in settled),
        refunds=frozenset(row["number"] for row in refunds),
    )


async def read_gateway(address: str) -> dict[str, str]:
    """The gateway's own list of its transactions: reference -> state."""
    browser = Browser("")
    try:
        answer = await browser.get(f"{address}/_list.csv")
    finally:
        browser.close()
    rows = await asyncio.to_thread(lambda: list(csv.DictReader(io.StringIO(answer.text))))
    return {row["order_id"]: row["transaction_status"] for row in rows}
