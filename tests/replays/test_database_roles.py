"""A captured process tries what it must not do, as its own login role.

Before, site, worker, controllers and commands were one role. As the site's process an outside review made
stamps, moved a contact, wrote an intent, released the stop switch and wrote audit entries.

`tests/replays/forbidden_acts/` has a module with the acts of each schema. Each act is tried as every role but
those that need it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from meterai.kit.database_urls import ROLES
from tests.replays import forbidden_acts
from tests.replays.forbidden_acts.act import Act
from tests.storage_fixtures import TestCluster, TestDatabase

pytestmark = pytest.mark.storage


def all_acts() -> list[Act]:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(forbidden_acts.__path__, forbidden_acts.__name__ + ".")
    ]
    return [act for module in modules for act in getattr(module, "ACTS", ())]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def captured(cluster: TestCluster) -> AsyncIterator[TestDatabase]:
    """One database for all acts: each is undone."""
    async with cluster.database() as database:
        yield database


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("act", all_acts(), ids=lambda act: act.what)
async def test_no_role_does_what_it_need_not(captured: TestDatabase, act: Act) -> None:
    done = []
    for role in ROLES:
        if role in act.may:
            continue
        async with getattr(captured, role).connection() as connection:
            if not await is_refused(connection, act):
                done.append(role)
    assert not done, f"{act.what} (done as {', '.join(done)})"


async def is_refused(connection: asyncpg.Connection[asyncpg.Record], act: Act) -> bool:
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(act.sql)
    except asyncpg.InsufficientPrivilegeError:
        return True
    except asyncpg.PostgresError as error:
        if error.sqlstate in act.refused_as:
            return True
        raise AssertionError(f"{act.what}: neither done nor refused: {error}") from error
    finally:
        await attempt.rollback()
    return False


async def test_no_process_is_a_member_of_another_or_of_a_common_role(database: TestDatabase) -> None:
    """All processes were `meterai_app` before. Nothing is left of it.

    Other tests have databases of older versions on the same server, so the role may stand there for them.
    """
    former = await database.owner.fetchval(
        """SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
           JOIN pg_database b ON b.oid = d.dbid
           WHERE r.rolname = 'meterai_app' AND b.datname = current_database()"""
    )
    members = await database.owner.fetch(
        """SELECT m.rolname AS member, r.rolname AS role FROM pg_auth_members a
           JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
           WHERE m.rolname = ANY ($1::text[])""",
        [f"meterai_{role}" for role in ROLES],
    )
    assert (former, members) == (0, [])


async def test_only_functions_for_everybody_are_everybodys(database: TestDatabase) -> None:
    """A new function may be executed by PUBLIC until its migration revokes that."""
    found = await database.owner.fetch(
        """SELECT p.oid::regprocedure::text AS name FROM pg_proc p
           WHERE p.prosecdef AND p.pronamespace <> 'pg_catalog'::regnamespace
               AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
                   WHERE grantee = 0)"""
    )
    assert [row["name"] for row in found] == []


async def test_functions_with_the_owners_rights_look_names_up_in_their_own_schemas(
    database: TestDatabase,
) -> None:
    found = await database.owner.fetch(
        r"""SELECT p.oid::regprocedure::text AS name FROM pg_proc p
           WHERE p.prosecdef AND p.pronamespace <> 'pg_catalog'::regnamespace
               AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c(setting)
                   WHERE setting LIKE 'search\_path=pg\_catalog%' AND setting LIKE '%pg\_temp')"""
    )
    assert [row["name"] for row in found] == []
