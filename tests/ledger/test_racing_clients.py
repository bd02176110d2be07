"""Several clients at once: the answers must be those of some order of their calls."""

from __future__ import annotations

import asyncio
import copy
import itertools
import uuid
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Refusal
from meterai.ledger.model import (
    Account,
    AccountKind,
    TransferCode,
    side_of,
)
from tests.ledger import posting
from tests.ledger.oracle import Oracle, Outcome, Sums
from tests.ledger.posting import (
    Transfer,
    TransferKind,
)
from tests.storage_fixtures import TestCluster, TestDatabase

pytestmark = pytest.mark.storage

NOW = datetime(2026, 9, 4, tzinfo=UTC)
CAST = {
    "issuance": AccountKind.ISSUANCE,
    "stock": AccountKind.SELLER_STOCK,
    "alice": AccountKind.LOT,
    "bob": AccountKind.LOT,
    "used": AccountKind.USED,
}
PAIRS = [(debit, credit) for debit, credit in itertools.permutations(CAST, 2)]
IDS = st.integers(0, 11)


@st.composite
def batches(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """One client's call: one to three transfers. Ids come from a small pool, so that calls collide."""
    ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    return [
        (
            number,
            draw(st.sampled_from([*TransferKind, TransferKind.PENDING])),
            draw(st.sampled_from(PAIRS)),
            draw(st.integers(1, 3)),
            draw(IDS),
        )
        for number in ids
    ]


class RacingClients(RuleBasedStateMachine):
    """Up to four clients call at once: duplicates, reused ids, crossing accounts, ended reservations."""

    worlds = itertools.count()

    def __init__(self, database: TestDatabase, runner: asyncio.Runner, seen: set[str]) -> None:
        super().__init__()
        self.database = database
        self.runner = runner
        self.seen = seen
        self.world = derived_id("world", next(self.worlds))

    @initialize(stock=st.integers(3, 8))
    def open(self, stock: int) -> None:
        accounts = [
            Account(id=self._id(name), kind=kind, organisation_id=self.world) for name, kind in CAST.items()
        ]
        self.oracle = Oracle({account.id: Sums(side_of(account.kind)) for account in accounts})
        self.runner.run(self._open(accounts))
        parts = ((98, 1), (99, stock - 1))
        self.race(
            [[(number, TransferKind.SINGLE, ("issuance", "stock"), pieces, 0) for number, pieces in parts]]
        )

    @rule(calls=st.lists(batches(), min_size=1, max_size=4))
    def race(self, calls: list[list[tuple[Any, ...]]]) -> None:
        work = [[self._transfer(*part) for part in call] for call in calls]
        outcomes = self.runner.run(_gather([self._post(batch) for batch in work]))
        self.seen.update(str(outcome) for outcome in outcomes)
        self.oracle = self._explained(work, outcomes)

    @rule(call=batches(), clients=st.integers(2, 4))
    def repeat(self, call: list[tuple[Any, ...]], clients: int) -> None:
        self.race([call] * clients)

    @rule(
        hold=IDS,
        pair=st.sampled_from(PAIRS),
        ends=st.lists(st.tuples(IDS, st.sampled_from([TransferKind.POST, TransferKind.VOID])), max_size=4),
    )
    def end(self, hold: int, pair: tuple[str, str], ends: list[tuple[int, TransferKind]]) -> None:
        """Several clients end the same reservation."""
        self.race([[(hold, TransferKind.PENDING, pair, 1, 0)]])
        if ends:
            self.race([[(number, kind, pair, 1, hold)] for number, kind in ends])

    @invariant()
    def stored_balances_are_those_of_the_oracle(self) -> None:
        assert self.runner.run(self._stored()) == self.oracle.accounts

    def _explained(self, work: Sequence[Sequence[Transfer]], outcomes: Sequence[Outcome]) -> Oracle:
        """The books after an order of the calls that explains every outcome."""
        for order in itertools.permutations(range(len(work))):
            books = copy.deepcopy(self.oracle)
            if all(books.post(work[call]) == outcomes[call] for call in order):
                return books
        raise AssertionError(f"no order of {work} explains {outcomes}")

    def _id(self, name: object) -> uuid.UUID:
        return derived_id("racing", self.world, name)

    def _transfer(
        self, number: int, kind: TransferKind, pair: tuple[str, str], amount: int, pending: int
    ) -> Transfer:
        ends = kind in (TransferKind.POST, TransferKind.VOID)
        return Transfer(
            id=self._id(number),
            kind=kind,
            code=TransferCode.SALE,
            reference_id=self.world,
            organisation_id=self.world,
            debit=None if ends else self._id(pair[0]),
            credit=None if ends else self._id(pair[1]),
            amount=None if ends else amount,
            pending_id=self._id(pending) if ends else None,
        )

    async def _open(self, accounts: list[Account]) -> None:
        async with self.database.app.transaction() as tx:
            await posting.open_accounts(tx, accounts, NOW)

    async def _post(self, batch: list[Transfer]) -> Outcome:
        try:
            async with self.database.app.transaction() as tx:
                return await posting.post(tx, batch, NOW)
        except Refusal as refusal:
            return refusal.code

    async def _stored(self) -> dict[uuid.UUID, Sums]:
        rows = await self.database.owner.fetch(
            """SELECT id, balance_side, debits_pending, debits_posted, credits_pending, credits_posted
               FROM ledger.account WHERE organisation_id = $1""",
            self.world,
        )
        return {row["id"]: Sums(*row[1:]) for row in rows}


async def _gather(calls: list[Coroutine[Any, Any, Outcome]]) -> list[Outcome]:
    return await asyncio.gather(*calls)


def test_some_order_explains_every_answer_and_no_balance_is_lost(cluster: TestCluster) -> None:
    seen: set[str] = set()
    with asyncio.Runner() as runner:
        opened = cluster.database()
        database = runner.run(_enter(opened))
        try:
            factory: Any = lambda: RacingClients(database, runner, seen)  # noqa: E731
            run_state_machine_as_test(
                factory,
                settings=settings(
                    max_examples=60,
                    stateful_step_count=12,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))
    assert seen >= {
        "0",
        "1",
        "2",
        "ledger.insufficient",
        "ledger.already_ended",
        "ledger.id_reused",
        "ledger.unknown",
    }, "the race reached every kind of answer"


async def _enter(opened: Any) -> TestDatabase:
    database: TestDatabase = await opened.__aenter__()
    return database
