"""Refunds by hand: two officers give unused stamps back, once, and never one that is on a document."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Refusal
from meterai.kit.acting import Actor, Signature, sign_release
from meterai.ledger.model import SELLER
from meterai.operations.officers.act_text import Act, make_fresh, text_of
from meterai.operations.officers.register import installation_id
from meterai.operations.officers.requests import find_request
from meterai.operations.use_cases.ask_two_officers import ask_two_officers
from meterai.operations.use_cases.sign_request import sign_request
from meterai.sales.bank_account import BankAccount
from meterai.sales.model import ItemState, RefundReason, RefundState
from meterai.sales.queries.order_page import OrderPage
from meterai.sales.use_cases.give_refund import KIND, RefundToGive, give_refund, prepare_refund
from meterai.sales.use_cases.pay_refunds import PayoutRules
from meterai.sales.use_cases.record_stamping import record_item_refused
from meterai.sales.use_cases.send_news import send_due_news
from meterai.stamping.placement import Placement
from meterai.stamping.use_cases.start_stamping import start_stamping
from tests.officers import record_officer
from tests.sales.refusing import refused
from tests.sales.shop import SECRET, Shop
from tests.sales.test_news import Letters
from tests.sales.test_refunds import ask, only_refund

pytestmark = pytest.mark.storage

ACCOUNT = BankAccount(bank="bca", number="1234567890", holder="Siti Aminah")
COURT = "putusan PN Jakarta Pusat 12/2026"
NO_ACTS = "SELECT count(*) FROM operations.audit_entry WHERE action = 'refund.give'"


async def record_officers(shop: Shop) -> None:
    """Two officers of finance, and one who is not."""
    for name, roles in (("ani", "{finance}"), ("budi", "{finance}"), ("sari", "{support}")):
        await record_officer(shop.database, name, roles)


def wanted(order: OrderPage | str, pieces: int, **more: Any) -> RefundToGive:
    number = order if isinstance(order, str) else order.number
    return RefundToGive(order=number, pieces=pieces, **{"item": 1, "reason": COURT, **more})


async def signature(shop: Shop, officer: str, act: Act) -> Signature:
    """What Python has verified when an officer signs with an SSH key."""
    async with shop.database.operator.connection() as connection:
        installation = await installation_id(connection)
    fresh = make_fresh(datetime.now(UTC))
    return Signature(
        officer=officer,
        key=f"key of {officer}",
        kind=act.kind,
        subject=act.subject,
        nonce=fresh.nonce,
        text=text_of(act, installation, fresh),
        signature="its signature",
        valid_until=fresh.valid_until,
    )


async def request(shop: Shop, give: RefundToGive, **forged: object) -> int:
    """The number of a request that ani has signed. `forged`: facts that are not those of the order."""
    found = await prepare_refund(shop.database.operator, give)
    facts = found.facts | forged
    signed = await signature(shop, "ani", Act(kind=KIND, subject=found.subject, facts=facts))
    return await ask_two_officers(shop.database.operator, signed, facts, person=found.person)


async def sign(shop: Shop, number: int, officer: str = "budi") -> str:
    """The second signature carries the request out. Returns what the officer reads."""
    async with shop.database.operator.connection() as connection:
        found = await find_request(connection, number)
    act = Act(kind=KIND, subject=found.subject, facts=found.facts, request=number)
    signed = await signature(shop, officer, act)
    done = await sign_request(shop.database.operator, found, signed, roots=list, now=shop.clock())
    assert done.released
    return done.done


async def letters(shop: Shop) -> Letters:
    sent = Letters()
    await send_due_news(shop.db, sent, SECRET, public_url="http://situs", clock=shop.clock)
    return sent


async def test_two_officers_give_stamps_back_once_and_the_gateway_pays(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    await record_officers(shop)
    number = await request(shop, wanted(page.number.lower().replace("-", " "), 2))
    assert (await shop.lot(page), (await shop.page(page.id)).refunds) == (3, ()), "one officer moves nothing"
    for officer, code in (("ani", "officer.signed_before"), ("sari", "officer.may_not")):
        assert (await refused(sign(shop, number, officer))).code == code
    said = await sign(shop, number)
    assert said == f"Stamps of order {page.number} given back: 2. Rp25.000 goes back by the gateway."
    refund = await only_refund(shop, page)
    assert (refund.amount, refund.reason, refund.state) == (25_000, RefundReason.GIVEN, RefundState.PAYABLE)
    assert (await shop.lot(page), (await shop.money())["owed"]) == (1, 25_000)
    entry = await shop.database.owner.fetchrow(
        "SELECT actor, subject, facts, signatures FROM operations.audit_entry WHERE action = 'refund.give'"
    )
    assert entry
    assert (entry["actor"], entry["subject"]) == ("ani, budi", str(refund.id))
    facts = msgspec.json.decode(entry["facts"])
    assert facts == {
        "order": page.number,
        "item": 1,
        "pieces": 2,
        "given_back_before": 0,
        "amount": 25_000,
        "reason": COURT,
    }
    assert COURT in str(entry["signatures"]), "both read the reason"
    assert (await refused(sign(shop, number))).code == "release.carried_out"
    again = give_refund(
        shop.database.operator, str(refund.id), facts, actor=Actor(name="ani"), now=shop.clock()
    )
    assert (await refused(again)).code == "refund.given_meanwhile"
    assert (await shop.lot(page), await shop.database.owner.fetchval(NO_ACTS)) == (1, 1)
    sent = await letters(shop)
    assert [text for text in sent.texts if "Petugas kami mengembalikan Rp25.000" in text]
    assert "kode" not in "".join(sent.texts), "no code was typed"
    assert await shop.pay_refunds() == 1
    assert (await only_refund(shop, page)).state is RefundState.PAID
    assert sum(shop.gateway.charges[page.payments[0].reference].refunds.values()) == 25_000


async def test_an_account_that_officers_name_waits_can_be_stopped_and_needs_no_third_look(shop: Shop) -> None:
    shop.payout_rules = PayoutRules(wait=timedelta(minutes=30), release_above=1)
    page = await shop.paid_quota(channel="va_bni")
    await record_officers(shop)
    said = await sign(shop, await request(shop, wanted(page, 2, account=ACCOUNT)))
    assert "Rp25.000 goes to the account after the wait" in said
    sent = await letters(shop)
    assert "BCA, nomor berakhiran 7890\natas nama Siti Aminah" in sent.texts[-1]
    assert "http://situs/hentikan/" in sent.texts[-1]
    assert await shop.pay_refunds() == 0, "it waits"
    refund = await only_refund(shop, page)
    assert (refund.is_being_checked, refund.is_stoppable) == (False, True)
    assert refund.pays_from == shop.clock() + timedelta(minutes=30)
    shop.pass_time(minutes=30)
    await shop.pay_refunds()
    (order,) = shop.payout.requests.values()
    assert (order.bank, order.account, order.name, order.amount) == (
        "bca",
        "1234567890",
        "Siti Aminah",
        25_000,
    )
    shop.pass_time(seconds=10)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).state is RefundState.PAID
    await forgets_the_account(shop, refund.id)


async def forgets_the_account(shop: Shop, refund_id: uuid.UUID) -> None:
    """The account never stood in the chain of entries. With the refund's own it is forgotten everywhere."""
    owner = shop.database.owner
    chained = await owner.fetchval(
        "SELECT string_agg(facts::text || signatures::text, '') FROM operations.audit_entry"
    )
    assert "Siti" not in chained
    assert COURT in chained, "why stays"
    assert await owner.fetchval("SELECT count(*) FROM operations.audit_value WHERE value ~ 'Siti'") == 3
    await owner.execute("SELECT operations.forget_accounts($1)", [str(refund_id)])
    left = await owner.fetchval(
        """SELECT (SELECT count(*) FROM operations.audit_value WHERE value ~ 'Siti')
            + (SELECT count(*) FROM operations.officer_signature WHERE signed_text ~ 'Siti')
            + (SELECT count(*) FROM operations.release_request WHERE facts::text ~ 'Siti')"""
    )
    assert left == 0


async def test_without_an_account_the_customer_names_it_and_the_limit_holds(shop: Shop) -> None:
    shop.payout_rules = PayoutRules(wait=timedelta(0), release_above=1)
    page = await shop.paid_quota(channel="va_bni")
    await record_officers(shop)
    assert "waits until the customer names" in await sign(shop, await request(shop, wanted(page, 2)))
    refund = await only_refund(shop, page)
    assert refund.state is RefundState.NEEDS_ACCOUNT
    assert "Isi rekening tujuannya" in (await letters(shop)).texts[-1]
    await shop.name_account(page.id, refund.id, ACCOUNT)
    await shop.pay_refunds()
    assert (await only_refund(shop, page)).is_being_checked, "no officer has seen this account"


async def test_what_can_t_be_given_back_is_refused_before_anybody_signs(shop: Shop) -> None:
    paid = await shop.paid_quota(pieces=2)
    gone = await shop.paid_quota(pieces=1)
    await ask(shop, gone, 1)
    stamping = await shop.placed_stamps(stamps=2)
    await shop.pay(stamping)
    for give, code in (
        (wanted("0000-0000-0000", 1), "support.no_order"),
        (wanted("?", 1), "support.no_order"),
        (wanted(paid, 1, item=2), "order.no_such_item"),
        (wanted(paid, 1, item=0), "order.no_such_item"),
        (wanted(paid, 0), "refund.pieces"),
        (wanted(paid, 3), "refund.more_than_unused"),
        (wanted(paid, 1, account=ACCOUNT), "refund.no_account_needed"),
        (wanted(gone, 1), "refund.not_possible"),
        (wanted((await shop.quota_draft()).number, 1), "refund.not_possible"),
        (wanted((await shop.placed_quota()).number, 1), "refund.not_possible"),
        (wanted(stamping.number, 2), "refund.not_possible"),
    ):
        assert (await refused(prepare_refund(shop.database.operator, give))).code == code, give


async def test_a_refused_document_goes_back_whole(shop: Shop) -> None:
    placed = await shop.placed_stamps(stamps=2)
    await shop.pay(placed)
    (item,) = (await shop.page(placed.order_id)).items
    assert item.document_id is not None
    await record_item_refused(shop.db, item.id, item.document_id, "pdf.broken", shop.clock())
    page = await shop.page(placed.order_id)
    await record_officers(shop)
    assert (await refused(request(shop, wanted(page, 1)))).code == "refund.whole_document"
    await sign(shop, await request(shop, wanted(page, 2)))
    assert (await only_refund(shop, page)).reason is RefundReason.REFUSED
    assert (await shop.page(page.id)).items[0].state is ItemState.REFUNDING


async def test_stamps_that_the_customer_gave_back_meanwhile_are_not_given_twice(shop: Shop) -> None:
    page = await shop.paid_quota(pieces=3)
    await record_officers(shop)
    number = await request(shop, wanted(page, 2))
    await ask(shop, page, 1)
    assert (await refused(sign(shop, number))).code == "refund.given_meanwhile"
    assert (await only_refund(shop, page)).quantity == 1
    assert await shop.lot(page) == 2
    fresh = await request(shop, wanted(page, 2))
    assert "given back: 2" in await sign(shop, fresh), "a new request says how many went back before"
    assert (await shop.page(page.id)).items[0].state is ItemState.REFUNDING


@pytest.mark.parametrize(
    "forged",
    [
        {"amount": 99_000},
        {"pieces": 3},
        {"item": 2},
        {"bank": "bca", "account": "1234567890", "holder": "Eve"},
    ],
)
async def test_facts_that_are_not_the_order_s_give_nothing_also_with_two_signatures(
    shop: Shop, forged: dict[str, object]
) -> None:
    """As by a command that shows officers one thing and does another."""
    page = await shop.paid_quota(pieces=3)
    await record_officers(shop)
    number = await request(shop, wanted(page, 2), **forged)
    async with shop.database.operator.transaction() as tx:
        found = await find_request(tx, number)
        act = Act(kind=KIND, subject=found.subject, facts=found.facts, request=number)
        assert await sign_release(tx, number, await signature(shop, "budi", act)), "both have signed"
        with pytest.raises(asyncpg.PostgresError) as caught:
            await tx.execute(
                "SELECT operations.give_refund($1, $2, $3)",
                uuid.UUID(found.subject),
                found.facts,
                shop.clock(),
            )
    assert caught.value.sqlstate == "SL003"
    assert (await shop.page(page.id)).refunds == ()


async def document(shop: Shop) -> uuid.UUID:
    """A document of Alice with one stamp on it."""
    document_id = new_id(shop.clock())
    await shop.database.owner.execute(
        """INSERT INTO stamping.document (id, organisation_id, customer_id, name, input_object, input_bytes,
               inspection, placements, output, created_at, retained_until)
           VALUES ($1, $2, $3, 'surat.pdf', $4, 1, '{"pages": []}', $5, '{}', $6, $7)""",
        document_id,
        SELLER,
        shop.alice,
        hashlib.sha256(secrets.token_bytes(8)).hexdigest(),
        msgspec.json.encode([Placement(page=1, x=100, y=80)]).decode(),
        shop.clock(),
        shop.clock() + timedelta(days=1),
    )
    return document_id


async def stamp(shop: Shop, page: OrderPage, document_id: uuid.UUID) -> None:
    """Alice begins to use a piece of her quota."""
    lot = page.items[0].lot_account_id
    assert lot is not None
    await start_stamping(
        shop.database.site,
        document_id=document_id,
        customer_id=shop.alice,
        lot_account_id=lot,
        reference_id=document_id,
        idempotency_key=str(document_id),
        now=shop.clock(),
    )


async def outcome(work: Any) -> str:
    try:
        await work
    except Refusal as refusal:
        return refusal.code
    return "done"


async def test_a_piece_is_either_given_back_or_stamped_whoever_comes_first(shop: Shop) -> None:
    await record_officers(shop)
    ends = []
    for order in ("stamp first", "officers first", *["at once"] * 4):
        page = await shop.paid_quota(pieces=1)
        number, paper = await request(shop, wanted(page, 1)), await document(shop)
        if order == "stamp first":
            stamped, given = await outcome(stamp(shop, page, paper)), await outcome(sign(shop, number))
        elif order == "officers first":
            given, stamped = await outcome(sign(shop, number)), await outcome(stamp(shop, page, paper))
        else:
            stamped, given = await asyncio.gather(
                outcome(stamp(shop, page, paper)), outcome(sign(shop, number))
            )
        ends.append((stamped, given))
        serials = await shop.database.owner.fetchval(
            "SELECT count(*) FROM stamping.job WHERE lot_account_id = $1", page.items[0].lot_account_id
        )
        refunds = (await shop.page(page.id)).refunds
        assert (serials, len(refunds)) == (int(ends[-1][0] == "done"), int(ends[-1][1] == "done"))
        assert await shop.lot(page) == 0, "it is on its way to exactly one"
    stamp_won, officers_won = ("done", "refund.more_than_unused"), ("ledger.insufficient", "done")
    assert ends[:2] == [stamp_won, officers_won]
    assert set(ends) == {stamp_won, officers_won}
