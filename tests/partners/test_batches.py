"""Clients of the wire are told about each document of a batch: at least once, tried again, never inside."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from meterai.background.batch_visits import BatchVisits
from meterai.kernel.refusals import Kind, Refusal
from meterai.partners.adapters.webhook_sender import WebhookSender
from meterai.partners.batches.bodies import result_of
from meterai.partners.batches.model import BatchDocument, NewDocument
from meterai.partners.batches.queries import document_of_batch, documents_of_batch, oldest_overdue
from meterai.partners.batches.store import AT_ONCE_MAX
from meterai.partners.batches.use_cases.clean_up_batches import clean_up_batches
from meterai.partners.batches.use_cases.note_batch import note_batch
from meterai.partners.model import Organisation
from meterai.partners.webhooks.retries import DELAYS_S, DISABLED_AFTER
from meterai.stamping.use_cases.return_serials import return_serials
from tests.partners.organisations import Chain, make_chain
from tests.partners.test_taken_serials import take
from tests.players.webhook_receiver import Receiver, running_receiver
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


class Setup:
    """A partner with stock, and a worker that tells about its batches by a clock that tests move."""

    def __init__(self, database: TestDatabase, chain: Chain, sender: WebhookSender) -> None:
        self.database = database
        self.chain = chain
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.signer_is_down = False
        self.visits = BatchVisits(database.worker, self._draw, sender, clock=lambda: self.now)

    async def _draw(self, documents: Sequence[BatchDocument]) -> Mapping[str, str]:
        if self.signer_is_down:
            raise Refusal(Kind.UNAVAILABLE, "signer.unavailable")
        return {one.serial: base64.b64encode(one.serial.encode()).decode() for one in documents if one.serial}

    async def add(
        self, url: str, count: int = 1, *, without: int = 0, partner: Organisation | None = None
    ) -> UUID:
        """Stores a batch of `count` documents with a serial number and of `without` ones that have none."""
        partner = partner or self.chain.retailer
        taken = await take(self.database, partner, *([None] * count)) if count else []
        serials: list[str | None] = [*(one.serial for one in taken), *([None] * without)]
        documents = [
            NewDocument(said={"idfile": number, "file": f"{number}.pdf", "namadoc": "3"}, serial=serial)
            for number, serial in enumerate(serials, 1)
        ]
        return await note_batch(
            self.database.site, documents, organisation_id=partner.id, return_url=url, now=self.now
        )

    async def tell(self, *, later_s: float = 0, turns_only: int = 0) -> None:
        """Lets the worker tell, `later_s` seconds from now, until nothing is left that is due."""
        self.now += timedelta(seconds=later_s)
        ends, turns = time.monotonic() + 10, 0
        while await self.visits.turn():
            assert time.monotonic() < ends, "it does not end"
            turns += 1
            if turns == turns_only:
                return
            await asyncio.sleep(0.005)

    async def states(self, batch: UUID) -> list[tuple[str, int, int | None, str | None]]:
        """State, attempts, last status and trouble of each document."""
        rows = await self.database.owner.fetch(
            """SELECT state, attempts, status, trouble FROM partners.wire_batch_document
               WHERE batch_id = $1 ORDER BY number""",
            batch,
        )
        return [tuple(row) for row in rows]


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as running:
        yield running


@pytest_asyncio.fixture
async def setup(database: TestDatabase) -> AsyncIterator[Setup]:
    sender = WebhookSender(loopback_is_outer=True, total_seconds=0.4)
    chain = await make_chain(database.operator, now=datetime.now(UTC) - timedelta(minutes=1))
    made = Setup(database, chain, sender)
    yield made
    await made.visits.close()
    await sender.close()


def results(receiver: Receiver, path: str) -> list[Any]:
    return [json.loads(got.body)["result"] for got in receiver.at(path)]


async def test_each_document_is_told_with_its_serial_number_and_picture(
    setup: Setup, receiver: Receiver
) -> None:
    batch = await setup.add(receiver.base + "/ok", 20, without=1)
    await setup.tell()
    told = sorted(results(receiver, "/ok"), key=lambda one: one["document"]["idfile"])
    assert [one["document"]["idfile"] for one in told] == list(range(1, 22))
    first, last = told[0], told[-1]
    assert base64.b64decode(first["qrImage"]).decode() == first["serialNumber"]
    assert first["batchId"] == str(batch)
    assert first["status"] == "NOTSTAMP"
    assert first["document"] == {"idfile": 1, "file": "1.pdf", "namadoc": "3"}
    assert len({one["procId"] for one in told}) == 21
    assert (last["serialNumber"], last["qrImage"], last["status"]) == ("", "", "FAILED")
    assert " / " in last["err"]
    assert receiver.at("/ok")[0].headers["content-type"] == "application/json"
    assert set(await setup.states(batch)) == {("received", 1, 204, None)}
    await setup.tell(later_s=86_400)
    assert len(receiver.got) == 21, "it is told once"


async def test_what_is_not_taken_comes_again_for_three_days(setup: Setup, receiver: Receiver) -> None:
    batch, moved = await setup.add(receiver.base + "/500"), await setup.add(receiver.base + "/away")
    receiver.redirect_to = receiver.base + "/ok"
    await setup.tell()
    for delay in DELAYS_S:
        await setup.tell(later_s=delay * 1.1)
    await setup.tell(later_s=86_400)
    assert len(receiver.at("/500")) == len(DELAYS_S) + 1
    assert await setup.states(batch) == [("failed", len(DELAYS_S) + 1, 500, None)]
    assert receiver.at("/ok") == [], "a redirect is not followed"
    assert (await setup.states(moved))[0][:3] == ("failed", len(DELAYS_S) + 1, 302)
    assert await oldest_overdue_of(setup) is None


@pytest.mark.parametrize(
    ("state", "status", "draws", "has_trouble"),
    [
        (None, "FAILED", False, True),
        ("unstamped", "NOTSTAMP", True, False),
        ("allocated", "NOTSTAMP", False, False),
        ("released", "STAMP", False, False),
        ("used", "STAMP", True, False),
        ("annulled", "RETURNED", False, True),
    ],
)
def test_what_is_told_goes_by_the_state_of_the_serial_number(
    state: str | None, status: str, draws: bool, has_trouble: bool
) -> None:
    document = BatchDocument(
        batch_id=uuid4(),
        number=7,
        said={},
        serial=state and "7KQF",
        serial_state=state,
        taken_at=None,
        state="waiting",
        attempts=0,
    )
    told = result_of(document, "")
    assert (told["status"], document.has_picture, "err" in told) == (status, draws, has_trouble)


async def oldest_overdue_of(setup: Setup) -> datetime | None:
    async with setup.database.site.connection() as connection:
        return await oldest_overdue(connection)


async def test_a_receiver_that_hangs_holds_up_its_own_batch_alone(setup: Setup, receiver: Receiver) -> None:
    hanging = await setup.add(receiver.base + "/hang", 5)
    assert await oldest_overdue_of(setup) == setup.now
    well = await setup.add(receiver.base + "/ok", 5)
    await setup.tell()
    assert {state for state, *_ in await setup.states(well)} == {"received"}
    assert len(receiver.at("/hang")) == 1
    assert (await setup.states(hanging))[:2] == [
        ("waiting", 1, None, "timed_out"),
        ("waiting", 0, None, None),
    ]
    assert await oldest_overdue_of(setup) is None, "we are not late"
    receiver.now_ok.add("/hang")
    await setup.tell(later_s=10)
    assert {state for state, *_ in await setup.states(hanging)} == {"received"}


async def test_a_receiver_that_is_away_for_days_is_given_up(setup: Setup, receiver: Receiver) -> None:
    batch = await setup.add(receiver.base + "/cut", 3)
    await setup.tell()
    await setup.tell(later_s=DISABLED_AFTER.total_seconds())
    assert [state for state, *_ in await setup.states(batch)] == ["failed"] * 3
    await setup.tell(later_s=86_400)
    assert len(receiver.got) == 2


async def test_inner_addresses_get_nothing(database: TestDatabase, setup: Setup, receiver: Receiver) -> None:
    strict = WebhookSender(loopback_is_outer=False, total_seconds=0.4)
    setup.visits = BatchVisits(database.worker, setup._draw, strict, clock=lambda: setup.now)
    batch = await setup.add(receiver.base + "/ok")
    await setup.tell()
    await strict.close()
    assert receiver.got == []
    assert await setup.states(batch) == [("waiting", 1, None, "inner_address")]


async def test_a_signer_that_is_down_costs_no_attempt(setup: Setup, receiver: Receiver) -> None:
    setup.signer_is_down = True
    batch = await setup.add(receiver.base + "/ok", 2)
    await setup.tell()
    assert await setup.states(batch) == [("waiting", 0, None, None)] * 2
    began = setup.now
    await setup.tell(later_s=11)
    assert await oldest_overdue_of(setup) == began, "we are late"
    setup.signer_is_down = False
    await setup.tell(later_s=11)
    assert len(receiver.at("/ok")) == 2


async def test_batches_of_one_organisation_leave_room_for_others(setup: Setup, receiver: Receiver) -> None:
    for _ in range(AT_ONCE_MAX + 3):
        await setup.add(receiver.base + "/hang")
    await setup.add(receiver.base + "/ok", partner=setup.chain.enterprise)
    await setup.tell(turns_only=1)
    leased = await setup.database.owner.fetch(
        """SELECT organisation_id, count(*) FROM partners.wire_batch WHERE lease_until IS NOT NULL
           GROUP BY 1 ORDER BY 2"""
    )
    assert [tuple(row) for row in leased] == [
        (setup.chain.enterprise.id, 1),
        (setup.chain.retailer.id, AT_ONCE_MAX),
    ]


async def test_batches_are_found_by_their_organisation_and_forgotten_after_a_month(
    setup: Setup, receiver: Receiver
) -> None:
    batch = await setup.add(receiver.base + "/ok", 2)
    owner, other = setup.chain.retailer.id, setup.chain.enterprise.id
    async with setup.database.site.connection() as site:
        first, second = await documents_of_batch(site, batch, organisation_id=owner)
        assert await document_of_batch(site, batch, 2, organisation_id=owner) == second
        assert await documents_of_batch(site, batch, organisation_id=other) == []
        assert await document_of_batch(site, batch, 2, organisation_id=other) is None
    assert first.serial is not None
    await return_serials(setup.database.site, [first.serial], organisation_id=owner, now=setup.now)
    await setup.tell()
    returned, kept = sorted(results(receiver, "/ok"), key=lambda one: one["document"]["idfile"])
    assert (returned["status"], returned["qrImage"]) == ("RETURNED", "")
    assert kept["status"] == "NOTSTAMP"
    assert await clean_up_batches(setup.database.worker, now=setup.now + timedelta(days=29)) == 0
    assert await clean_up_batches(setup.database.worker, now=setup.now + timedelta(days=31)) == 1
    count = "SELECT count(*) FROM stamping.taken_serial"
    assert await setup.database.owner.fetchval(count) == 2
    assert await setup.states(batch) == []
