"""The census: every sum that a screen wants, taken in one pass over each source, all of one moment."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import asyncpg
import msgspec

from meterai.kit.database import Connection, Database
from meterai.operations.invariants.fingerprint import SALT, WIDE, Balance, Screen, Sum

_PIECE_BLOCKS = 65_536
"""A table is read in pieces of half a gigabyte, so that two lanes end together."""


class Pass(msgspec.Struct, frozen=True):
    """Sums over one source, or over a piece of a table, and how large that is."""

    sums: tuple[Sum, ...]
    piece: str = ""
    blocks: int = 0

    def sql(self, salt: int, *, cast: str) -> str:
        """The statement. `cast`: of weights, to a type that holds what they are multiplied to."""
        values = ", ".join(one.sql() for one in self.sums)
        statement = f"SELECT {values} FROM {self.sums[0].source} {self.piece}"
        return statement.replace(SALT, str(salt)).replace(WIDE, cast)


class Census:
    """What the sums come to. One that could not be taken is unknown."""

    def __init__(self, *, now: datetime) -> None:
        self._now = now
        self._salt = secrets.randbits(62)
        self._totals: dict[Sum, int] = {}
        self._unknown: set[Sum] = set()

    async def take(self, tx: Connection, one: Pass) -> None:
        """Takes the sums of a pass and adds them."""
        try:
            try:
                values = await self._take(tx, one, cast="")
            except asyncpg.NumericValueOutOfRangeError:  # a large amount: once more, which takes longer
                values = await self._take(tx, one, cast="::numeric")
        except asyncpg.PostgresError:  # a table that is gone
            self._unknown.update(one.sums)
            return
        for wanted, value in zip(one.sums, values, strict=True):
            self._totals[wanted] = self._totals.get(wanted, 0) + value

    async def _take(self, tx: Connection, one: Pass, *, cast: str) -> list[int]:
        statement = one.sql(self._salt, cast=cast)
        async with tx.transaction():
            row = await tx.fetchrow(statement, *([self._now] if "$1" in statement else []))
        return [int(value) for value in row or ()]

    def total(self, wanted: Sum) -> int | None:
        """A sum; None: unknown."""
        return None if wanted in self._unknown else self._totals.get(wanted)

    def balanced(self, balance: Balance) -> bool:
        """Whether both sides are known and equal."""
        ours, theirs = ([self.total(one) for one in side] for side in (balance.ours, balance.theirs))
        if None in ours or None in theirs:
            return False
        return sum(filter(None, ours)) == sum(filter(None, theirs))

    async def passes(self, tx: Connection, screen: Screen | None) -> bool:
        """Whether a part's screen says that the part can't find anything. An error in it says nothing."""
        if screen is None or not all(self.balanced(balance) for balance in screen.balances):
            return False
        try:
            for query in screen.nothing:
                async with tx.transaction():
                    arguments = [self._now] if "$1" in query else []
                    if await tx.fetchval(f"SELECT EXISTS ({query})", *arguments):
                        return False
        except asyncpg.DataError:
            return False
        return True


async def plan_passes(tx: Connection, sums: Iterable[Sum]) -> list[Pass]:
    """What to read, the largest first: joins, then tables, large ones in pieces."""
    by_source: dict[str, list[Sum]] = {}
    for one in dict.fromkeys(sums):
        by_source.setdefault(one.source, []).append(one)
    joins, pieces = list[Pass](), list[Pass]()
    for source, wanted in by_source.items():
        if " " in source:
            joins.append(Pass(tuple(wanted)))
        else:
            blocks = await tx.fetchval("SELECT pg_relation_size(to_regclass($1)) / 8192", source)
            pieces += _pieces(tuple(wanted), blocks or 0)
    return joins + sorted(pieces, key=lambda one: -one.blocks)


def _pieces(sums: tuple[Sum, ...], blocks: int) -> list[Pass]:
    """The last piece has no end: rows may have been added since."""
    begins = range(0, max(blocks, 1), _PIECE_BLOCKS)
    return [
        Pass(
            sums,
            f"WHERE ctid >= '({begin},0)'"
            + (f" AND ctid < '({begin + _PIECE_BLOCKS},0)'" if begin != begins[-1] else ""),
            min(_PIECE_BLOCKS, blocks - begin),
        )
        for begin in begins
    ]


@asynccontextmanager
async def one_moment(reader: Database, lanes: int) -> AsyncIterator[list[Connection]]:
    """As many connections that see the same moment of a database in use."""
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(reader.transaction()) for _ in range(lanes)]
        for connection in connections:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        moment = await connections[0].fetchval("SELECT pg_export_snapshot()")
        for connection in connections[1:]:
            await connection.execute(f"SET TRANSACTION SNAPSHOT '{moment}'")
        yield connections
