"""A captured process tries what it must not do, as its own login role.

Before, site, worker, controllers and commands were one role. As the site's process an outside review made
stamps, moved a contact, wrote an intent, released the stop switch and wrote audit entries.

`tests/replays/forbidden_acts/` has a module with the acts of each schema. Each act is tried as every role but
those that need it.
"""

from __future__ import annotations

import importlib
import pkgutil

import asyncpg
import pytest

from meterai.kit.database_urls import ROLES
from tests.replays import forbidden_acts
from tests.replays.forbidden_acts.act import Act
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


def all_acts() -> list[Act]:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(forbidden_acts.__path__, forbidden_acts.__name__ + ".")
    ]
    return [act for module in modules for act in getattr(module, "ACTS", ())]


@pytest.mark.parametrize("act", all_acts(), ids=lambda act: act.what)
async def test_no_role_does_what_it_need_not(database: TestDatabase, act: Act) -> None:
    done = []
    for role in ROLES:
        if role in act.may:
            continue
        async with getattr(database, role).connection() as connection:
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
