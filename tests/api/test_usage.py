"""Clients read what they did by day, and their last requests."""

from __future__ import annotations

from datetime import timedelta

from meterai.api.conventions.request_log import RequestLog
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.partners.clients.spending import spend
from meterai.partners.use_cases.clean_up_clients import clean_up_clients
from tests.api.partner import caller_of, code_of, json_of, register
from tests.api.test_organisations_and_quota import Asking, asking
from tests.web.running_site import RunningSite

__all__ = ["asking"]


async def test_requests_and_stamps_are_counted_by_day_and_listed_for_a_week(
    asking: Asking, running: RunningSite
) -> None:
    database, now = running.line.database, running.line.now
    firm, caller = asking.by["enterprise"], caller_of(asking.chain.enterprise.id)
    await register(database.owner, asking.chain.enterprise.id)
    assert (await firm.get("/api/v1/quota")).status == 200
    first = await firm.get(f"/api/v1/organisations/{asking.id('retailer')}")
    assert code_of(first) == (404, "api.unknown_id")
    async with database.site.transaction() as tx:
        await spend(tx, caller.client_id, 7, now=now)
    told = await asking.json("enterprise", "/api/v1/usage")
    client = write_id(Prefix.CLIENT, caller.client_id)
    today = told["last_day"]
    assert told["days"] == [{"day": today, "client_id": client, "requests": 2, "refused": 1, "stamps": 7}]
    (caps,) = told["clients"]
    assert (caps["stamps_this_hour"], caps["stamps_today"], caps["stamps_per_day_max"]) == (7, 7, None)

    listed = await asking.json("enterprise", "/api/v1/requests")
    rows = {one["path"]: one for one in listed["data"]}
    assert rows.keys() == {"/api/v1/quota", "/api/v1/usage", "/api/v1/organisations/{organisation_id}"}
    refused = rows["/api/v1/organisations/{organisation_id}"]
    assert (refused["status"], refused["code"]) == (404, "api.unknown_id")
    assert refused["id"] == first.headers["request-id"]
    page = await firm.get("/api/v1/requests?limit=1")
    assert len(json_of(page)["data"]) == 1
    assert 'rel="next"' in page.headers["link"]
    assert json_of(await asking.by["retailer"].get("/api/v1/requests"))["data"] == [], "those of others"
    other = await firm.get(f"/api/v1/requests?client_id={write_id(Prefix.CLIENT, caller.key_id)}")
    assert json_of(other)["data"] == []

    await clean_up_clients(database.worker, now=now + timedelta(days=2))
    assert await database.owner.fetchval("SELECT count(*) FROM partners.client_stamps") == 0
    assert (await asking.json("enterprise", "/api/v1/usage"))["days"][0]["stamps"] == 7
    await clean_up_clients(database.worker, now=now + timedelta(days=8))
    assert await database.owner.fetchval("SELECT count(*) FROM partners.api_request") == 0
    await clean_up_clients(database.worker, now=now + timedelta(days=402))
    assert await database.owner.fetchval("SELECT count(*) FROM partners.api_usage") == 0


async def test_days_are_bounded_and_notes_wait_for_no_database(asking: Asking, running: RunningSite) -> None:
    firm = asking.by["enterprise"]
    for days in ("first_day=2026-01-01&last_day=2026-03-01", "first_day=2026-03-01&last_day=2026-01-01"):
        assert code_of(await firm.get(f"/api/v1/usage?{days}")) == (422, "api.invalid")
    requests = RequestLog(running.db)  # type: ignore[arg-type]
    running.db.is_down = True
    assert (await firm.get("/api/v1/quota")).status == 503
    await requests.write()
