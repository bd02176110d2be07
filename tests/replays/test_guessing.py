"""Replay: somebody guesses codes with the cookie of a browser that once proved the contact.

Before: the cookie was the same in every browser that had ever proved the contact, lived a year, and outlived
signing out. Its bearer had five codes in 15 minutes, always of six digits, and five guesses at each: 2,400 a
day, for ever. A site that was captured made the codes itself.
"""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import asyncpg
import pytest

from tests.replays.migrated_functions import migrated_function
from tests.replays.signing_in import (
    ALICE,
    BOB,
    Guesser,
    asks,
    newest_code,
    sign_in,
    types,
    wrong,
)
from tests.web.conftest import running  # noqa: F401 - a fixture
from tests.web.running_site import RunningSite, Visitor

pytestmark = pytest.mark.storage


def with_the_mark_of(running: RunningSite, other: Visitor) -> Visitor:  # noqa: F811
    """A thief's browser, on another network, with a copy of the mark."""
    thief = running.visitor()
    thief.client = "203.0.113.66"
    thief.cookies["terbukti"] = other.cookies["terbukti"]
    return thief


async def asked_as(running: RunningSite) -> str:  # noqa: F811
    """By what right the newest code was asked for."""
    right: str = await running.line.database.owner.fetchval(
        "SELECT asker FROM customers.code ORDER BY created_at DESC, id DESC LIMIT 1"
    )
    return right


@pytest.mark.long
async def test_a_stolen_mark_allows_a_dozen_guesses_a_day(running: RunningSite) -> None:  # noqa: F811
    owner = await sign_in(running)
    guesser = Guesser(running, with_the_mark_of(running, owner))
    await guesser.spend(hours=23)
    # A few with the mark, and what a stranger has before codes get ten digits.
    assert guesser.guesses[6] <= 15, guesser.guesses
    assert guesser.chance < 2e-5, guesser.guesses

    running.line.pass_time(900)
    with_the_owners_browser = await asks(owner), len(await newest_code(running))
    assert with_the_owners_browser == (True, 10), "the thief used up this mark: a code as for anybody"
    running.line.pass_time(300)
    assert await types(owner, await newest_code(running)) == "/saya"
    assert await asks(with_the_mark_of(running, owner))
    assert await asked_as(running) == "known", "the new mark"
    running.line.pass_time(1)
    assert await asks(guesser.visitor)
    assert await asked_as(running) == "stranger", "the copy was of the old one"


async def test_strangers_who_guess_do_not_slow_the_owner_down(running: RunningSite) -> None:  # noqa: F811
    owner = await sign_in(running)
    guesser = Guesser(running, running.visitor())
    guesser.visitor.client = "203.0.113.66"
    await guesser.spend(hours=3)
    assert guesser.guesses[6] <= 25, guesser.guesses
    assert set(guesser.guesses) == {6, 10}
    await sign_in(running, visitor=owner)  # at once, with six digits

    at_the_library = running.visitor()
    at_the_library.client = "198.51.100.1"
    assert await asks(at_the_library), "nobody is refused"
    await at_the_library.get("/saya/kode")
    assert "Kode Anda dapat diketik mulai" in at_the_library.text
    assert await types(at_the_library, await newest_code(running)) == "/saya/kode"
    assert "Percobaan ini tidak dihitung" in at_the_library.text
    running.line.pass_time(300)
    assert await types(at_the_library, await newest_code(running)) == "/saya"


async def test_failures_at_one_contact_count_for_the_whole_account(running: RunningSite) -> None:  # noqa: F811
    owner = await sign_in(running)
    await owner.get("/saya/kontak")
    await owner.post("/saya/kontak", kontak=BOB)
    await owner.get("/saya/kontak/kode")
    found = re.search(r'name="kode_id" value="([^"]+)"', owner.text)
    assert found
    await owner.post("/saya/kontak/kode", kode_id=found[1], kode=await newest_code(running, BOB))
    guesser = Guesser(running, running.visitor())
    await guesser.spend(hours=1)
    other = running.visitor()
    other.client = "198.51.100.1"
    assert await asks(other, BOB)
    assert len(await newest_code(running, BOB)) == 10


async def test_two_typos_are_not_noticed_and_more_wait_in_words(running: RunningSite) -> None:  # noqa: F811
    person = running.visitor()
    assert await asks(person)
    code = await newest_code(running)
    for _ in range(2):
        await types(person, wrong(code))
        assert "Sisa percobaan" in person.text
        assert "Coba lagi setelah" not in person.text
    assert await types(person, code) == "/saya"
    other = running.visitor()
    assert await asks(other)
    code = await newest_code(running)
    for _ in range(3):
        await types(other, wrong(code))
    assert "Coba lagi setelah 15 detik" in other.text
    running.line.pass_time(15)
    assert await types(other, code) == "/saya"


async def test_the_mark_ends_with_sign_out(running: RunningSite) -> None:  # noqa: F811
    owner = await sign_in(running)
    thief = with_the_mark_of(running, owner)
    running.line.pass_time(1)
    assert await asks(thief)
    assert await asked_as(running) == "known"
    await owner.get("/saya")
    await owner.post("/saya/keluar")
    running.line.pass_time(1)
    assert await asks(thief)
    assert await asked_as(running) == "stranger"


async def test_the_mark_ends_with_the_contact(running: RunningSite) -> None:  # noqa: F811
    """The number's next owner proves it. The old owner's browser is a stranger's to that account."""
    old_owner = await sign_in(running)
    await running.line.database.owner.execute("UPDATE customers.contact SET replaced_at = now()")
    await sign_in(running)
    old_owner.cookies.pop("masuk", None)
    running.line.pass_time(1)
    assert await asks(old_owner)
    assert await asked_as(running) == "stranger"


async def test_the_mark_of_one_account_is_nothing_at_another(running: RunningSite) -> None:  # noqa: F811
    owner = await sign_in(running)
    await sign_in(running, BOB)
    running.line.pass_time(1)
    assert await asks(with_the_mark_of(running, owner), BOB)
    assert await asked_as(running) == "stranger"


async def test_a_captured_site_neither_sees_codes_nor_skips_waits(running: RunningSite) -> None:  # noqa: F811
    """As its role: it asks for a code of somebody's contact, to be sent to its own, and guesses."""
    owner = running.line.database.owner
    await owner.execute(migrated_function("customers.checked_time"))
    clock = await owner.fetchval("SELECT clock_timestamp()")
    code_id = uuid.uuid4()
    async with running.line.database.site.connection() as site:
        await site.execute(
            """SELECT customers.ask_for_code($1, 'email', $2, 'called', NULL, 'sign_in', NULL, '', $3, 0, 0,
                   false, $3, 5, 99, 99, $3, 99, '62', 99, '{"to": "thief@contoh.id", "text": "{code}"}')""",
            code_id,
            ALICE,
            clock,
        )
        for looked_at in ("SELECT * FROM customers.code", "SELECT payload FROM jobs.outbox"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await site.fetch(looked_at)
        row = await owner.fetchrow("SELECT payload->>'to' AS to, payload->>'code' AS code FROM jobs.outbox")
        assert row["to"] == ALICE, "it goes to the contact that it proves"
        verdicts = [
            await site.fetchval(
                """SELECT verdict FROM customers.try_code($1, $2, $3, $1, $1, $1, 'id', '', '', '', '',
                       NULL, NULL)""",
                code_id,
                wrong(row["code"]),
                clock + n * timedelta(days=1),
            )
            for n in range(5)
        ]
        assert verdicts[:3] == ["wrong", "wrong", "wrong"]
        assert "wrong" not in verdicts[4:], "a time that is far away is not believed"
    assert await owner.fetchval("SELECT count(*) FROM customers.session") == 0
