"""Requests that two officers must sign: what the database keeps of them, and what it refuses."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from meterai.kit.database import Connection
from meterai.kit.releases import ReleaseState, ask_release, release_state, use_release
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

ACT: dict[str, Any] = {"kind": "refund", "subject": "one", "facts": {"amount": 2_500_000}}


@pytest.fixture
async def tx(database: TestDatabase) -> AsyncIterator[Connection]:
    await database.owner.execute(
        """INSERT INTO operations.officer VALUES
           ('ani', '{finance}', '{"key of ani"}', '{"old key of ani"}', now()),
           ('budi', '{finance}', '{"key of budi"}', '{}', now()),
           ('dewi', '{admin}', '{"key of dewi"}', '{}', now())"""
    )
    async with database.app.connection() as connection:
        yield connection


async def sign(
    tx: Connection, number: int, officer: str, key: str = "", nonce: str = "", minutes: int = 5
) -> bool:
    nonce = nonce or secrets.token_hex(16)
    signed: bool = await tx.fetchval(
        "SELECT operations.sign_release($1, $2, $3, $4, $5, 'signature', now() + $6)",
        number,
        officer,
        key or f"key of {officer}",
        nonce,
        f"nonce {nonce}",
        timedelta(minutes=minutes),
    )
    return signed


async def test_an_act_is_released_by_two_officers_and_used_once(tx: Connection) -> None:
    number = await ask_release(tx, **ACT)
    assert await ask_release(tx, **ACT) == number
    assert not await sign(tx, number, "ani")
    assert not await use_release(tx, **ACT)
    assert await release_state(tx, **ACT) is ReleaseState.WAITING
    assert await sign(tx, number, "budi")
    assert await release_state(tx, **ACT) is ReleaseState.RELEASED
    assert not await use_release(tx, **{**ACT, "facts": {"amount": 2_500_001}})
    assert await use_release(tx, **ACT)
    assert not await use_release(tx, **ACT)
    assert await release_state(tx, **ACT) is ReleaseState.NONE


async def test_other_facts_need_other_signatures(tx: Connection) -> None:
    first = await ask_release(tx, **ACT)
    await sign(tx, first, "ani")
    changed = {**ACT, "facts": {"amount": 9}}
    second = await ask_release(tx, **changed)
    assert second != first
    with pytest.raises(asyncpg.PostgresError, match="not open"):
        await sign(tx, first, "budi")
    assert not await sign(tx, second, "budi")


@pytest.mark.parametrize(
    ("officer", "key", "minutes", "refused"),
    [
        ("ani", "", 5, "before"),
        ("budi", "key of ani", 5, "may not sign"),
        ("ani", "old key of ani", 5, "may not sign"),
        ("dewi", "", 5, "may not sign"),
        ("eko", "", 5, "may not sign"),
        ("budi", "", 0, "too old"),
    ],
)
async def test_a_second_signature_is_another_officer_s(
    tx: Connection, officer: str, key: str, minutes: int, refused: str
) -> None:
    number = await ask_release(tx, **ACT)
    await sign(tx, number, "ani")
    with pytest.raises(asyncpg.PostgresError, match=refused):
        await sign(tx, number, officer, key, minutes=minutes)
    assert not await use_release(tx, **ACT)


async def test_a_signature_counts_once(tx: Connection) -> None:
    number = await ask_release(tx, **ACT)
    await sign(tx, number, "ani", nonce="a" * 32)
    await sign(tx, number, "budi", nonce="b" * 32)
    assert await use_release(tx, **ACT)
    again = await ask_release(tx, **ACT)
    with pytest.raises(asyncpg.PostgresError, match="used before"):
        await sign(tx, again, "ani", nonce="a" * 32)


async def test_without_officers_only_production_asks(database: TestDatabase) -> None:
    async with database.app.connection() as connection:
        assert await use_release(connection, **ACT)
        await database.owner.execute(
            "INSERT INTO operations.environment (name, since) VALUES ('production', now())"
        )
        assert not await use_release(connection, **ACT)
