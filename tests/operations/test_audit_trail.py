"""The audit trail as the database writes it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from meterai.kit.audit_trail import write_audit
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


async def write(database: TestDatabase, subject: str, **more: str) -> None:
    async with database.app.transaction() as tx:
        await write_audit(
            tx,
            actor="ani",
            action="refund.account",
            subject=subject,
            facts={"bank": "BCA", "jumlah": 1},
            now=datetime.now(UTC),
            personal=more,
            person="somebody",
        )


async def test_acts_at_the_same_moment_are_one_chain(database: TestDatabase) -> None:
    await asyncio.gather(*(write(database, str(number)) for number in range(20)))
    rows = await database.owner.fetch(
        """SELECT id, hash = operations.audit_hash(
                  coalesce(lag(hash) OVER (ORDER BY id), decode(repeat('00', 32), 'hex')),
                  id, at, actor, action, subject, facts, written_by, signatures, request_id) AS follows
           FROM operations.audit_entry ORDER BY id"""
    )
    assert [row["id"] for row in rows] == list(range(1, 21))
    assert all(row["follows"] for row in rows)


async def test_personal_values_stand_beside_the_entry_and_can_be_erased(database: TestDatabase) -> None:
    await write(database, "one", holder="Siti Aminah", account="1234567890")
    entry = await database.owner.fetchval("SELECT facts::text FROM operations.audit_entry")
    assert "Siti" not in entry
    assert "1234567890" not in entry
    kept = "SELECT count(*) FROM operations.audit_value WHERE value IS NOT NULL"
    assert await database.owner.fetchval(kept) == 2
    assert await database.owner.fetchval("SELECT operations.erase_audit_values('somebody')") == 2
    assert await database.owner.fetchval(kept) == 0
