"""The honest apology: its sums add up, two officers publish it, and then it never changes."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from meterai.cli.operator.incident_ends import show_asked
from meterai.kernel.refusals import Refusal
from meterai.kit.acting import Actor, Signature
from meterai.news.apology import store as apologies
from meterai.news.apology.letter import letter_of
from meterai.news.apology.model import Apology
from meterai.news.apology.publish import KIND, draft_apology, facts_of, publish_apology
from meterai.news.apology.queries import apology_for
from meterai.news.model import BothLanguages, Component, Severity
from meterai.news.queries import current_news
from meterai.news.use_cases.declare_incident import IncidentForm, declare_incident
from meterai.news.use_cases.update_incident import resolve_incident
from meterai.operations.officers.requests import find_request
from meterai.operations.use_cases.ask_two_officers import ask_two_officers
from meterai.operations.use_cases.sign_request import sign_request
from meterai.sales.bank_account import BankAccount
from tests.news.conftest import Command
from tests.news.example_figures import FIGURES
from tests.sales.shop import NOON, Shop, open_shop
from tests.storage_fixtures import TestDatabase

CHANGES = BothLanguages("Kami menambah server.\n\nKami mengujinya.", "We add servers.\n\nWe test them.")
WORDS = BothLanguages("Pembayaran terganggu.", "Payments are disturbed.")
ACCOUNT = BankAccount(bank="bca", number="1234567890", holder="Alice")
ANI = Actor(name="ani")


async def declare(shop: Shop, *components: str) -> int:
    """An incident that begins now."""
    form = IncidentForm(
        components=[Component(one) for one in components],
        severity=Severity.MAJOR,
        title=WORDS,
        text=WORDS,
        next_update_at=shop.clock() + timedelta(minutes=20),
    )
    made = await declare_incident(shop.database.operator, form, actor="ani", now=shop.clock())
    return made.number


async def resolve(shop: Shop, number: int) -> None:
    await resolve_incident(
        shop.database.operator, number, WORDS, ended_at=None, actor="ani", now=shop.clock()
    )


@asynccontextmanager
async def shop_with_an_evening(database: TestDatabase) -> AsyncIterator[tuple[Shop, int]]:
    """Orders before, during and after an incident of payments, each with another end."""
    async with open_shop(database) as shop:
        await shop.pay(await shop.placed_quota(7))  # over before it began
        shop.pass_time(minutes=5)
        number = await declare(shop, "payment")
        shop.pass_time(minutes=1)
        used = await shop.placed_quota(3)
        unpaid = await shop.placed_quota(1)
        late = await shop.placed_stamps(documents=2)
        returned = await shop.placed_quota(4)
        shop.pass_time(minutes=20)
        for one in (used, returned):
            await shop.pay(one)
        await shop.use(await shop.page(used.order_id), 2)
        await shop.pay(late)
        page = await shop.page(returned.order_id)
        await shop.ask_back(returned.order_id, page.items[0].id, 1, given_back=0, account=ACCOUNT)
        await shop.pay_refunds()
        shop.pass_time(minutes=1)
        await resolve(shop, number)
        assert unpaid.order_id
        yield shop, number


async def test_every_rupiah_of_the_touched_orders_is_told(database: TestDatabase) -> None:
    async with shop_with_an_evening(database) as (shop, number):
        drafted = await draft_apology(database.operator, number, CHANGES, now=shop.clock())
        figures = drafted.figures
        price = 12_500
        assert (figures.orders, figures.people, figures.paid_orders) == (4, 1, 3)
        assert figures.money.paid == 9 * price
        assert figures.money.stamped == 2 * price
        assert figures.money.held == 6 * price
        assert figures.money.refunded + figures.money.under_way == price
        assert figures.adds_up
        assert not figures.is_final
        assert figures.open_orders >= 2, "one is unpaid, one is being stamped"
        assert figures.median_s == figures.longest_s == 20 * 60
        shop.pass_time(hours=1)
        await shop.expire()
        drafted = await draft_apology(database.operator, number, CHANGES, now=shop.clock())
        assert drafted.figures.late_orders == 1, "its money may still come"


async def test_an_apology_is_published_once_and_never_changes(database: TestDatabase) -> None:
    async with shop_with_an_evening(database) as (shop, number):
        facts = facts_of(CHANGES)
        published = await publish_apology(database.operator, number, facts, actor=ANI, now=shop.clock())
        later = await shop.placed_quota(1)
        await shop.pay(later)
        await shop.expire()
        async with database.site.connection() as connection:
            news = await current_news(connection, now=shop.clock())
            later_news = await current_news(connection, now=shop.clock() + timedelta(days=8))
            assert await apology_for(connection, number) == published
        assert [one.incident for one in news.for_visitors().apologies] == [number]
        assert later_news.apologies == ()
        with pytest.raises(Refusal, match=r"apology\.published"):
            await publish_apology(database.operator, number, facts, actor=ANI, now=shop.clock())
        audit = await database.owner.fetchval(
            "SELECT count(*) FROM operations.audit_entry WHERE action = 'news.apologise'"
        )
        assert audit == 1


async def test_two_officers_publish_it(database: TestDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    async with shop_with_an_evening(database) as (shop, number):
        facts, db = facts_of(CHANGES), database.operator
        await database.owner.execute(
            """INSERT INTO operations.officer VALUES ('ani', '{content}', '{"key of ani"}', '{}', now()),
               ('budi', '{admin}', '{"key of budi"}', '{}', now()),
               ('dewi', '{finance}', '{"key of dewi"}', '{}', now())"""
        )
        with pytest.raises(Refusal, match=r"officer\.unsigned"):
            await publish_apology(db, number, facts, actor=ANI, now=shop.clock())
        asked = await ask_two_officers(db, signature_of("ani", number), facts)
        async with db.connection() as connection:
            request = await find_request(connection, asked)
        await show_asked(db, request.subject, request.facts)
        assert "We test them." in capsys.readouterr().out, "the second officer reads all of it"
        for officer, refused in (("ani", "signed_before"), ("dewi", "may_not")):
            with pytest.raises(Refusal, match=rf"officer\.{refused}"):
                await sign_request(db, request, signature_of(officer, number), roots=list, now=shop.clock())
        signed = await sign_request(db, request, signature_of("budi", number), roots=list, now=shop.clock())
        assert signed.done == f"Published the apology for incident {number} at /kabar/{number}."
        async with database.site.connection() as connection:
            found = await apology_for(connection, number)
        assert (found.changes, found.figures.adds_up) == (CHANGES, True)


async def test_an_officer_sees_the_text_and_publishes_it_by_command(
    database: TestDatabase, meterai: Command, tmp_path: Path
) -> None:
    (tmp_path / "changes.txt").write_text(f"{CHANGES.id}\n---\n{CHANGES.en}\n")
    async with shop_with_an_evening(database) as (_, number):
        apologise = ("incident", "apology", str(number), "--changes", str(tmp_path / "changes.txt"))
        draft = await meterai(*apologise, "--draft")
        for words in ("Paid: Rp112.500", "Kami mengujinya.", "We test them.", "Not final."):
            assert words in draft
        assert f"Published at /kabar/{number}." in await meterai(*apologise)
        assert "apology.published" in await meterai(*apologise)
        assert f"no messages about incident {number}" in await meterai("incident", "messages", str(number))
        with pytest.raises(Refusal, match=r"apology\.published"):
            await show_asked(database.operator, str(number), facts_of(CHANGES))


def signature_of(officer: str, number: int) -> Signature:
    """As `verify_signature` returns it."""
    nonce = secrets.token_hex(16)
    return Signature(
        officer=officer,
        key=f"key of {officer}",
        kind=KIND,
        subject=str(number),
        nonce=nonce,
        text=f"nonce {nonce}",
        signature="signature",
        valid_until=datetime.now(UTC) + timedelta(minutes=5),
    )


async def test_nothing_is_published_that_does_not_add_up_or_is_not_over(database: TestDatabase) -> None:
    async with shop_with_an_evening(database) as (shop, number):
        open_one = await declare(shop, "stamping")
        with pytest.raises(Refusal, match=r"apology\.not_over"):
            await publish_apology(database.operator, open_one, facts_of(CHANGES), actor=ANI, now=shop.clock())
        await database.owner.execute("UPDATE sales.refund SET amount = amount + 1")
        with pytest.raises(Refusal, match=r"apology\.unbalanced"):
            await draft_apology(database.operator, number, CHANGES, now=shop.clock())
        with pytest.raises(Refusal, match=r"apology\.unbalanced"):
            await publish_apology(database.operator, number, facts_of(CHANGES), actor=ANI, now=shop.clock())
        async with database.operator.connection() as connection:
            assert await apologies.find(connection, number) is None


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_letter_says_what_is_not_final(language: str) -> None:
    figures = msgspec.structs.replace(FIGURES, last_done_at=NOON, median_s=90, longest_s=3_600)
    apology = Apology(incident=1, title=WORDS, changes=CHANGES, figures=figures, published_at=NOON)
    letter = letter_of(apology, language)
    assert [line.rupiah for line in letter.money] == [50_000, 25_000, 12_500, 12_500]
    assert {"id": "Belum akhir. ", "en": "Not final. "}[language] in letter.state
    assert {"id": "2 menit", "en": "2 minutes"}[language] in [fact.value for fact in letter.facts]
    assert letter.changes == tuple(CHANGES.in_language(language).split("\n\n"))
    assert "{" not in letter.plain()
