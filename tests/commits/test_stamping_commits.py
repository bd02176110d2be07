"""Each commit of a stamping may meet a failover: no second serial number, no second stamp, nothing lost."""

from __future__ import annotations

import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from meterai.background.topics import STAMPING_TOPICS, stamp
from meterai.kernel.clock import system_clock
from meterai.kit.settings import Settings
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.sales.model import OrderState
from meterai.sales.use_cases.add_item import add_document
from meterai.sales.use_cases.issue_quota import issue_quota
from meterai.stamping.signer.key_files import read_counters
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from tests.api.conftest import running, tokens
from tests.api.test_stamps import STAMPS, Partners, partners
from tests.api.test_stamps import order as order_of_file
from tests.commits.walking import Walk, walk_with_cuts
from tests.cutting_proxy import CuttingProxy
from tests.partners.organisations import make_chain
from tests.pdf import samples
from tests.sales.fake_gateway import SetClock
from tests.sales.shop import ALICE, Shop
from tests.stamping.conftest import front, jail, pki, setup, shared_tsa
from tests.stamping.hash_setup import HashSetup, SiteAlone
from tests.stamping.stamping_setup import (
    BOTTOM_LEFT,
    BOTTOM_RIGHT,
    StampingSetup,
    TimeStampAuthority,
    copy_pki,
)
from tests.storage_fixtures import TestDatabase

__all__ = ["front", "jail", "partners", "pki", "running", "setup", "shared_tsa", "tokens"]
LETTER = samples.nearly_empty(1)


class World:
    """A shop, a signer, and a worker that stamps what is paid."""

    def __init__(self, setup: StampingSetup) -> None:
        self.setup = setup
        self.shop = Shop(setup.database, clock=SetClock(system_clock()), alice=setup.alice)
        self.app: Any = SimpleNamespace(db=setup.database.worker, clock=system_clock, settings=Settings())
        self.document = self.order = uuid.uuid4()

    async def prepare(self) -> None:
        """A new document of Alice with two stamps."""
        self.document = await self.setup.accept(LETTER, [BOTTOM_RIGHT, BOTTOM_LEFT])

    async def prepare_order(self) -> None:
        """The same in an order that is paid."""
        await self.prepare()
        shop, stamps = self.shop, {"document_id": self.document, "document_kind": None, "stamps": 2}
        opened = await shop.open("stamp")
        await add_document(shop.db, opened.order_id, **stamps, now=shop.clock())
        await shop.pay(await shop.place(opened))
        self.order = opened.order_id

    async def pause(self) -> None:
        """Until the leases are over that a dead worker held."""
        await self.setup.make_due()
        await self.setup.database.owner.execute("UPDATE jobs.outbox SET available_at = now()")

    async def turn(self) -> None:
        """One turn of the worker's lanes."""
        tools = self.setup.tools()
        await stamp(self.app, tools, "worker-1")
        await run_due_jobs(tools, worker="worker-1")

    async def is_all_told(self) -> bool:
        """Whether no row of the outbox waits for those lanes."""
        topics = list(STAMPING_TOPICS)
        return not await self.setup.value("SELECT count(*) FROM jobs.outbox WHERE topic = ANY ($1)", topics)


@pytest_asyncio.fixture
async def world(setup: StampingSetup) -> World:
    world = World(setup)
    setup.lot = await setup.give_lot(setup.alice, 100)
    await issue_quota(setup.db, pieces=100, deposit_reference="NTPN", actor="ani", now=system_clock())
    await world.shop.prove(setup.alice, ALICE)
    return world


async def stamped_from_quota(world: World, walk: Walk) -> None:
    job = await walk.again(lambda: world.setup.order(world.document))

    async def is_released() -> bool:
        state = await world.setup.value("SELECT state FROM stamping.job WHERE id = $1", job.id)
        return state == "released" and await world.is_all_told()

    await walk.until(world.turn, is_released)
    released = await world.setup.database.owner.fetch(
        "SELECT serial FROM stamping.release WHERE document_id = $1", world.document
    )
    assert {row["serial"] for row in released} == set(job.serials), "the numbers that were allocated first"


async def stamped_from_an_order(world: World, walk: Walk) -> None:
    """The worker that takes a paid item through the cycle also completes the order."""

    async def is_completed() -> bool:
        state = (await world.shop.page(world.order)).state
        return state is OrderState.COMPLETED and await world.is_all_told()

    await walk.until(world.turn, is_completed)


PATHS = {
    "quota": (World.prepare, stamped_from_quota),
    "order": (World.prepare_order, stamped_from_an_order),
}


@pytest.mark.long
@pytest.mark.parametrize("path", PATHS)
async def test_a_failover_at_any_commit_of_a_stamping_changes_nothing(
    world: World, proxy: CuttingProxy, path: str
) -> None:
    prepare, take = PATHS[path]
    await walk_with_cuts(
        proxy,
        world.setup.database,
        lambda walk: take(world, walk),
        pause=world.pause,
        prepare=lambda: prepare(world),
    )
    await world.setup.assert_sound()


@pytest.mark.long
async def test_a_failover_at_any_commit_of_an_order_by_the_api_reserves_once(
    partners: Partners, proxy: CuttingProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file comes with the order. What is uploaded again in vain gets no stamp."""
    monkeypatch.setattr("meterai.api.conventions.once.AGAIN_S", 0.01)
    monkeypatch.setattr("meterai.api.conventions.request_log.RequestLog.add", lambda *_: None)
    distributor = partners.of(partners.chain.distributor)

    async def order(walk: Walk) -> None:
        await walk.posted(distributor, STAMPS, order_of_file(LETTER))

    async def pause() -> None:
        """A client asks again at once."""

    await walk_with_cuts(proxy, partners.setup.database, order, pause=pause)
    await partners.setup.assert_sound()


@pytest.mark.long
async def test_a_failover_at_any_commit_of_a_hash_uses_one_stamp(
    database: TestDatabase, proxy: CuttingProxy, tmp_path: Path, pki: Path, shared_tsa: TimeStampAuthority
) -> None:
    """A partner asks again for the signature, with the same attributes."""
    copy_pki(pki, tmp_path, for_hashes=True)
    chain = await make_chain(database.operator, now=system_clock())
    setup = HashSetup(database, tmp_path, shared_tsa.url, chain.enterprise)
    serials = []

    async def take() -> None:
        serials.append(await setup.take())

    async def sign(walk: Walk) -> None:
        attributes = await setup.attributes()
        signed = await walk.again(lambda: setup.sign(serials[-1], attributes))
        assert (await setup.sign(serials[-1], attributes)).signature == signed.signature

    async def pause() -> None:
        """A client asks again at once."""

    async with setup.signer(SiteAlone()):
        await walk_with_cuts(proxy, database, sign, pause=pause, prepare=take)
        counters = read_counters(tmp_path / "signer")
    results = await run_invariants(database.reader, now=system_clock(), counters=counters, sample=None)
    assert [one for one in results if not one.ok] == []
