"""Copies of rows and files during an evening, and their restore."""

from __future__ import annotations

import shutil
from pathlib import Path

from meterai.waiting_room.files.queue_folder import QueueFolder
from tests.storage_fixtures import TestDatabase

_TABLES = """SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'waiting_room' AND table_type = 'BASE TABLE' ORDER BY table_name"""


class Copies:
    """The last copy of the queue's rows and of its files."""

    def __init__(self, database: TestDatabase, folder: QueueFolder, shelf: Path) -> None:
        self._owner, self._folder, self._files = database.owner, folder, shelf / "copy"

    async def make(self) -> None:
        """Copies everything."""
        shutil.rmtree(self._files, ignore_errors=True)
        shutil.copytree(self._folder.path, self._files)
        await self._owner.execute("DROP SCHEMA IF EXISTS copied CASCADE; CREATE SCHEMA copied")
        for table in await self._tables():
            await self._owner.execute(f"CREATE TABLE copied.{table} AS TABLE waiting_room.{table}")

    async def put_rows_back(self) -> None:
        """Restores the rows, as a restore of the database does."""
        async with self._owner.transaction():
            await self._owner.execute("SET LOCAL session_replication_role = replica")  # in any order
            for table in await self._tables():
                await self._owner.execute(f"DELETE FROM waiting_room.{table}")
                await self._owner.execute(
                    f"INSERT INTO waiting_room.{table} OVERRIDING SYSTEM VALUE SELECT * FROM copied.{table}"
                )

    def put_files_back(self) -> None:
        """Restores the files, as a restore of a disk does."""
        shutil.rmtree(self._folder.path)
        shutil.copytree(self._files, self._folder.path)
        self._folder.from_copy.touch()

    async def _tables(self) -> list[str]:
        return [row["table_name"] for row in await self._owner.fetch(_TABLES)]
