"""Rows 7 and 9 to 12: the database stops, refuses, hangs, or leaves its client without an answer."""

from __future__ import annotations

import asyncio
import random
import signal
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from chaos.commit_proxy import CommitProxy
from chaos.row import NotFired, Row
from chaos.running_service import environment_of
from chaos.stage import Part, Stage
from chaos.tracing import failing_calls
from simulator.rehearsal.victims import is_alive, processes_below, strike

_LOCKED: Final = ("meterai_worker", "meterai_site")
_HAMMERS: Final = 25
"""Half of the connections that the server has."""
_LOCK_ALL: Final = "SELECT FROM ledger.account WHERE customer_id IS NULL ORDER BY id DESC FOR UPDATE"
_LOCK_LAST: Final = _LOCK_ALL.replace("FOR UPDATE", "LIMIT 1 FOR UPDATE")


class ImmediateStop(Row):
    """Row 7: SIGQUIT is what `pg_ctl stop -m immediate` sends. The launcher starts it again."""

    number, name, guards = 7, "PostgreSQL stopped immediately under load", "I3 I4 I7"

    async def strike(self, stage: Stage) -> str:
        server = await stage.process(Part.POSTGRES)
        recovered = "database system was not properly shut down"
        before = stage.count("postgres", recovered)
        strike(server, signal.SIGQUIT)
        await stage.until(lambda: not is_alive(server), 20, "the end of PostgreSQL")
        await stage.until(lambda: stage.count("postgres", recovered) > before, 60, "its recovery")
        return f"the server was seen gone; its log: {recovered}"


class LostCommits(Row):
    """Row 9: a worker beside the service's own reaches the database through a proxy."""

    number, name, guards = 9, "connection lost during COMMIT, result unknown", "I5 I15"
    _least: Final = 3
    _most: Final = 6

    async def strike(self, stage: Stage) -> str:
        address = urlsplit(stage.database_url())
        dice = random.Random(stage.dice.random())  # noqa: S311
        proxy = CommitProxy("127.0.0.1", address.port or 5432, dice)
        async with proxy.listening() as port:
            worker = await stage.process(Part.WORKER)
            own = urlsplit(environment_of(worker.pid)["METERAI_DATABASE_WORKER_URL"])
            url = f"postgresql://{own.username}:{own.password}@127.0.0.1:{port}{address.path}"
            async with stage.another_worker(env={"METERAI_DATABASE_WORKER_URL": url}):
                await stage.until(lambda: stage.count("another-worker", "worker.ready") > 0, 30, "a worker")
                proxy.most = self._most
                await stage.until(lambda: proxy.lost >= self._least, 60, f"{self._least} lost answers")
        return f"the proxy lost {proxy.lost} answers to COMMIT"


class Conflicts(Row):
    """Row 10: SERIALIZABLE for worker and site, and 25 clients that lock the hot accounts the other way
    round, with a pause inside the transaction. Each is patient, so that the service's side is the victim."""

    number, name, guards = 10, "serialization failures and deadlocks", "I3 I18"
    short = False

    async def strike(self, stage: Stage) -> str:
        await _set_isolation(stage, "'serializable'")
        hammers = [asyncio.create_task(_hammer(stage, number)) for number in range(_HAMMERS)]
        try:
            await stage.until(lambda: all(_conflicts(stage)), 60, "a serialization failure and a deadlock")
        finally:
            for hammer in hammers:
                hammer.cancel()
            await asyncio.gather(*hammers, return_exceptions=True)
            await _set_isolation(stage, "DEFAULT")
        serialization, deadlocks = _conflicts(stage)
        return f"log of the database: {serialization} serialization failures, {deadlocks} deadlocks"


async def _set_isolation(stage: Stage, level: str) -> None:
    async with stage.owner() as owner:
        for role in _LOCKED:
            await owner.execute(f"ALTER ROLE {role} SET default_transaction_isolation TO {level}")
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role
            )


def _conflicts(stage: Stage) -> tuple[int, int]:
    """Serialization failures and deadlocks that the roles of the service met, by the database's log."""
    lines = [
        line for line in stage.log("postgres").splitlines() if any(f"] {role} " in line for role in _LOCKED)
    ]
    return (
        sum("could not serialize" in line for line in lines),
        sum("deadlock detected" in line for line in lines),
    )


async def _hammer(stage: Stage, number: int) -> None:
    """Locks the hot accounts from the last to the first. The seed says how long it sleeps in between."""
    dice = random.Random(number)  # noqa: S311
    async with stage.owner() as owner:
        await owner.execute("SET deadlock_timeout = '30s'")
        await owner.execute("SET lock_timeout = '8s'")
        while True:
            with suppress(asyncpg.PostgresError):
                async with owner.transaction():
                    await owner.execute(_LOCK_LAST)
                    await asyncio.sleep(dice.uniform(0.1, 0.4))
                    await owner.execute(_LOCK_ALL)
            await asyncio.sleep(dice.uniform(1, 6))


class FailingInsert(Row):
    """Row 11: a trigger refuses the release of every third serial number. It counts by a sequence, which no
    rollback takes back."""

    number, name, guards = 11, "one INSERT fails", "I2 I8"

    async def strike(self, stage: Stage) -> str:
        async with stage.owner() as owner:
            await owner.execute(
                """CREATE SCHEMA chaos; CREATE SEQUENCE chaos.fired;
                   GRANT USAGE ON SCHEMA chaos TO PUBLIC; GRANT USAGE ON SEQUENCE chaos.fired TO PUBLIC;
                   CREATE FUNCTION chaos.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                     IF hashtext(NEW.serial) % 3 = 0 THEN
                       RAISE EXCEPTION 'chaos: insert % fails', nextval('chaos.fired');
                     END IF;
                     RETURN NEW;
                   END $$;
                   CREATE TRIGGER chaos BEFORE INSERT ON stamping.release
                   FOR EACH ROW EXECUTE FUNCTION chaos.refuse()"""
            )
            try:
                return await _until_refused(stage, owner)
            finally:
                await owner.execute("DROP SCHEMA chaos CASCADE")


async def _until_refused(stage: Stage, owner: asyncpg.Connection[asyncpg.Record]) -> str:
    for _ in range(120):
        row = await owner.fetchrow("SELECT last_value, is_called FROM chaos.fired")
        if row is not None and row["is_called"] and row["last_value"] >= 2:
            return f"the trigger's sequence counts {row['last_value']} refused inserts"
        await asyncio.sleep(0.5)
    raise NotFired("the trigger refused no two inserts")


def _is_checkpointer(words: list[str]) -> bool:
    return words[0].startswith("postgres: checkpointer")


class FailingFsync(Row):
    """Row 12: fsync of the checkpointer returns EIO. PostgreSQL must panic: the kernel may have dropped the
    pages, and a second fsync would say that all is well."""

    number, name, guards = 12, "fsync returns EIO in PostgreSQL", "I7"

    async def strike(self, stage: Stage) -> str:
        server = await stage.process(Part.POSTGRES)
        before = stage.count("postgres", "PANIC")
        [checkpointer] = processes_below(
            server.pid, lambda words: words[0].startswith("postgres: checkpointer")
        )
        out = stage.folder / "fsync.strace"
        async with failing_calls(checkpointer.pid, "fsync,fdatasync", "error=EIO", out=out) as injected:
            async with stage.owner() as owner:
                with suppress(asyncpg.PostgresError, OSError):  # it crashes meanwhile
                    await owner.execute("CHECKPOINT", timeout=20)
            await stage.until(lambda: stage.count("postgres", "PANIC") > before, 30, "a PANIC")
            count = len(injected.lines())
        if not count:
            raise NotFired("strace injected nothing")
        return f"strace injected EIO {count} times; log of the database: PANIC, then recovery"


ROWS: Final[tuple[type[Row], ...]] = (FailingInsert, LostCommits, Conflicts, FailingFsync, ImmediateStop)
