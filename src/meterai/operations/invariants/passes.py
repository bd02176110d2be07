"""I13: everybody who was let in stands in the public log once. The store and the log agree."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from meterai.kit.database import Connection
from meterai.operations.invariants.model import VIOLATIONS_SHOWN, Findings, SqlInvariant
from meterai.waiting_room.files.public_log import ENTRIES, EntryKind, read_entries
from meterai.waiting_room.files.queue_folder import queue_of

I13 = SqlInvariant(
    id="I13",
    title="Passes in the store = claims in the public log; one per contact, each for one order",
    population="waiting_room.pass",
    parts=(
        """
        SELECT pass_id::text AS subject, format('%s people have this pass', count(*)) AS fact
        FROM waiting_room.pass GROUP BY pass_id HAVING count(*) > 1
        """,
        """
        SELECT order_id::text AS subject, format('%s passes were used for this order', count(*)) AS fact
        FROM waiting_room.pass WHERE order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1
        """,
        # A pass is valid for one purchase for its event or for no event (decision 0013).
        """
        SELECT p.pass_id::text AS subject,
            format('a pass of %s, its order is of %s', q.event, o.event_slug) AS fact
        FROM waiting_room.pass p JOIN waiting_room.queue q ON q.number = p.queue
        JOIN sales.orders o ON o.id = p.order_id WHERE o.event_slug <> q.event
        """,
        # The controller counts what it logs. A row that was inserted by hand is one too many.
        """
        SELECT q.event AS subject,
            format('%s passes are logged, the controller counted %s', count(p.id), q.admitted) AS fact
        FROM waiting_room.queue q LEFT JOIN waiting_room.pass p ON p.queue = q.number AND p.logged
        GROUP BY q.number HAVING count(p.id) <> q.admitted
        """,
        # Nobody is called before the ticket's window is closed and its seed published.
        """
        SELECT p.pass_id::text AS subject, format('a pass of window %s, told are those up to %s', p.number,
            q.revealed_through) AS fact
        FROM waiting_room.pass p JOIN waiting_room.queue q ON q.number = p.queue
        WHERE p.number > q.revealed_through
        """,
    ),
)
_PASSES = """SELECT q.event, q.log_size, p.id, p.pass_id::text AS pass_id, p.number AS window, p.lane, p.gate,
        p.sequence
    FROM waiting_room.queue q LEFT JOIN waiting_room.pass p ON p.queue = q.number AND p.logged
    WHERE q.number = $1"""

_ROWS = """SELECT n, facts FROM waiting_room.log_entry WHERE queue = $1 AND n >= $2 AND n < $3 AND what = $4
    ORDER BY n"""


async def compare_log(conn: Connection, root: Path, findings: Findings) -> None:
    """Compares the logged passes of every queue with the claims in its public log, in `root`.

    One queue after the other: keeps 16 bytes for each pass of one.
    """
    for row in await conn.fetch("SELECT number FROM waiting_room.queue ORDER BY number"):
        await _compare(conn, row["number"], root, findings)


async def _compare(conn: Connection, queue: int, root: Path, findings: Findings) -> None:
    """Compares one queue. Passes, size of the log and rows are seen at one moment. What the log's file lacks
    of that size still stands in rows, which are deleted only when the file has them.
    """
    event, size = "", 0
    found: set[bytes] = set()
    async for row in conn.cursor(_PASSES, queue, prefetch=5_000):
        event, size = row["event"], row["log_size"]
        if row["id"] is not None:
            found.add(_fingerprint(_said(row)))
    async for n, facts in _claims(conn, queue, root, event, size=size, findings=findings):
        if (print_ := _fingerprint(facts)) in found:
            found.remove(print_)
        else:
            findings.add(f"{event}: entry {n} lets {facts.get('id')} in, the store has no such pass")
    if found:
        await _name_unlogged(conn, queue, found, findings)


async def _claims(
    conn: Connection, queue: int, root: Path, event: str, *, size: int, findings: Findings
) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """(entry, facts) of the first `size` entries, from the file and then from the rows."""
    read = 0
    try:
        for _, entry in read_entries(queue_of(root, event).log / ENTRIES):
            if entry.n >= size:
                return
            read = entry.n + 1
            if entry.what is EntryKind.CLAIM:
                yield entry.n, entry.facts
    except FileNotFoundError:
        pass  # nothing is published yet, so all entries are rows
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        findings.add(f"{event}: the public log can't be read behind entry {read}: {error}")
        return
    async for row in conn.cursor(_ROWS, queue, read, size, EntryKind.CLAIM, prefetch=5_000):
        yield row["n"], row["facts"]


async def _name_unlogged(conn: Connection, queue: int, unlogged: set[bytes], findings: Findings) -> None:
    shown = 0
    async for row in conn.cursor(_PASSES, queue, prefetch=5_000):
        if shown == min(len(unlogged), VIOLATIONS_SHOWN):
            break
        if row["id"] is not None and _fingerprint(_said(row)) in unlogged:
            findings.add(
                f"{row['event']}: the pass {row['pass_id']} of {row['id'].hex()} is in no entry of the log"
            )
            shown += 1
    findings.count += len(unlogged) - shown


def _said(row: Any) -> dict[str, Any]:
    """A pass as the log describes it, without the place, which follows from the seed."""
    names = ("window", "pass_id", "lane", "gate", "sequence")
    return {"id": row["id"].hex(), **{name: row[name] for name in names}}


def _fingerprint(facts: dict[str, Any]) -> bytes:
    names = ("id", "window", "pass_id", "lane", "gate", "sequence")
    said = "\x00".join(str(facts.get(name)) for name in names)
    return hashlib.sha256(said.encode()).digest()[:16]
