"""Each commit of what partners do may meet a failover: a repeat gets the same answer, and is done once."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from meterai.api.conventions.ids import Prefix, write_id
from meterai.cli.main import build
from meterai.kernel.serial_number import SerialNumber
from meterai.kit.database import Connection, is_outage
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.partners.use_cases.record_money import record_deposit, record_payment
from meterai.stamping.taken.model import WantedSerial
from meterai.stamping.use_cases.return_serials import return_serials
from meterai.stamping.use_cases.take_serials import take_serials
from tests.api.conftest import running, tokens
from tests.api.partner import Partner, Tokens, caller_of, json_of, register
from tests.commits.walking import Walk, walk_with_cuts
from tests.cutting_proxy import CuttingProxy
from tests.partners.organisations import OPERATOR, Chain, make_chain
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import NOON
from tests.web.running_site import RunningSite

__all__ = ["running", "tokens"]


@dataclass
class World:
    """A chain of partners before a running site."""

    database: TestDatabase
    chain: Chain
    running: RunningSite
    tokens: Tokens
    folder: Path

    def of(self, name: str) -> Partner:
        return self.tokens.partner(self.running.site, caller_of(getattr(self.chain, name).id))

    async def command(self, *words: str) -> tuple[str, BaseException | None]:
        """Runs a command: what it printed, and why it failed."""
        settings = {
            "METERAI_DATA": str(self.folder),
            "METERAI_DATABASE_OPERATOR_URL": self.database.urls.operator,
        }
        app = build(" ".join(words[:2]))
        ended = await asyncio.to_thread(CliRunner().invoke, app, [*words], env=settings)
        failed = ended.exception if ended.exit_code else None
        return ended.output, failed


@pytest_asyncio.fixture
async def world(
    database: TestDatabase,
    running: RunningSite,
    tokens: Tokens,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    monkeypatch.setattr("meterai.api.conventions.once.AGAIN_S", 0.01)
    # They are written a while after their answers, and may be lost.
    monkeypatch.setattr("meterai.api.conventions.request_log.RequestLog.add", lambda *_: None)
    chain = await make_chain(database.app, now=NOON)
    for organisation in vars(chain).values():
        await register(database.owner, organisation.id)
    return World(database, chain, running, tokens, tmp_path / "data")


async def stamps_passed_on(world: World, walk: Walk) -> None:
    """By the API: a block on credit, counted against the caps of its client, and some of it back."""
    receiver = write_id(Prefix.ORGANISATION, world.chain.enterprise.id)
    order = {"receiver_id": receiver, "pieces": 5, "paid_by": "credit"}
    passed = await walk.posted(world.of("distributor"), "/api/v1/blocks", order)
    returns = f"{passed.headers['location']}/returns"
    assert passed.headers["location"].endswith(json_of(passed)["id"])
    returned = await walk.posted(world.of("enterprise"), returns, {"pieces": 2})
    assert json_of(returned)["returned"] == 2


async def agreed(world: World, walk: Walk) -> None:
    address = f"/api/v1/organisations/{write_id(Prefix.ORGANISATION, world.chain.retailer.id)}/agreements"
    terms = {"unit_price": 10_300, "credit_limit": 1_000_000}
    await walk.posted(world.of("distributor"), address, terms)


async def money_recorded(world: World, walk: Walk) -> None:
    """A deposit at the treasury and a payment further down, each by the number of its receipt."""
    db, chain, receipt = world.database.operator, world.chain, uuid.uuid4().hex[:12]
    await walk.again(
        lambda: record_deposit(
            db, chain.distributor.id, receipt=f"NTPN{receipt}", amount=20_000, now=NOON, actor=OPERATOR
        )
    )
    await walk.again(
        lambda: record_payment(
            db, chain.retailer.id, reference=f"TRF{receipt}", amount=10_200, now=NOON, actor=OPERATOR
        )
    )


async def block_by_command(world: World, walk: Walk) -> None:
    """What was cut off says how it is repeated."""
    again: list[str] = []

    async def passed(*words: str) -> str:
        said, failed = await world.command("partner", *words, *again)
        if failed is None:
            return said
        assert isinstance(failed, Exception), said
        assert is_outage(failed), said
        again[:] = re.findall(r"(--id) ([0-9a-f-]{36})", said)[0]
        raise failed

    said = await walk.again(lambda: passed("block", "firm", "4", "--by", "credit"))
    block = re.findall(r"Block ([0-9a-f-]{36}): 4 stamps", said)[0]
    again.clear()
    said = await walk.again(lambda: passed("return", "firm", block, "3"))
    assert "1 are left" in said


async def serials_taken(world: World, walk: Walk) -> None:
    """On the wire an `idfile` has one serial number, however often it is asked for."""
    wanted = [WantedSerial(request_key=uuid.uuid4().hex, name="surat.pdf") for _ in range(2)]
    firm, site = world.chain.enterprise.id, world.database.site

    async def before(tx: Connection, pieces: int) -> None:
        assert pieces == 2, "nothing is counted twice"

    async def after(tx: Connection, new: Mapping[int, SerialNumber]) -> None:
        assert len(new) == 2

    async def take() -> list[str]:
        taken = await take_serials(site, wanted, organisation_id=firm, before=before, after=after, now=NOON)
        return [one.serial for one in taken]

    serials = await walk.again(take)
    assert await take() == serials
    await walk.again(lambda: return_serials(site, serials[:1], organisation_id=firm, now=NOON))


PATHS: dict[str, Callable[[World, Walk], Awaitable[None]]] = {
    path.__name__: path
    for path in (stamps_passed_on, agreed, money_recorded, block_by_command, serials_taken)
}


@pytest.mark.everyday("stamps_passed_on", "block_by_command")
@pytest.mark.parametrize("path", PATHS)
async def test_a_failover_at_any_commit_changes_nothing(world: World, proxy: CuttingProxy, path: str) -> None:
    async def pause() -> None:
        """Whoever asks again does so at once."""

    await walk_with_cuts(proxy, world.database, lambda walk: PATHS[path](world, walk), pause=pause)
    broken = [one for one in await run_invariants(world.database.reader, now=NOON) if not one.ok]
    assert not broken
