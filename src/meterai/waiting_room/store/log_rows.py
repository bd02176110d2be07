"""Statements about the public log: entries to be logged, decided entries, versions of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog

from meterai.kit.database import Connection
from meterai.waiting_room.files.log_facts import (
    CLOCK_SET_RIGHT,
    AnyFacts,
    EntryFacts,
    OperatorFacts,
    decode_facts,
    encode_facts,
)
from meterai.waiting_room.files.public_log import EntryKind

log = structlog.get_logger(__name__)


SAID_BY_OTHERS: Final = frozenset(
    {
        EntryKind.OPERATOR,
        EntryKind.BYPASS,
        EntryKind.LATE_TICKET,
        EntryKind.CERTIFICATE,
        EntryKind.DEAD_GATE,  # of joins that a restore could not find (`rewind_queues`)
    }
)
"""The kinds of entries that others than the controller may say. The database refuses all other kinds."""


class DecidedEntry(msgspec.Struct, frozen=True):
    """A decided entry of the public log."""

    n: int
    at: int
    what: EntryKind
    facts: dict[str, Any]


async def add_to_log(tx: Connection, queue: int, facts: EntryFacts, at: datetime) -> None:
    """Adds facts for the public log. The controller logs them within a second."""
    await tx.execute(
        "INSERT INTO waiting_room.to_log (queue, at, what, facts) VALUES ($1, $2, $3, $4)",
        queue,
        at,
        facts.what,
        encode_facts(facts),
    )


async def take_to_log(tx: Connection, queue: int, limit: int) -> list[tuple[datetime, AnyFacts]]:
    """Takes out the facts to be logged, with their times, in order.

    Acts of operators come first, because the state of this step may follow from them. What only the
    controller may say is dropped, with a warning in the log.
    """
    rows = await tx.fetch(
        """DELETE FROM waiting_room.to_log WHERE n IN (SELECT n FROM waiting_room.to_log
           WHERE queue = $1 ORDER BY what <> 'operator', n LIMIT $2) RETURNING n, at, what, facts""",
        queue,
        limit,
    )
    ordered = sorted(rows, key=lambda row: row["n"])
    said = [(row["at"], _said_by_others(queue, row["what"], row["facts"])) for row in ordered]
    return [(at, facts) for at, facts in said if facts is not None]


def _said_by_others(queue: int, what: str, told: dict[str, Any]) -> AnyFacts | None:
    """The facts of a row, if others than the controller may say them."""
    facts = None
    if what in SAID_BY_OTHERS:
        with suppress(msgspec.ValidationError):
            facts = decode_facts(EntryKind(what), told)
    if facts is None or (isinstance(facts, OperatorFacts) and facts.action == CLOCK_SET_RIGHT):
        log.warning("foreign_entry_dropped", queue=queue, what=what)
        return None
    return facts


async def add_entries(
    tx: Connection, queue: int, first: int, entries: Sequence[tuple[int, EntryFacts]]
) -> None:
    """Decides the next entries of the public log: (Unix time, facts), numbered from `first`."""
    await tx.executemany(
        "INSERT INTO waiting_room.log_entry (queue, n, at, what, facts) VALUES ($1, $2, $3, $4, $5)",
        [(queue, first + i, at, facts.what, encode_facts(facts)) for i, (at, facts) in enumerate(entries)],
    )


async def entries_from(conn: Connection, queue: int, first: int, *, limit: int) -> list[DecidedEntry]:
    """The decided entries from a number on."""
    rows = await conn.fetch(
        """SELECT n, at, what, facts FROM waiting_room.log_entry
           WHERE queue = $1 AND n >= $2 ORDER BY n LIMIT $3""",
        queue,
        first,
        limit,
    )
    return [DecidedEntry(row["n"], row["at"], EntryKind(row["what"]), row["facts"]) for row in rows]


async def has_entry(conn: Connection, queue: int, n: int) -> bool:
    """Whether a decided entry still exists. Then all later ones do, because the first entries are deleted
    first."""
    found = await conn.fetchval(
        "SELECT true FROM waiting_room.log_entry WHERE queue = $1 AND n = $2", queue, n
    )
    return found is True


async def forget_log(
    conn: Connection, queue: int, *, before: int, since: float, windows_before: int, limit: int
) -> None:
    """Deletes rows of the first entries, at most `limit`, up to the first row that must stay.

    An entry must stay if its number is `before` or greater, or if it is newer than `since`. Rules that the
    deleted entries name go too, and windows before `windows_before` whose seed they reveal.
    """
    await conn.execute(
        """WITH gone AS (
               DELETE FROM waiting_room.log_entry WHERE queue = $1 AND n < least($2,
                   (SELECT n FROM waiting_room.log_entry WHERE queue = $1 AND at >= $3 ORDER BY n LIMIT 1),
                   (SELECT min(n) FROM waiting_room.log_entry WHERE queue = $1) + $5)
               RETURNING what, facts),
           windows AS (
               DELETE FROM waiting_room.closed_window WHERE queue = $1 AND number < $4 AND number <=
                   (SELECT max((facts->>'window')::integer) FROM gone WHERE what = 'reveal'))
           DELETE FROM waiting_room.config WHERE queue = $1 AND encode(sha256(document), 'hex') IN
               (SELECT facts->>'sha256' FROM gone WHERE what = 'config')""",
        queue,
        before,
        int(since),
        windows_before,
        limit,
    )


async def keep_config(tx: Connection, queue: int, version: int, document: bytes) -> None:
    """Keeps the signed rules of a version, as they are published."""
    await tx.execute(
        """INSERT INTO waiting_room.config (queue, version, document) VALUES ($1, $2, $3)
           ON CONFLICT (queue, version) DO UPDATE SET document = excluded.document""",
        queue,
        version,
        document,
    )


async def kept_configs(conn: Connection, queue: int) -> list[tuple[int, bytes]]:
    """(version, signed rules) of the latest versions."""
    rows = await conn.fetch(
        "SELECT version, document FROM waiting_room.config WHERE queue = $1 ORDER BY version", queue
    )
    return [(row["version"], row["document"]) for row in rows]
