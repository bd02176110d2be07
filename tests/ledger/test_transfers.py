"""What the ledger does with one transfer after another."""

from __future__ import annotations

from datetime import date, timedelta

import asyncpg
import pytest
from msgspec.structs import replace

from meterai.customers import organisations
from meterai.kernel.clock import business_date
from meterai.kernel.ids import derived_id
from meterai.kernel.refusals import Kind, Refusal
from meterai.ledger import model, queries
from meterai.sales.use_cases.issue_quota import issue_quota
from tests.ledger import posting
from tests.ledger.cast import (
    ALICE,
    BOB,
    CLEARING,
    NOW,
    ORDER,
    STOCK,
    SUSPENSE,
    USED,
    book,
    deliver,
    held,
    lot_of,
    moved,
    open_lot,
    posted,
    standing,
    voided,
)
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage


async def test_a_deposit_brings_stock_once_however_often_it_is_recorded(database: TestDatabase) -> None:
    first = await issue_quota(database.app, pieces=500, deposit_reference="NTPN-7", actor="ani", now=NOW)
    again = await issue_quota(database.app, pieces=500, deposit_reference="NTPN-7", actor="ani", now=NOW)
    assert (first.new, first.stock, first.amount) == (True, 500, 5_000_000)
    assert (again.new, again.stock) == (False, 500)
    with pytest.raises(Refusal) as refused:
        await issue_quota(database.app, pieces=501, deposit_reference="NTPN-7", actor="ani", now=NOW)
    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "ledger.id_reused")
    with pytest.raises(Refusal, match=r"stock\.pieces"):
        await issue_quota(database.app, pieces=0, deposit_reference="NTPN-8", actor="ani", now=NOW)


async def test_a_deposit_is_booked_at_the_tariff_of_its_day_and_repeated_at_that_one(
    database: TestDatabase,
) -> None:
    first = await issue_quota(database.app, pieces=3, deposit_reference="NTPN-7", actor="ani", now=NOW)
    later = NOW + timedelta(days=1)
    new_tariff = "INSERT INTO sales.tariff VALUES ($1, 12000, 'UU baru')"
    with pytest.raises(asyncpg.CheckViolationError, match="tariff_is_drawn"):  # stamps would still say 10000
        await database.owner.execute(new_tariff, business_date(later))
    await database.owner.execute("ALTER TABLE sales.tariff DROP CONSTRAINT tariff_is_drawn")
    await database.owner.execute(new_tariff, business_date(later))
    second = await issue_quota(database.app, pieces=3, deposit_reference="NTPN-8", actor="ani", now=later)
    again = await issue_quota(database.app, pieces=3, deposit_reference="NTPN-7", actor="ani", now=later)
    assert [done.amount for done in (first, second, again)] == [30_000, 36_000, 30_000]
    assert [done.new for done in (first, second, again)] == [True, True, False]


async def test_a_receipt_is_the_same_one_in_small_letters(database: TestDatabase) -> None:
    async def deposit(reference: str) -> tuple[bool, int]:
        done = await issue_quota(database.app, pieces=500, deposit_reference=reference, actor="ani", now=NOW)
        return done.new, done.stock

    assert await deposit("NTPN12") == (True, 500)
    assert [await deposit(it) for it in ("ntpn12", " Ntpn12 ")] == [(False, 500)] * 2
    assert await deposit("NTPN13") == (True, 1000)
    await book_as_typed(database, "ntpn13")
    assert [await deposit(it) for it in ("ntpn13", "NTPN13")] == [(False, 1000)] * 2


async def book_as_typed(database: TestDatabase, receipt: str) -> None:
    """Gives a deposit the ids of older releases, which follow the letters as they were typed."""
    deposit = derived_id("deposit", receipt)
    async with database.owner.transaction():
        await database.owner.execute("SET LOCAL session_replication_role = replica")
        for code, name in (("deposit", "paid"), ("issue", "issue"), ("supply", "supply")):
            await database.owner.execute(
                "UPDATE ledger.transfer SET id = $1, reference_id = $2 WHERE reference_id = $3 AND code = $4",
                derived_id(f"deposit-{name}", deposit),
                deposit,
                derived_id("deposit", receipt.upper()),
                code,
            )


async def test_a_reservation_holds_and_its_posting_moves(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 3)
    await book(database.app, held("hold", lot, USED, 2))
    assert await standing(database.app, lot) == (3, 2, 1)
    assert await book(database.app, posted("use", "hold")) == 1
    assert await standing(database.app, lot) == (1, 0, 1)
    assert await standing(database.app, USED) == (2, 0, 2)


async def test_a_void_gives_everything_back(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 3)
    await book(database.app, held("hold", lot, USED, 2))
    await book(database.app, voided("give back", "hold"))
    assert await standing(database.app, lot) == (3, 0, 3)
    assert await standing(database.app, USED) == (0, 0, 0)


async def test_a_reservation_ends_once(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 3)
    await book(database.app, held("hold", lot, USED, 2))
    await book(database.app, voided("give back", "hold"))
    for late in (posted("use", "hold"), voided("give back twice", "hold")):
        with pytest.raises(Refusal) as refused:
            await book(database.app, late)
        assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "ledger.already_ended")
    assert await standing(database.app, lot) == (3, 0, 3)


async def test_what_is_reserved_cannot_be_spent_and_what_is_incoming_neither(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 3)
    unpaid = await open_lot(database.app, "unpaid", 0)
    await book(database.app, held("hold", lot, USED, 2), held("order", STOCK, unpaid, 5))
    for greedy in (moved("spend", lot, STOCK, 2), held("early", unpaid, USED, 1)):
        with pytest.raises(Refusal) as refused:
            await book(database.app, greedy)
        assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "ledger.insufficient")
    assert await standing(database.app, lot) == (3, 2, 1)


async def test_a_batch_is_written_as_a_whole_or_not_at_all(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 3)
    with pytest.raises(Refusal, match=r"ledger\.insufficient"):
        await book(database.app, moved("fine", lot, STOCK, 1), moved("too much", lot, STOCK, 3))
    assert await standing(database.app, lot) == (3, 0, 3)
    assert await book(database.app, moved("fine", lot, STOCK, 1)) == 1


async def test_the_same_transfer_exists_and_another_under_its_id_is_refused(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 5)
    assert await book(database.app, moved("a", lot, STOCK, 1), moved("b", lot, STOCK, 1)) == 2
    assert await book(database.app, moved("a", lot, STOCK, 1), moved("c", lot, STOCK, 1)) == 1
    assert await standing(database.app, lot) == (2, 0, 2)
    a = moved("a", lot, STOCK, 1)
    others = (
        moved("a", lot, STOCK, 2),
        moved("a", lot, USED, 1),
        held("a", lot, STOCK, 1),
        replace(a, code=model.TransferCode.REFUND_QUOTA),
        replace(a, reference_id=derived_id("order", "two")),
        replace(a, organisation_id=organisations.ISSUER),
    )
    for other in others:
        with pytest.raises(Refusal) as refused:
            await book(database.app, other)
        assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "ledger.id_reused")
    assert await standing(database.app, lot) == (2, 0, 2)


async def test_under_the_id_that_ended_one_reservation_no_other_ends(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 2)
    await book(database.app, held("one", lot, USED, 1), held("two", lot, USED, 1))
    assert await book(database.app, posted("end", "one")) == 1
    with pytest.raises(Refusal, match=r"ledger\.id_reused"):
        await book(database.app, posted("end", "two"))
    assert await standing(database.app, lot) == (1, 1, 0)


async def test_a_retry_exists_even_when_the_balance_is_gone_by_now(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 1)
    await book(database.app, moved("last", lot, STOCK, 1))
    assert await book(database.app, moved("last", lot, STOCK, 1)) == 0


async def test_an_id_twice_in_one_batch_moves_nothing(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 3)
    with pytest.raises(Refusal, match=r"ledger\.id_reused"):
        await book(database.app, moved("a", lot, STOCK, 1), moved("a", lot, STOCK, 1))
    assert await standing(database.app, lot) == (3, 0, 3)


async def test_unknown_accounts_and_reservations_are_refused_by_name(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    nowhere = derived_id("account", "nowhere")
    for unknown in (moved("a", STOCK, nowhere, 1), posted("b", "never"), posted("c", "sale")):
        with pytest.raises(Refusal) as refused:
            await book(database.app, unknown)
        assert (refused.value.kind, refused.value.code) == (Kind.NOT_FOUND, "ledger.unknown")


async def test_a_single_transfer_cannot_be_ended_like_a_reservation(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    await open_lot(database.app, "lot", 3)
    with pytest.raises(Refusal, match=r"ledger\.unknown"):
        await book(database.app, voided("undo", "sale of lot"))


async def test_units_never_mix_and_amounts_are_positive(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    with pytest.raises(asyncpg.PostgresError, match="units differ"):
        await book(database.app, moved("a", STOCK, SUSPENSE, 1))
    for amount in (0, -1):
        with pytest.raises(asyncpg.CheckViolationError):
            await book(database.app, moved("b", CLEARING, SUSPENSE, amount))


async def test_after_a_refusal_inside_a_savepoint_the_step_goes_on(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 1)
    async with database.app.transaction() as tx:
        with pytest.raises(Refusal, match=r"ledger\.insufficient"):
            async with tx.transaction():
                await posting.post(tx, [moved("two", lot, STOCK, 2)], NOW)
        assert await posting.post(tx, [moved("one", lot, STOCK, 1)], NOW) == 1
    assert await standing(database.app, lot) == (0, 0, 0)


async def test_an_account_opened_again_as_something_else_is_refused(database: TestDatabase) -> None:
    await open_lot(database.app, "lot", 0)
    await open_lot(database.app, "lot", 0)
    with pytest.raises(Refusal, match=r"ledger\.id_reused"):
        await open_lot(database.app, "lot", 0, owner=BOB)


async def test_a_customer_sees_her_own_lots_only(database: TestDatabase) -> None:
    await deliver(database.app, 20)
    lot = await open_lot(database.app, "Alice's", 5)
    bobs = await open_lot(database.app, "Bob's", 4, owner=BOB)
    await book(database.app, held("hold", lot, USED, 1), moved("back", lot, STOCK, 2))
    async with database.reader.connection() as conn:
        (mine,) = await queries.lots_of_customer(conn, ALICE)
        assert (mine.bought, mine.available, mine.reserved, mine.gone) == (5, 2, 1, 2)
        assert await queries.lot_of(conn, lot, customer_id=ALICE) == mine
        assert await queries.unused_in(conn, [lot, bobs], customer_id=ALICE) == {lot: 2}
        assert await queries.lot_of(conn, lot, customer_id=BOB) is None
        assert await queries.lot_of(conn, lot_of("unknown").id, customer_id=BOB) is None


async def test_the_books_of_an_order_name_day_and_kind(database: TestDatabase) -> None:
    await deliver(database.app, 10)
    lot = await open_lot(database.app, "lot", 3)
    await book(database.app, held("hold", lot, USED, 1), held("other", lot, USED, 1))
    await book(database.app, posted("use", "hold"))
    async with database.reader.connection() as conn:
        rows = {row.id: row for row in await queries.transfers_of(conn, ORDER)}
    use = rows[derived_id("test", "use")]
    assert (use.kind, use.amount, use.debit, use.credit, use.posted_at) == ("post", 1, lot, USED, NOW)
    assert use.business_date == date(2026, 9, 5), "18.30 in UTC is the next day in Jakarta"
    assert rows[derived_id("test", "other")].posted_at is None


def test_the_ledger_names_the_same_organisations_as_customers() -> None:
    assert (model.ISSUER, model.DISTRIBUTOR, model.SELLER) == (
        organisations.ISSUER,
        organisations.DISTRIBUTOR,
        organisations.SELLER,
    )
