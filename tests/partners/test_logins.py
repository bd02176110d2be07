"""Logins of the wire: they count for organisations that have it on, and stop with all that they depend on."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Refusal
from meterai.partners.logins.model import LOGINS_MAX, Login
from meterai.partners.logins.officers_acts import add_login, end_login, switch_wire
from meterai.partners.logins.queries import check_login, find_login, logins_of, wire_access
from meterai.partners.model import OrganisationState
from meterai.partners.use_cases.add_organisation import set_state
from meterai.partners.use_cases.revoke_client import revoke_client
from tests.api.partner import register
from tests.partners.organisations import Chain, make_chain
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
NOW = datetime(2026, 12, 2, 3, tzinfo=UTC)
USER = "Sistem@Firma.id"


async def with_client(database: TestDatabase) -> Chain:
    """A chain whose enterprise has a client."""
    chain = await make_chain(database.app, now=NOW)
    await register(database.owner, chain.enterprise.id)
    return chain


async def switch(database: TestDatabase, chain: Chain, on: bool) -> None:
    await switch_wire(
        database.app, chain.enterprise.id, on=on, reason="uji", actor="ani", now=datetime.now(UTC)
    )


async def refusal(work: object) -> str:
    """The code by which something is refused."""
    with pytest.raises(Refusal) as refused:
        await work  # type: ignore[misc]
    return refused.value.code


async def test_a_login_is_made_used_and_ended(database: TestDatabase) -> None:
    chain, app, site = await with_client(database), database.app, database.site
    client = derived_id("client", chain.enterprise.id)
    assert await refusal(add_login(app, client, user=USER, actor="ani", now=NOW)) == "login.wire_off"
    await switch(database, chain, True)
    assert await refusal(switch(database, chain, True)) == "login.wire_so"
    assert await refusal(add_login(app, client, user="a b", actor="ani", now=NOW)) == "login.user_name"
    made = await add_login(app, client, user=USER, actor="ani", now=NOW)
    assert await refusal(add_login(app, client, user=USER.upper(), actor="ani", now=NOW)) == "login.taken"
    assert len(made.password) == 26
    assert made.password not in repr(made)
    stored = await database.owner.fetchval("SELECT password_digest FROM partners.login")
    assert stored == hashlib.sha256(made.password.encode()).digest()

    login = Login(
        id=made.id, client_id=client, organisation_id=chain.enterprise.id, user=USER, name="Program uji"
    )
    assert await check_login(site, USER.lower(), made.password, NOW) == login
    assert await find_login(site, USER) == login
    for user, password in ((USER, "salah"), (USER, "\ud800"), ("lain@firma.id", made.password), ("\0", "")):
        assert await check_login(site, user, password, NOW) is None
    await check_login(site, USER, made.password, NOW + timedelta(seconds=30))
    (kept,) = await logins_of(site, chain.enterprise.id)
    assert (kept.user, kept.used_at) == (USER, NOW)
    assert await logins_of(site, chain.retailer.id) == []

    for number in range(1, LOGINS_MAX):
        await add_login(app, client, user=f"lain{number}", actor="ani", now=NOW)
    assert await refusal(add_login(app, client, user="satu-lagi", actor="ani", now=NOW)) == "login.many"
    await end_login(app, USER.lower(), reason="uji", actor="ani", now=NOW + timedelta(hours=1))
    assert await find_login(site, USER) is None
    assert await refusal(end_login(app, USER, reason="uji", actor="ani", now=NOW)) == "login.unknown"
    assert (await add_login(app, client, user=USER, actor="ani", now=NOW)).id != made.id
    acts = await database.owner.fetch(
        "SELECT DISTINCT action, facts::text LIKE '%' || $1 || '%' AS tells FROM operations.audit_entry"
        " WHERE action LIKE 'client.%' ORDER BY 1",
        made.password,
    )
    assert [tuple(row) for row in acts] == [
        ("client.login_add", False), ("client.login_end", False), ("client.wire", False),
    ]  # fmt: skip


async def test_a_login_stops_with_the_switch_the_organisation_and_the_client(database: TestDatabase) -> None:
    chain, app, site = await with_client(database), database.app, database.site
    client = derived_id("client", chain.enterprise.id)
    await switch(database, chain, True)
    made = await add_login(app, client, user=USER, actor="ani", now=NOW)

    async def counts() -> bool:
        found = await find_login(site, USER)
        assert found == await check_login(site, USER, made.password, NOW)
        return found is not None

    assert await counts()
    await switch(database, chain, False)
    assert not await counts()
    assert await wire_access(site, chain.enterprise.id) is None
    await switch(database, chain, True)
    assert await counts()
    above = chain.distributor.id
    await set_state(app, above, OrganisationState.SUSPENDED, now=NOW, reason="uji", actor="ani")
    assert not await counts()
    await set_state(app, above, OrganisationState.ACTIVE, now=NOW, reason="uji", actor="ani")
    assert await counts()
    await revoke_client(app, client, reason="uji", actor="ani", now=NOW)
    assert not await counts()
    assert await logins_of(site, chain.enterprise.id) == []
