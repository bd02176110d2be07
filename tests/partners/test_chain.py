"""Stamps move down the tree in blocks with their money, and back up."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Refusal
from meterai.ledger.model import ISSUER
from meterai.operations.use_cases.check_invariants import check_tables
from meterai.partners.model import OrganisationRole, OrganisationState, PaidBy, Terms
from meterai.partners.queries.organisations import find_below, tree_below
from meterai.partners.queries.quota import quota_below, quota_of
from meterai.partners.use_cases.add_organisation import set_state
from meterai.partners.use_cases.agree import agree
from meterai.partners.use_cases.move_stamps import pass_block, take_back
from meterai.partners.use_cases.record_money import record_deposit, record_payment
from tests.partners.organisations import CREDIT, FACE, OPERATOR, PRICE, block, make_chain, organisation
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
NOW = datetime(2026, 11, 3, 5, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


async def refused_code(doing: object) -> str:
    with pytest.raises(Refusal) as refused:
        await doing  # type: ignore[misc]
    return refused.value.code


async def all_hold(database: TestDatabase, now: datetime = NOW) -> bool:
    async with database.reader.transaction() as tx:
        results = await check_tables([tx], now=now)
    assert [found for found in results if not found.ok] == []
    return {"I28", "I29", "I30"} <= {found.id for found in results}


async def test_a_chain_holds_what_was_issued_to_it(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    async with database.site.connection() as conn:
        quota = {code: await quota_of(conn, getattr(chain, code).id) for code in vars(chain)}
        tree = await quota_below(conn, chain.distributor.id)
        codes = [(depth, found.code) for depth, found in await tree_below(conn, ISSUER)]
    assert {code: one.available for code, one in quota.items()} == {
        "distributor": 700,
        "retailer": 200,
        "enterprise": 70,
        "collector": 50,
        "sub_account": 30,
    }
    assert (tree.organisations, tree.available, tree.used) == (4, 1_000, 0)
    assert quota["distributor"].prepaid == 10_000_000
    assert quota["retailer"].prepaid == 3_000_000 - 200 * (PRICE + 100)
    assert (quota["enterprise"].credit_owed, quota["enterprise"].credit_free) == (1_020_000, 3_980_000)
    assert codes == [(1, "collector"), (1, "dist"), (2, "firm"), (3, "branch"), (2, "retail")]
    assert await all_hold(database)


async def test_nobody_gets_more_than_is_there_or_than_was_paid(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    db = database.site
    assert (
        await refused_code(block(db, chain.distributor, 1_001, PaidBy.DEPOSIT, now=NOW))
        == "partner.funds_short"
    )
    assert await refused_code(block(db, chain.retailer, 100, PaidBy.FUNDS, now=NOW)) == "partner.funds_short"
    assert (
        await refused_code(block(db, chain.enterprise, 391, PaidBy.CREDIT, now=NOW)) == "partner.credit_short"
    )
    await agree(database.app, chain.enterprise.id, Terms(unit_price=PRICE, credit_limit=10**9), now=LATER)
    assert (
        await refused_code(block(db, chain.enterprise, 701, PaidBy.CREDIT, now=NOW)) == "partner.stock_short"
    )
    assert await refused_code(block(db, chain.retailer, 1, PaidBy.DEPOSIT, now=NOW)) == "partner.not_paid_so"
    await block(db, chain.enterprise, 700, PaidBy.CREDIT, now=NOW)
    assert await all_hold(database)


async def test_two_blocks_at_once_share_one_credit(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    tries = [block(database.site, chain.enterprise, 100, PaidBy.CREDIT, now=NOW) for _ in range(6)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    refusals = [one.code for one in results if isinstance(one, Refusal)]
    assert (len(results) - len(refusals), set(refusals)) == (3, {"partner.credit_short"})
    assert await all_hold(database)


async def test_the_same_block_twice_is_one_block(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    wanted = {"to": chain.enterprise.id, "paid_by": PaidBy.CREDIT, "now": NOW}
    first, again = new_id(NOW), new_id(NOW)
    for _ in range(2):
        made = await pass_block(database.site, first, pieces=5, **wanted)
    assert (made.id, made.pieces) == (first, 5)
    assert await refused_code(pass_block(database.site, first, pieces=6, **wanted)) == "partner.id_used"
    for _ in range(2):
        left = await take_back(database.site, again, first, pieces=2, seen_by=chain.enterprise.id, now=NOW)
    assert left.returned == 2
    assert await all_hold(database)


async def test_a_return_goes_up_and_reverses_the_money_of_its_block(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    db, firm = database.site, chain.enterprise
    made = await block(db, firm, 10, PaidBy.CREDIT, now=LATER)
    await record_payment(db, firm.id, reference="TRF-9", amount=100 * PRICE + 4 * PRICE, now=LATER)
    await take_back(db, new_id(NOW), made, pieces=8, seen_by=chain.distributor.id, now=NOW)
    async with db.connection() as conn:
        quota = await quota_of(conn, firm.id)
        above = await quota_of(conn, chain.distributor.id)
    # Two pieces are kept and four were paid: what two of them cost is prepaid now.
    assert (quota.available, quota.credit_owed, quota.prepaid) == (72, 0, 2 * PRICE)
    assert (quota.credit_free, above.available) == (CREDIT, 698)
    other = take_back(db, new_id(NOW), made, pieces=3, seen_by=firm.id, now=NOW)
    assert await refused_code(other) == "partner.more_than_left"
    foreign = take_back(db, new_id(NOW), made, pieces=1, seen_by=chain.retailer.id, now=NOW)
    assert await refused_code(foreign) == "partner.block_unknown"
    assert await all_hold(database)


async def test_what_a_distributor_returns_can_be_drawn_again(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    made = await block(database.site, chain.distributor, 1_000, PaidBy.DEPOSIT, now=NOW)
    await take_back(database.site, new_id(NOW), made, pieces=400, seen_by=chain.distributor.id, now=NOW)
    async with database.site.connection() as conn:
        assert (await quota_of(conn, chain.distributor.id)).prepaid == 4_000_000
    await block(database.site, chain.distributor, 400, PaidBy.DEPOSIT, now=NOW)
    assert await all_hold(database)


async def test_a_collector_pays_a_tax_period_before_it_takes_stamps_of_the_next(
    database: TestDatabase,
) -> None:
    chain = await make_chain(database.app, now=NOW)
    december = NOW + timedelta(days=30)
    await block(database.site, chain.collector, 10, PaidBy.CREDIT, now=NOW)
    next_one = block(database.site, chain.collector, 10, PaidBy.CREDIT, now=december)
    assert await refused_code(next_one) == "partner.period_unpaid"
    await record_payment(
        database.app, chain.collector.id, reference="NTPN-C1", amount=60 * FACE, now=december, actor=OPERATOR
    )
    await block(database.site, chain.collector, 10, PaidBy.CREDIT, now=december)
    assert await all_hold(database, december)


async def test_a_lower_limit_takes_back_what_is_free_and_the_rest_when_it_is_paid(
    database: TestDatabase,
) -> None:
    chain = await make_chain(database.app, now=NOW)
    firm = chain.enterprise
    await agree(database.site, firm.id, Terms(unit_price=PRICE, credit_limit=500_000), now=LATER)
    async with database.site.connection() as conn:
        assert (await quota_of(conn, firm.id)).credit_free == 0
    assert await refused_code(block(database.site, firm, 1, PaidBy.CREDIT, now=NOW)) == "partner.credit_short"
    await record_payment(database.site, firm.id, reference="T", amount=1_020_000, now=NOW)
    await block(database.site, firm, 49, PaidBy.CREDIT, now=NOW)
    assert await refused_code(block(database.site, firm, 1, PaidBy.CREDIT, now=NOW)) == "partner.credit_short"
    assert await all_hold(database)


async def test_an_agreement_counts_on_its_days(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    tomorrow = NOW + timedelta(days=1)
    cheaper = Terms(
        unit_price=10_050, credit_limit=CREDIT, valid_from=tomorrow.date(), valid_until=tomorrow.date()
    )
    await agree(database.site, chain.enterprise.id, cheaper, now=NOW)
    prices = []
    for day in range(3):
        at = NOW + timedelta(days=day)
        made = await pass_block(
            database.site, new_id(at), to=chain.enterprise.id, pieces=1, paid_by=PaidBy.CREDIT, now=at
        )
        prices.append(made.unit_price)
    assert prices == [PRICE, 10_050, PRICE]
    over = Terms(unit_price=1, valid_from=NOW.date() - timedelta(days=1))
    assert await refused_code(agree(database.site, chain.enterprise.id, over, now=NOW)) == "partner.not_here"


async def test_what_makes_stamps_is_not_decided_by_the_site(database: TestDatabase) -> None:
    """A captured site can't book a deposit or a collector's payment, nor agree on a collector's credit."""
    chain = await make_chain(database.app, now=NOW)
    terms = Terms(unit_price=FACE, credit_limit=10**9)
    for statement, values in (
        (
            "SELECT partners.agree($1, $2, $3, $4)",
            (new_id(NOW), chain.collector.id, {"unit_price": FACE}, NOW),
        ),
        ("SELECT partners.take_payment($1, $2, 1, 'x', $3)", (new_id(NOW), chain.collector.id, NOW)),
    ):
        with pytest.raises(Exception, match="officers"):
            async with database.site.connection() as site:
                await site.execute(statement, *values)
    with pytest.raises(Exception, match="permission denied"):
        await agree(database.site, chain.collector.id, terms, now=NOW)
    with pytest.raises(Exception, match="permission denied"):
        await record_deposit(database.site, chain.distributor.id, receipt="N", amount=1, now=NOW, actor="x")


async def test_a_receipt_of_the_treasury_counts_once(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    other = await organisation(database.app, "other", OrganisationRole.DISTRIBUTOR, below=ISSUER, now=NOW)
    again = {"receipt": "ntpn-dist", "amount": 20_000_000, "now": NOW, "actor": OPERATOR}
    assert not await record_deposit(database.app, chain.distributor.id, **again)
    assert await refused_code(record_deposit(database.app, other.id, **again)) == "partner.id_used"


async def test_each_role_has_its_place_in_the_tree(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    role = OrganisationRole
    wrong = [
        (ISSUER, role.RETAILER),
        (chain.distributor.id, role.DISTRIBUTOR),
        (chain.distributor.id, role.SUB_ACCOUNT),
        (chain.retailer.id, role.ENTERPRISE),
        (chain.sub_account.id, role.SUB_ACCOUNT),
        (new_id(NOW), role.ENTERPRISE),
    ]
    for place, (below, what) in enumerate(wrong):
        added = organisation(database.site, f"wrong{place}", what, below=below, now=NOW)
        assert await refused_code(added) == "partner.not_here"
    taken = organisation(database.site, "firm", role.ENTERPRISE, below=chain.distributor.id, now=NOW)
    assert await refused_code(taken) == "partner.code_used"


async def test_a_suspended_organisation_and_all_below_it_get_nothing(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    await set_state(database.app, chain.enterprise.id, OrganisationState.SUSPENDED, now=NOW)
    for stopped in (chain.enterprise, chain.sub_account):
        again = block(database.site, stopped, 1, PaidBy.CREDIT, now=NOW)
        assert await refused_code(again) == "partner.not_active"
    await set_state(database.app, chain.enterprise.id, OrganisationState.ACTIVE, now=NOW)
    await block(database.site, chain.sub_account, 1, PaidBy.CREDIT, now=NOW)


async def test_an_organisation_sees_itself_and_what_is_below_it(database: TestDatabase) -> None:
    chain = await make_chain(database.app, now=NOW)
    async with database.site.connection() as conn:
        for seen_by in (chain.sub_account, chain.enterprise, chain.distributor):
            found = await find_below(conn, chain.sub_account.id, seen_by=seen_by.id)
            assert found.code == "branch"
        for seen_by in (chain.retailer, chain.collector):
            with pytest.raises(Refusal, match=r"partner\.unknown"):
                await find_below(conn, chain.sub_account.id, seen_by=seen_by.id)


async def test_any_order_of_steps_keeps_the_books(database: TestDatabase) -> None:
    """Blocks, returns and payments at random: refused or done, all invariants hold."""
    chain = await make_chain(database.app, now=NOW)
    chance = random.Random(44)
    blocks = []
    for step in range(120):
        at = NOW + timedelta(hours=step)
        child = chance.choice([chain.retailer, chain.enterprise, chain.sub_account])
        try:
            match chance.randrange(4):
                case 0 | 1:
                    means = chance.choice([PaidBy.FUNDS, PaidBy.CREDIT])
                    blocks.append(
                        (child, await block(database.site, child, chance.randint(1, 150), means, now=at))
                    )
                case 2:
                    amount = chance.randint(1, 900_000)
                    await record_payment(
                        database.site, child.id, reference=f"R-{step}", amount=amount, now=at
                    )
                case _:
                    if blocks:
                        of, made = chance.choice(blocks)
                        await take_back(
                            database.site,
                            new_id(at),
                            made,
                            pieces=chance.randint(1, 60),
                            seen_by=of.id,
                            now=at,
                        )
        except Refusal:
            continue
    assert len(blocks) > 20
    assert await all_hold(database, NOW + timedelta(days=6))
