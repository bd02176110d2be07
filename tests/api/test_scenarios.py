"""Scripted outcomes in the sandbox: a stamp meets trouble on its real way, and the books hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from meterai.background.partner_events import note_stamp_ends
from meterai.kernel.clock import business_date
from meterai.kit import outbox
from meterai.partners.model import Terms
from meterai.partners.use_cases.agree import agree
from meterai.stamping.cycle.batch import CycleSettings
from meterai.stamping.cycle.job_ends import REFUSED, RELEASED
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from meterai.texts.developers.sandbox_values import REFUSED_VALUES
from tests.api.partner import code_of, json_of
from tests.api.test_stamps import (
    DOCUMENTS,
    LETTER,
    STAMPS,
    Partners,
    front,
    jail,
    order,
    partners,
    pki,
    running,
    setup,
    shared_tsa,
    tokens,
)

__all__ = ["front", "jail", "partners", "pki", "running", "setup", "shared_tsa", "tokens"]
pytestmark = pytest.mark.storage
CLOCK = "/api/v1/sandbox/clock"
PLAYS = CycleSettings(
    base_url="https://meterai.test",
    specimen=True,
    plays_scenarios=True,
    retry_first_s=0.05,
    retry_longest_s=0.2,
)


class Worker:
    """A worker whose clock the test moves."""

    def __init__(self, partners: Partners) -> None:
        self.partners = partners
        self.now = datetime.now(UTC)

    async def work(self, *, later_s: float = 0) -> None:
        self.now += timedelta(seconds=later_s)
        tools = self.partners.setup.tools(settings=PLAYS, clock=lambda: self.now)
        await run_due_jobs(tools, worker="test")


@pytest_asyncio.fixture
async def sandbox(partners: Partners) -> Partners:
    """The partners before a sandbox."""
    await partners.setup.database.owner.execute(
        "INSERT INTO operations.environment (name, since) VALUES ('development', now())"
    )
    partners.site.app.settings = msgspec.structs.replace(partners.site.app.settings, partner_sandbox="on")
    await partners.setup.start_signer()
    return partners


async def ordered(partners: Partners, scenario: str) -> Any:
    answer = await partners.of(partners.chain.enterprise).post(STAMPS, order(), meterai_scenario=scenario)
    assert answer.status == 202, answer.body
    return json_of(answer)


async def state_of(partners: Partners, stamp: Any) -> tuple[str, str]:
    now = json_of(await partners.of(partners.chain.enterprise).get(f"{STAMPS}/{stamp['id']}"))
    return now["state"], now["problem"]["code"] if now["problem"] else ""


async def test_each_scenario_meets_its_trouble_and_uses_a_stamp_only_when_it_is_released(
    sandbox: Partners,
) -> None:
    worker = Worker(sandbox)
    stamps = {name: await ordered(sandbox, name) for name in ("refused-file", "slow", "signer-down")}
    assert await sandbox.left(sandbox.chain.enterprise) == 67
    await worker.work(later_s=1)
    assert {name: await state_of(sandbox, stamp) for name, stamp in stamps.items()} == {
        "refused-file": ("refused", "sandbox.refused_file"),
        "slow": ("accepted", "sandbox.slow"),
        "signer-down": ("sealing", "signer.unavailable"),
    }
    await worker.work(later_s=30)
    assert await state_of(sandbox, stamps["signer-down"]) == ("refused", "sandbox.signer_down")
    assert await state_of(sandbox, stamps["slow"]) == ("released", "")
    assert await sandbox.left(sandbox.chain.enterprise) == 69


async def test_the_event_of_a_stamp_says_that_its_message_will_be_lost(sandbox: Partners) -> None:
    await ordered(sandbox, "webhook-lost")
    worker = Worker(sandbox)
    await worker.work(later_s=1)
    app: Any = sandbox.site.app
    app.db = sandbox.setup.database.worker
    entries = await outbox.claim(app.db, worker.now, limit=9, lease_s=30, topics=(RELEASED, REFUSED))
    await note_stamp_ends(app, entries)
    (event,) = await sandbox.setup.database.owner.fetch("SELECT kind, facts FROM partners.event")
    said = msgspec.json.decode(event["facts"])
    assert (event["kind"], said["scenario"]) == ("stamp.released", "webhook-lost")


async def test_scenarios_are_refused_where_there_are_none(sandbox: Partners) -> None:
    partner, app = sandbox.of(sandbox.chain.enterprise), sandbox.site.app
    answer = await partner.post(STAMPS, order(), meterai_scenario="meteor")
    assert code_of(answer) == (422, "sandbox.scenario")
    app.settings = msgspec.structs.replace(app.settings, partner_sandbox="")
    answer = await partner.post(STAMPS, order(), meterai_scenario="slow")
    assert code_of(answer) == (400, "sandbox.off")
    app.settings = msgspec.structs.replace(app.settings, partner_sandbox="on")
    await sandbox.setup.database.owner.execute("UPDATE operations.environment SET name = 'production'")
    assert (await partner.post(STAMPS, order(), meterai_scenario="slow")).status >= 400
    assert await sandbox.left(sandbox.chain.enterprise) == 70


async def test_a_moved_clock_counts_for_days_of_one_organisation(sandbox: Partners) -> None:
    firm, now = sandbox.chain.enterprise, datetime.now(UTC)
    partner, other = sandbox.of(firm), sandbox.of(sandbox.chain.retailer)
    later = now + timedelta(days=90)
    terms = Terms(unit_price=10_500, valid_from=business_date(later))
    await agree(sandbox.setup.database.app, firm.id, terms, now=now)
    document = json_of(await partner.post(DOCUMENTS, LETTER, content_type="application/pdf"))
    report = {"kind": "stock", "month": f"{business_date(later):%Y-%m}"}
    assert code_of(await partner.post("/api/v1/reports", report)) == (404, "report.no_month")

    moved = await partner.send("PUT", CLOCK, body={"now": later})
    assert (moved.status, abs(json_of(moved)["ahead_s"] - 90 * 86_400) <= 2) == (200, True)
    own = json_of(await partner.get("/api/v1/organisation"))
    assert own["agreement"]["unit_price"] == 10_500
    assert (await partner.post("/api/v1/reports", report)).status == 202
    answer = await partner.post(STAMPS, {"document_id": document["id"]})
    assert code_of(answer) == (410, "document.input_deleted")
    assert code_of(await other.post("/api/v1/reports", report)) == (404, "report.no_month")
    assert json_of(await other.get(CLOCK))["ahead_s"] == 0

    for wrong in (now, later + timedelta(days=400)):
        answer = await partner.send("PUT", CLOCK, body={"now": wrong})
        assert code_of(answer) == (409, "sandbox.clock")
    await partner.send("PUT", CLOCK, body={"now": None})
    own = json_of(await partner.get("/api/v1/organisation"))
    assert own["agreement"]["unit_price"] == 10_200
    assert (await partner.post(STAMPS, {"document_id": document["id"]})).status == 202


async def test_nobody_moves_a_clock_in_a_real_installation(sandbox: Partners) -> None:
    partner, app = sandbox.of(sandbox.chain.enterprise), sandbox.site.app
    later = {"now": datetime.now(UTC) + timedelta(days=1)}
    await sandbox.setup.database.owner.execute("UPDATE operations.environment SET name = 'production'")
    assert code_of(await partner.send("PUT", CLOCK, body=later)) == (404, "sandbox.off")
    app.settings = msgspec.structs.replace(app.settings, partner_sandbox="")
    assert code_of(await partner.send("PUT", CLOCK, body=later)) == (404, "sandbox.off")
    assert code_of(await partner.get(CLOCK)) == (404, "sandbox.off")


async def test_values_that_developers_are_told_are_refused_with_their_codes(sandbox: Partners) -> None:
    partner = sandbox.of(sandbox.chain.enterprise)
    found = []
    for value in REFUSED_VALUES:
        address = value.operation.removeprefix("POST ")
        body = msgspec.json.decode(value.body)
        answer = await partner.post(address, order() | body if address == STAMPS else body)
        found.append(code_of(answer))
    assert found == [(value.status, value.code) for value in REFUSED_VALUES]
    assert await sandbox.left(sandbox.chain.enterprise) == 70
