"""The `database` fixture that every storage test stands on."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from meterai.kit.database_urls import ROLES
from meterai.launcher.embedded_postgres import EmbeddedPostgres
from meterai.launcher.schema import migrate
from tests.storage_fixtures import TestCluster, TestDatabase

pytestmark = pytest.mark.storage


@pytest.mark.parametrize("turn", range(2))
async def test_every_test_gets_a_fresh_migrated_database(database: TestDatabase, turn: int) -> None:
    assert await migrate.current_version(database.owner) == migrate.head_version()
    assert await database.owner.fetchval("SELECT to_regclass('public.left_behind')") is None
    await database.owner.execute("CREATE TABLE left_behind ()")


async def test_the_application_may_read_the_ledger_and_never_write_its_rows(database: TestDatabase) -> None:
    async with database.app.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM ledger.transfer") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM ledger.transfer")


async def test_each_pool_has_its_own_role(database: TestDatabase) -> None:
    users = []
    for role in ROLES:
        async with getattr(database, role).connection() as connection:
            users.append(await connection.fetchval("SELECT current_user"))
    assert users == [f"meterai_{role}" for role in ROLES]


async def test_an_upgrade_ends_the_role_that_all_processes_shared(tmp_path: Path) -> None:
    outside = EmbeddedPostgres(tmp_path / "outside", password="owner", settings={"fsync": "off"})
    outside.start()
    try:
        await _upgrade(outside)
    finally:
        outside.stop()


async def _upgrade(server: EmbeddedPostgres) -> None:
    """An owner that is no superuser, as docs/first-start.md makes it, and a database of version 0052."""
    administrator = await asyncpg.connect(server.url())
    await administrator.execute("CREATE ROLE house LOGIN CREATEROLE PASSWORD 'house'")
    await administrator.execute("CREATE DATABASE house OWNER house")
    owner_url = server.url("house", "house", "house")
    owner = await asyncpg.connect(owner_url)
    for role in ("app", "signer", "reader", "verifier"):
        await owner.execute(f"CREATE ROLE meterai_{role} LOGIN PASSWORD 'former'")
    await owner.execute(migrate.upgrade_script(None, "0052"))
    former = server.url("house", "meterai_app", "former")
    await (await asyncpg.connect(former)).close()
    await migrate.migrate(owner_url, {role: f"of-{role}" for role in migrate.ROLES})
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(former)
    for role in migrate.ROLES:
        await (await asyncpg.connect(server.url("house", role, f"of-{role}"))).close()
    assert not await owner.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", migrate.FORMER)
    await owner.close()
    await administrator.close()


async def test_migrating_a_second_time_changes_nothing(cluster: TestCluster) -> None:
    async with cluster.empty_database() as name:
        url = cluster.server.url(name)
        assert await migrate.migrate(url, {})
        assert not await migrate.migrate(url, {})


async def test_a_release_whose_packages_are_not_installed_leaves_the_database_to_the_one_before_it(
    cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator who puts a release in place and forgets script/bootstrap would have a service that can't
    start, and no way back but a copy."""
    monkeypatch.setattr(migrate, "stale_packages", lambda: ["prometheus-client 0.26.0"])
    async with cluster.empty_database() as name:
        await migrate.make_roles(cluster.server.url(name), {})
        connection = await asyncpg.connect(cluster.server.url(name))
        try:
            await connection.execute(migrate.upgrade_script(None, "0001"))
            with pytest.raises(migrate.PackagesAreStale, match=r"client 0\.26\.0.*script/bootstrap"):
                await migrate.migrate(cluster.server.url(name), {})
            assert await migrate.current_version(connection) == "0001"
        finally:
            await connection.close()


async def test_a_half_migrated_database_is_taken_to_the_newest_version(cluster: TestCluster) -> None:
    async with cluster.empty_database() as name:
        await migrate.make_roles(cluster.server.url(name), {})
        connection = await asyncpg.connect(cluster.server.url(name))
        try:
            await connection.execute(migrate.upgrade_script(None, "0001"))
            assert await migrate.current_version(connection) == "0001"
            assert await migrate.migrate(cluster.server.url(name), {})
            assert await migrate.current_version(connection) == migrate.head_version()
        finally:
            await connection.close()


async def test_a_database_at_the_last_of_seven_steps_that_are_six_now_gets_all_that_came_since(
    cluster: TestCluster,
) -> None:
    async with cluster.empty_database() as name:
        await migrate.make_roles(cluster.server.url(name), {})
        connection = await asyncpg.connect(cluster.server.url(name))
        try:
            await connection.execute(migrate.upgrade_script(None, "0046"))
            await connection.execute("UPDATE public.alembic_version SET version_num = '0047'")
            assert await migrate.migrate(cluster.server.url(name), {})
            assert await connection.fetchval("SELECT count(*) FROM waiting_room.config") == 0
        finally:
            await connection.close()
