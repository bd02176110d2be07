"""A register for the benchmark `verify`: `python -m benchmarks.verification.register --folder DIR`.

Starts the embedded PostgreSQL, migrates a database and enters made-up released stamps. Prints one JSON object
with the addresses for the owner and for the verifier's role. Stops when its standard input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

import asyncpg

from meterai.launcher.embedded_postgres import EmbeddedPostgres
from meterai.launcher.schema.migrate import ROLES, VERIFIER, migrate

_DATABASE = "register"
_OTHERS = """
    WITH stamp AS (
        SELECT n, upper(lpad(to_hex(n), 22, '0')) AS serial, gen_random_uuid() AS document
        FROM generate_series(1, $1::integer) n
    ), entered AS (
        INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state, allocated_at,
            sealed_at, released_at)
        SELECT serial, document, 1, document, '{}', 'released', now(), now(), now() FROM stamp
    )
    INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at)
    SELECT serial, 1, encode(sha256(serial::bytea), 'hex'), 100000, 1, document, now() FROM stamp
"""
_OURS = """
    WITH stamp AS (
        SELECT serial, gen_random_uuid() AS document FROM unnest($1::text[]) serial
    ), entered AS (
        INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state, allocated_at,
            sealed_at, released_at)
        SELECT serial, document, 1, document, '{}', 'released', now(), now(), now() FROM stamp
    )
    INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at)
    SELECT serial, 1, $2, 100000, 1, document, now() FROM stamp
"""
# Without the rest of the house: no job, no ledger.
_FREELY = "SET LOCAL session_replication_role = replica"


async def enter(owner_url: str, serials: list[str], sha256: str) -> None:
    """Enters one released file with its serial numbers."""
    connection = await asyncpg.connect(owner_url)
    async with connection.transaction():
        await connection.execute(_FREELY)
        await connection.execute(_OURS, serials, sha256)
    await connection.close()


async def _fill(server: EmbeddedPostgres, stamps: int) -> None:
    connection = await asyncpg.connect(server.url())
    await connection.execute(f"CREATE DATABASE {_DATABASE}")
    await connection.close()
    await migrate(server.url(_DATABASE), {role: role for role in ROLES})
    connection = await asyncpg.connect(server.url(_DATABASE))
    async with connection.transaction():
        await connection.execute(_FREELY)
        await connection.execute(_OTHERS, stamps)
    await connection.execute("ANALYZE")
    await connection.close()


def main() -> None:
    """Serves until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--stamps", type=int, default=50_000)
    asked = parser.parse_args()
    server = EmbeddedPostgres(asked.folder / "postgres", password="owner", log=asked.folder / "postgres.log")
    server.start()
    try:
        asyncio.run(_fill(server, asked.stamps))
        urls = {"owner": server.url(_DATABASE), "verifier": server.url(_DATABASE, VERIFIER, VERIFIER)}
        print(json.dumps(urls), flush=True)
        sys.stdin.read()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
