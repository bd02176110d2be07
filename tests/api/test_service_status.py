"""Everybody may read how the service runs, also while its database is down."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest

from meterai.customers.organisations import SELLER
from meterai.news.model import Audience
from meterai.news.use_cases.update_incident import resolve_incident
from tests.api.partner import json_of
from tests.waiting_room.line import NOON
from tests.web.asking import ask
from tests.web.running_site import RunningSite
from tests.web.test_site_news import TEXT, announce, declare

_MINUTES = (2, 3, 10)


@pytest.fixture(autouse=True)
def _never_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterai.operations.use_cases.read_public_status.LOOK_S", 0.0)


async def _status(running: RunningSite) -> dict[str, Any]:
    answer = await ask(running.site, "/api/v1/status")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
    said: dict[str, Any] = json_of(answer)
    return said


async def test_it_says_how_each_part_runs_and_the_figures(running: RunningSite) -> None:
    owner = running.line.database.owner
    for minutes in _MINUTES:
        await _stamped(owner, minutes=minutes, ago=timedelta(minutes=5))
    await _stamped(owner, minutes=50, ago=timedelta(hours=2))
    await _stamped(owner, minutes=0, ago=timedelta(minutes=1), flow="quota")
    await owner.execute(
        """INSERT INTO cases.case (id, number, kind, about, text, is_proven, language, secret_digest,
               opened_at, changed_at) VALUES ($1, 'K-1', 'money', '', 'x', false, 'id', '', $2, $2)""",
        uuid.uuid4(),
        NOON - timedelta(hours=3),
    )
    said = await _status(running)
    assert (said["environment"], said["lines"]) == ("development", ["casn"])
    assert {one["part"]: one["state"] for one in said["parts"]} == dict.fromkeys(
        ("site", "payment", "stamping", "verification", "ledger"), "good"
    )
    figures = said["figures"]
    assert (figures["people_waiting"], figures["day"]) == (0, None)
    assert figures["median_minutes_to_stamp"] == 3, "of the last hour, without quota"
    assert figures["oldest_open_case_hours"] == 3
    running.line.join("email:ani@example.org")
    running.line.join("email:budi@example.org")
    await owner.execute("UPDATE waiting_room.queue SET joined = 7, called = 2")
    await owner.execute("UPDATE cases.case SET state = 'answered'")
    figures = (await _status(running))["figures"]
    assert (figures["people_waiting"], figures["oldest_open_case_hours"]) == (5, None)


async def test_it_answers_while_the_database_is_down(running: RunningSite) -> None:
    running.db.is_down = True
    said = await _status(running)
    assert (said["figures"], said["lines"]) == (None, [])
    assert (said["incidents"], said["announcements"]) == (None, None)
    assert {one["state"] for one in said["parts"] if one["part"] != "verification"} == {"disrupted"}


async def test_it_tells_incidents_until_a_day_after_their_end_and_what_is_for_everybody(
    running: RunningSite,
) -> None:
    now, operator = running.line.now, running.line.database.operator
    number = await declare(running)
    await announce(running, "Semua")
    await announce(running, "Mitra", audience=Audience.PARTNERS)
    said = await _status(running)
    assert [one["title"]["id"] for one in said["announcements"]] == ["Semua kini."]
    assert [(one["number"], one["ended_at"]) for one in said["incidents"]] == [(number, None)]
    await resolve_incident(operator, number, TEXT, actor="rina", now=now)
    (ended,) = (await _status(running))["incidents"]
    assert (ended["state"], ended["next_update_at"]) == ("resolved", None)
    running.line.now += timedelta(days=2)
    assert (await _status(running))["incidents"] == []
    await running.line.database.owner.execute(
        "INSERT INTO news.apology VALUES ($1, 'x', 'x', '{}', $2)", number, running.line.now
    )
    (ended,) = (await _status(running))["incidents"]
    assert ended["apology"]["url"] == f"http://situs/kabar/{number}"


async def test_however_many_ask_the_database_is_asked_once_a_second(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _status(running)
    monkeypatch.setattr("meterai.operations.use_cases.read_public_status.LOOK_S", 60.0)
    before = running.db.taken
    await asyncio.gather(*(_status(running) for _ in range(5)))
    assert running.db.taken == before


async def _stamped(owner: Any, *, minutes: int, ago: timedelta, flow: str = "stamp") -> None:
    """An order that was stamped some minutes after its payment."""
    id = uuid.uuid4()
    await owner.execute(
        """INSERT INTO sales.orders (id, number, submit_id, token_digest, organisation_id, flow, state,
               language, created_at, paid_at, closed_at)
           VALUES ($1, $2, $2, $3, $4, $5, 'completed', 'id', $6, $6, $7)""",
        id,
        id.hex,
        id.bytes,
        SELLER,
        flow,
        NOON - ago - timedelta(minutes=minutes),
        NOON - ago,
    )
