"""The site before an open queue."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio

from meterai.customers.organisations import ensure_organisations
from meterai.sales.use_cases.issue_quota import issue_quota
from meterai.waiting_room.rules.model import Policy
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import NOON, LineOfPeople
from tests.web.running_site import RunningSite


@pytest_asyncio.fixture
async def running(database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunningSite:
    """An open queue before a site with stock. The site reads the state of queue and parts with each
    request.
    """
    for looked_up in ("web.line.queues", "operations.service_status"):
        monkeypatch.setattr(f"meterai.{looked_up}.LOOK_S", 0.0)
    monkeypatch.setattr("meterai.news.reader.LOOK_S", 1e9)  # once; test_site_news.py looks with each request
    monkeypatch.setattr("meterai.web.pages.offers.LOOK_S", 1e9)
    await ensure_organisations(database.app, NOON)
    await issue_quota(database.app, pieces=1_000, deposit_reference="NTPN-1", actor="ani", now=NOON)
    line = LineOfPeople(tmp_path, database, Policy())
    await line.open()
    return RunningSite(line, monkeypatch)
