"""A dump as a stream: nothing of it is loaded when the stream turns out to be wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO

import asyncpg
import pytest

from meterai.kit.files.sealed_files import (
    SealBroken,
    identities_of,
    new_identity,
    recipients_of,
    seal,
    unseal,
)
from meterai.launcher.database_dump import DumpFailed, dump_database, load_database
from meterai.launcher.embedded_postgres import client_programs
from tests.storage_fixtures import TestCluster

pytestmark = pytest.mark.storage
IDENTITY, RECIPIENT = new_identity()


async def tables_in(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        found: int = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return found
    finally:
        await connection.close()


async def test_a_dump_that_is_not_the_signed_one_is_rolled_back(cluster: TestCluster, tmp_path: Path) -> None:
    programs, sealed, digests = client_programs(), tmp_path / "dump.age", list[str]()
    async with cluster.empty_database() as source, cluster.empty_database() as target:
        connection = await asyncpg.connect(cluster.urls(source).owner)
        await connection.execute("CREATE TABLE kept AS SELECT * FROM generate_series(1, 200000) AS number")

        def take(stream: IO[bytes]) -> None:
            digests.append(seal(stream, sealed, recipients_of(RECIPIENT)))

        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            await asyncio.to_thread(
                dump_database, programs, cluster.urls(source).owner, take, snapshot=snapshot
            )
        await connection.close()
        url, identities = cluster.urls(target).owner, identities_of(IDENTITY)

        def load(digest: str) -> None:
            load_database(programs, url, lambda pipe: unseal(sealed, pipe, identities, digest=digest))

        with pytest.raises(SealBroken):
            await asyncio.to_thread(load, "0" * 64)
        assert await tables_in(url) == 0
        with pytest.raises(DumpFailed, match="pg_restore"):
            await asyncio.to_thread(
                load_database, programs, url, lambda pipe: pipe.write(b"PGDMP that is cut off")
            )
        await asyncio.to_thread(load, digests[0])
        assert await tables_in(url) == 1


def test_a_writer_that_fails_ends_the_program(tmp_path: Path) -> None:
    """pg_dump would hold its snapshot, and vacuum back, until the machine starts again."""
    pid = tmp_path / "pid"
    program = tmp_path / "pg_dump"
    program.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec cat /dev/zero\n")
    program.chmod(0o755)

    def full(stream: IO[bytes]) -> None:
        stream.read(1)
        raise OSError(28, "no room")

    with pytest.raises(OSError, match="no room"):
        dump_database(tmp_path, "postgresql://h/d", full, snapshot="1")
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()
