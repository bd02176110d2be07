"""A person with root on a running service: changes rows and files, and signs with the controller's key.

The honest controller goes on with what it finds, and signs it.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import EntryFacts, FrontierFacts, encode_facts
from meterai.waiting_room.files.published_documents import Status
from meterai.waiting_room.files.queue_folder import QueueFolder
from meterai.waiting_room.rules.model import Lane
from meterai.waiting_room.rules.tickets import Ticket
from tests.storage_fixtures import TestDatabase


class Insider:
    """Works on the only queue of a database."""

    def __init__(self, database: TestDatabase, folder: QueueFolder) -> None:
        self._sql, self._folder = database.owner, folder

    # ------------------------------------------------------------------ rows

    async def set_queue(self, **columns: object) -> None:
        """Writes columns of the queue's row."""
        for column, value in columns.items():
            await self._sql.execute(f"UPDATE waiting_room.queue SET {column} = $1", value)

    async def asks_to_log(self, facts: EntryFacts, at: float) -> None:
        """Asks the controller to log something, as if somebody else had said it.

        Raises: asyncpg.CheckViolationError for what only the controller may say.
        """
        await self._sql.execute(
            """INSERT INTO waiting_room.to_log (queue, at, what, facts)
               SELECT number, $1, $2, $3::text::jsonb FROM waiting_room.queue""",
            datetime.fromtimestamp(at, UTC),
            facts.what,
            msgspec.json.encode(encode_facts(facts)).decode(),
        )

    async def logs(self, facts: EntryFacts, at: float) -> None:
        """Writes a decided entry of the log, as if the controller had."""
        async with self._sql.transaction():
            await self._sql.execute(
                """INSERT INTO waiting_room.log_entry (queue, n, at, what, facts)
                   SELECT number, log_size, $1, $2, $3::text::jsonb FROM waiting_room.queue""",
                int(at),
                facts.what,
                msgspec.json.encode(encode_facts(facts)).decode(),
            )
            await self._sql.execute("UPDATE waiting_room.queue SET log_size = log_size + 1")

    async def call_everybody(self) -> FrontierFacts:
        """Moves the frontier behind everybody who is drawn. Returns the move, as the log would have it."""
        row = await self._sql.fetchrow(
            """UPDATE waiting_room.queue SET frontier_window = revealed_through + 1, frontier_x = 0,
                   called = joined RETURNING frontier_window, epoch"""
        )
        assert row is not None
        rate = round(await self._sql.fetchval("SELECT rate FROM waiting_room.door"))
        return FrontierFacts(
            lane=Lane.NEW, window=row["frontier_window"], x="0", epoch=row["epoch"], rate=rate
        )

    async def call_more(self, people: int, *, of: int) -> None:
        """Moves the frontier on by some of the people in its window, and counts them as called."""
        await self._sql.execute(
            """WITH moved AS (SELECT least(frontier_x + $1::text::numeric, 18446744073709551615) AS x
                   FROM waiting_room.queue)
               UPDATE waiting_room.queue SET frontier_x = x,
                   called = called + div($2 * x, 18446744073709551616)
                       - div($2 * frontier_x, 18446744073709551616) FROM moved""",
            str(2**64 // of * people),
            of,
        )

    async def lets_in(self, ticket: Ticket, at: float, *, lane: Lane = Lane.NEW) -> None:
        """Writes a pass that the admission never gave."""
        await self._sql.execute(
            """INSERT INTO waiting_room.pass (id, pass_id, claimed_at, number, queue, lane, gate, sequence)
               SELECT $1, $2, $3, $4, number, $5, $6, $7 FROM waiting_room.queue""",
            ticket.id,
            uuid.uuid4(),
            datetime.fromtimestamp(at, UTC),
            ticket.window,
            lane,
            ticket.gate,
            ticket.sequence,
        )

    # ----------------------------------------------------------------- files

    def signs_status(self, **told: Any) -> Status:
        """Signs another status with the controller's key, and publishes it."""
        path, key = self._folder.status, self._folder.keys().controller
        status = published_documents.decode(path.read_bytes(), Status)
        changed = msgspec.structs.replace(status, **told)
        path.write_bytes(published_documents.sign(changed, key))
        return changed

    def status(self) -> Status:
        """The status as it is published."""
        return published_documents.decode(self._folder.status.read_bytes(), Status)
