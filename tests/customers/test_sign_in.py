"""Codes and sessions: a person who proves a contact is its customer."""

from __future__ import annotations

import asyncio
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from meterai.customers import organisations
from meterai.customers.browsers import Browser
from meterai.customers.codes import REPEAT_LIFE, Asker, Budgets, Purpose, WorkBrought
from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.organisations import ensure_organisations
from meterai.customers.queries import SessionCustomer, codes_go_out, customer_of_contact, session_customer
from meterai.customers.use_cases.add_contact import add_contact
from meterai.customers.use_cases.clean_up import clean_up_customers
from meterai.customers.use_cases.remove_contact import RemovedContact, remove_contact
from meterai.customers.use_cases.request_code import CodeSent, request_code
from meterai.customers.use_cases.sign_out import sign_out
from meterai.customers.use_cases.verify_code import Session, verify_code
from meterai.kernel.refusals import Kind, Refusal
from meterai.ledger import model as ledger
from tests.customers.known_browsers import known_mark
from tests.plans import believe_large, looks_of
from tests.sales.refusing import refused
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage

NOON = datetime(2026, 9, 5, 5, 0, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes ...."
ALICE = canonical_contact("alice@example.com")
ALICES_PHONE = canonical_contact("0812 3456 7890")
BOB = canonical_contact("bob@example.com")
MOMENT = timedelta(microseconds=1)
_FOR_AN_ORDER: Any = {"purpose": Purpose.ORDER_ACT, "subject": uuid.UUID(int=7)}


@dataclass
class SignIns:
    """Where people sign in."""

    database: TestDatabase
    now: datetime = NOON

    async def send(
        self,
        contact: Contact = ALICE,
        *,
        asker: Asker = Asker.STRANGER,
        mark: str = "",
        address: str = "192.0.2.1",
        brought: WorkBrought = WorkBrought(),
        budgets: Budgets = Budgets(),
        purpose: Purpose = Purpose.SIGN_IN,
        subject: uuid.UUID | None = None,
    ) -> CodeSent:
        return await request_code(
            self.database.app,
            SECRET,
            contact,
            purpose=purpose,
            subject=subject,
            asker=asker,
            mark=mark,
            address=address,
            brought=brought,
            budgets=budgets,
            language="id",
            now=self.now,
        )

    async def send_for(self, session: Session, contact: Contact) -> CodeSent:
        """A code that adds a contact to the customer of a session."""
        return await self.send(contact, purpose=Purpose.CONTACT, subject=session.customer_id)

    async def sessions(self) -> int:
        """The number of sessions of all customers."""
        count: int = await self.database.owner.fetchval("SELECT count(*) FROM customers.session")
        return count

    async def code(self) -> str:
        """The newest code that was sent, from its message."""
        text = await self.database.owner.fetchval(
            "SELECT payload->>'text' FROM jobs.outbox WHERE topic LIKE 'code.%' ORDER BY id DESC LIMIT 1"
        )
        found = re.search(r"\b(?:\d{6}|\d{10})\b", text)
        assert found
        return found[0]

    async def verify(self, sent: CodeSent, text: str) -> Session:
        return await verify_code(self.database.app, sent.code_id, text, language="id", now=self.now)

    async def known(self, session: Session) -> SessionCustomer:
        """The customer who is signed in."""
        found = await session_customer(self.database.app, session.token, self.now)
        assert found is not None
        return found

    async def add(self, session: Session, contact: Contact) -> None:
        """Adds a contact in a session."""
        by, sent = await self.known(session), await self.send_for(session, contact)
        await add_contact(self.database.app, by, sent.code_id, await self.code(), now=self.now)

    async def remove(self, by: SessionCustomer, contact_id: uuid.UUID) -> RemovedContact | None:
        """Removes a contact."""
        async with self.database.app.transaction() as tx:
            return await remove_contact(tx, by, contact_id, now=self.now)

    async def news(self) -> list[dict[str, str]]:
        """The messages that bring no code."""
        async with self.database.app.connection() as connection:
            rows = await connection.fetch(
                "SELECT payload FROM jobs.outbox WHERE payload->>'text' NOT LIKE '%Kode Anda%' ORDER BY id"
            )
        return [row["payload"] for row in rows]

    async def audited(self) -> list[str]:
        """What stands in the audit trail."""
        rows = await self.database.owner.fetch("SELECT action FROM operations.audit_entry ORDER BY id")
        return [row["action"] for row in rows]

    async def sign_in(self, contact: Contact = ALICE) -> Session:
        sent = await self.send(contact)
        return await self.verify(sent, await self.code())


@pytest_asyncio.fixture
async def sign_ins(database: TestDatabase) -> SignIns:
    await ensure_organisations(database.app, NOON)
    return SignIns(database)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


async def test_the_organisations_are_those_of_the_ledger_and_are_written_once(sign_ins: SignIns) -> None:
    await ensure_organisations(sign_ins.database.app, NOON)
    for name in ("ISSUER", "DISTRIBUTOR", "SELLER"):
        assert getattr(organisations, name) == getattr(ledger, name)
    roles = await sign_ins.database.owner.fetch("SELECT role FROM customers.organisation ORDER BY role")
    assert [row["role"] for row in roles] == ["distributor", "issuer", "seller", "treasury"]


async def test_the_right_code_makes_the_customer_once_and_opens_sessions(sign_ins: SignIns) -> None:
    first = await sign_ins.sign_in()
    second = await sign_ins.sign_in()
    assert first.customer_id == second.customer_id
    assert first.token != second.token
    assert first.contact == ALICE
    known = await session_customer(sign_ins.database.app, first.token, NOON)
    assert known is not None
    assert (known.customer_id, known.contacts) == (first.customer_id, (ALICE,))


@pytest.mark.parametrize("spelling", ["{0}{1}", " {0} {1} ", "{0}-{1}", "{0}.{1}", "{0}\u2013{1}\n"])
async def test_a_code_may_be_typed_in_any_spacing(sign_ins: SignIns, spelling: str) -> None:
    sent = await sign_ins.send()
    code = await sign_ins.code()
    assert await sign_ins.verify(sent, spelling.format(code[:3], code[3:]))


async def test_a_double_click_signs_in_once_and_a_later_repeat_does_not(sign_ins: SignIns) -> None:
    sent = await sign_ins.send()
    code = await sign_ins.code()
    sessions = await asyncio.gather(sign_ins.verify(sent, code), sign_ins.verify(sent, code))
    assert sessions[0].customer_id == sessions[1].customer_id
    sign_ins.now += REPEAT_LIFE - MOMENT
    await sign_ins.verify(sent, code)
    sign_ins.now += MOMENT
    assert (await refused(sign_ins.verify(sent, code))).code == "code.used_up"
    assert await sign_ins.sessions() == 1, "one browser has one session"


async def test_five_wrong_attempts_use_a_code_up_also_for_the_right_one(sign_ins: SignIns) -> None:
    sent = await sign_ins.send()
    code = await sign_ins.code()
    for left, wait_s in ((4, 0), (3, 0), (2, 15), (1, 30)):
        refusal = await refused(sign_ins.verify(sent, wrong(code)))
        assert (refusal.kind, refusal.facts["attempts_left"]) == (Kind.FORBIDDEN, left)
        assert (refusal.code, refusal.facts.get("retry_after_s", 0)) == (
            "code.wrong_wait" if wait_s else "code.wrong",
            wait_s,
        )
        sign_ins.now += timedelta(seconds=wait_s)
    assert (await refused(sign_ins.verify(sent, wrong(code)))).code == "code.used_up"
    sign_ins.now += timedelta(minutes=5)
    refusal = await refused(sign_ins.verify(sent, code))
    assert (refusal.kind, refusal.code) == (Kind.GONE, "code.used_up")


async def test_two_typos_are_not_noticed_and_a_third_waits_a_moment(sign_ins: SignIns) -> None:
    sent, code = await sign_ins.send(), await sign_ins.code()
    for _ in range(2):
        assert (await refused(sign_ins.verify(sent, wrong(code)))).code == "code.wrong"
    await sign_ins.verify(sent, code)
    sent, code = await sign_ins.send(), await sign_ins.code()
    for _ in range(3):
        refusal = await refused(sign_ins.verify(sent, wrong(code)))
    early = await refused(sign_ins.verify(sent, code))
    assert (early.kind, early.code, early.facts["retry_after_s"]) == (Kind.BUSY, "code.early", 15)
    sign_ins.now += timedelta(seconds=refusal.facts["retry_after_s"])
    await sign_ins.verify(sent, code)


async def test_racing_guesses_get_three_attempts_and_then_wait(sign_ins: SignIns) -> None:
    sent = await sign_ins.send()
    code = await sign_ins.code()
    guesses = [sign_ins.verify(sent, wrong(code)) for _ in range(20)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    codes = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert [codes.count(f"code.{why}") for why in ("wrong", "wrong_wait", "early")] == [2, 1, 17]


async def test_a_code_lives_for_ten_minutes(sign_ins: SignIns) -> None:
    sent = await sign_ins.send()
    code = await sign_ins.code()
    assert sent.expires_at == NOON + timedelta(minutes=10)
    sign_ins.now = sent.expires_at
    assert (await refused(sign_ins.verify(sent, code))).code == "code.expired"
    assert await sign_ins.sessions() == 0
    sign_ins.now -= MOMENT
    await sign_ins.verify(sent, code)


@pytest.mark.parametrize("text", ["", "12345", "abcdef", "1234567", "0" * 1000, "\x00", "१२३४५६"])
async def test_what_is_no_code_is_wrong(sign_ins: SignIns, text: str) -> None:
    assert (await refused(sign_ins.verify(await sign_ins.send(), text))).code == "code.wrong"


async def test_an_unknown_code_answers_like_an_expired_one(sign_ins: SignIns) -> None:
    unknown = CodeSent(code_id=uuid.uuid4(), expires_at=NOON, tries_from=NOON)
    assert (await refused(sign_ins.verify(unknown, "123456"))).code == "code.expired"


async def test_a_code_of_one_contact_does_not_open_another(sign_ins: SignIns) -> None:
    for_alice = await sign_ins.send(ALICE)
    await sign_ins.send(BOB)
    bobs = await sign_ins.code()
    assert (await refused(sign_ins.verify(for_alice, bobs))).code in ("code.wrong",)


WORK = WorkBrought(work=8)


async def messages(sign_ins: SignIns, contact: Contact = ALICE) -> int:
    """The number of messages with codes to a contact."""
    count: int = await sign_ins.database.owner.fetchval(
        "SELECT count(*) FROM jobs.outbox WHERE topic LIKE 'code.%' AND payload->>'to' = $1", contact.value
    )
    return count


async def test_later_requests_share_the_open_code_also_at_once(sign_ins: SignIns) -> None:
    answers = await asyncio.gather(
        *(sign_ins.send(address=f"192.0.2.{n}") for n in range(12)), return_exceptions=True
    )
    sent = [answer for answer in answers if isinstance(answer, CodeSent)]
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert [(refusal.code, refusal.facts) for refusal in refusals] == [("work.needed", {"difficulty": 1})] * 2
    assert await messages(sign_ins) == 2, "the second one is long, because many are open"
    assert sum(one.sent_before is None for one in sent) == 2
    (last,) = [await sign_ins.send(brought=WORK)]
    assert last.sent_before is not None
    assert (await sign_ins.verify(last, await sign_ins.code())).contact == ALICE


async def test_the_first_right_one_ends_the_others_that_share_it(sign_ins: SignIns) -> None:
    first, second, third = [await sign_ins.send() for _ in range(3)]
    assert (second.sent_before, second.next_at) == (NOON, NOON + timedelta(seconds=30))
    code = await sign_ins.code()
    await sign_ins.verify(second, code)
    await sign_ins.verify(second, code)  # a double click
    for other in (first, third):
        assert (await refused(sign_ins.verify(other, code))).code == "code.expired"
    again = await sign_ins.send()
    assert again.sent_before is None, "a used code is nobody's any more, so the next message comes at once"


async def test_the_code_of_the_newest_message_is_right_also_where_an_older_one_was_asked_for(
    sign_ins: SignIns,
) -> None:
    mine, beside = [await sign_ins.send() for _ in range(2)]
    old = await sign_ins.code()
    sign_ins.now += timedelta(seconds=30)
    theirs = await sign_ins.send(address="203.0.113.1")
    assert theirs.sent_before is None, "a stranger causes a newer message"
    newest = await sign_ins.code()
    for _ in range(2):  # a double click
        assert (await sign_ins.verify(mine, newest)).contact == ALICE
    for sent, code in ((theirs, newest), (theirs, old), (beside, newest), (beside, old)):
        assert (await refused(sign_ins.verify(sent, code))).code == "code.expired"
    assert (await sign_ins.send()).sent_before is None, "it is used"


async def test_no_older_code_is_right_and_none_of_somebody_else_or_for_another_right(
    sign_ins: SignIns,
) -> None:
    mine = await sign_ins.send()
    old = await sign_ins.code()
    others: tuple[Any, ...] = ({"contact": BOB}, {"asker": Asker.CALLED}, _FOR_AN_ORDER)
    for other in others:
        await sign_ins.send(**other)
        assert (await refused(sign_ins.verify(mine, await sign_ins.code()))).code.startswith("code.wrong")
        sign_ins.now += timedelta(minutes=1)
    newer = await sign_ins.send()
    assert newer.sent_before is None
    assert (await refused(sign_ins.verify(newer, old))).code.startswith("code.wrong")


async def test_a_short_code_never_stands_in_for_a_long_one(sign_ins: SignIns) -> None:
    await guess(sign_ins, *people(12), address="203.0.113.1")
    mine = await sign_ins.send(address="203.0.113.1")
    assert len(await sign_ins.code()) == 10
    sign_ins.now += timedelta(seconds=30)
    await sign_ins.send(address="192.0.2.2")
    assert len(newer := await sign_ins.code()) == 6
    assert (await refused(sign_ins.verify(mine, newer))).code.startswith("code.wrong")


async def test_each_request_that_shares_a_code_has_tries_of_its_own(sign_ins: SignIns) -> None:
    theirs, mine = await sign_ins.send(address="203.0.113.1"), await sign_ins.send()
    code = await sign_ins.code()
    for _ in range(5):
        sign_ins.now += timedelta(minutes=1)
        await refused(sign_ins.verify(theirs, wrong(code)))
    assert (await refused(sign_ins.verify(theirs, code))).code == "code.used_up"
    assert (await sign_ins.verify(mine, code)).contact == ALICE


async def test_nobody_is_flooded_and_nobody_is_locked_out(sign_ins: SignIns) -> None:
    """Strangers ask for codes of one contact every two minutes, a whole day, and do all the work for it."""
    for minute in range(0, 24 * 60, 2):
        asked = await sign_ins.send(address=f"192.0.{minute % 200}.1", brought=WORK)
        sign_ins.now += timedelta(minutes=2)
        if minute == 60:
            assert await messages(sign_ins) <= 8
        await clean_up_customers(sign_ins.database.app, now=sign_ins.now)
    assert await messages(sign_ins) <= 36
    assert asked.sent_before is not None
    mine = await sign_ins.send(brought=WORK)
    assert (await sign_ins.verify(mine, await sign_ins.code())).contact == ALICE, (
        "by the message that is there"
    )


async def test_kinds_of_askers_share_no_code_and_have_counts_of_their_own(sign_ins: SignIns) -> None:
    for asker in (Asker.STRANGER, Asker.CALLED):
        for _ in range(2):
            await sign_ins.send(asker=asker)
    assert await messages(sign_ins) == 2
    for _ in range(30):
        await sign_ins.send(asker=Asker.STRANGER, brought=WORK)
    await sign_ins.send(asker=Asker.CALLED)


async def test_a_known_browser_has_five_messages_and_no_work_whatever_others_do(sign_ins: SignIns) -> None:
    mark = await known_mark(sign_ins.database, ALICE, NOON)
    for _ in range(30):
        await sign_ins.send(brought=WORK)
    before = await messages(sign_ins)
    for _ in range(5):
        sent = await sign_ins.send(mark=mark, brought=WorkBrought(needed=64))
        assert sent.sent_before is None
    assert await messages(sign_ins) == before + 5
    refusal = await refused(sign_ins.send(mark=mark))
    assert (refusal.kind, refusal.code, refusal.facts["retry_after_s"]) == (Kind.BUSY, "code.too_many", 900)
    sign_ins.now += timedelta(minutes=15)
    await sign_ins.send(mark=mark)


async def test_work_for_a_contact_grows_and_half_of_it_is_enough(sign_ins: SignIns) -> None:
    asked = []
    for _ in range(60):
        try:
            await sign_ins.send()
        except Refusal as refusal:
            asked.append(refusal.facts["difficulty"])
            await sign_ins.send(brought=WorkBrought(work=max(1, int(str(refusal.facts["difficulty"])) // 2)))
    assert asked == [1] * 10 + [2] * 30 + [4] * 10
    await sign_ins.send(brought=WorkBrought(waited=True))


async def test_what_a_network_needs_counts_for_strangers_alone(sign_ins: SignIns) -> None:
    needed = WorkBrought(needed=4, work=1)
    assert (await refused(sign_ins.send(brought=needed))).facts == {"difficulty": 4}
    await sign_ins.send(asker=Asker.CALLED, brought=needed)
    await sign_ins.send(mark=await known_mark(sign_ins.database, BOB, NOON), contact=BOB, brought=needed)


async def test_numbers_are_counted_by_the_country_code_that_they_begin_with(sign_ins: SignIns) -> None:
    for prefix in (
        "1",
        "7",
        "20",
        "31",
        "44",
        "62",
        "65",
        "86",
        "98",
        "211",
        "352",
        "420",
        "673",
        "852",
        "971",
    ):
        of = "SELECT customers.prefix_of('phone', $1)"
        assert await sign_ins.database.owner.fetchval(of, f"+{prefix}812345678") == prefix


async def test_foreign_numbers_have_a_budget_and_the_home_country_has_none(sign_ins: SignIns) -> None:
    few = Budgets(foreign_most=3, home_most=0, email_most=0)

    async def send(contact: str, asker: Asker = Asker.STRANGER) -> CodeSent:
        return await sign_ins.send(canonical_contact(contact), asker=asker, budgets=few)

    for n in range(3):
        await send(f"+1 202 555 010{n}")
    refusal = await refused(send("+1 202 555 0199"))
    assert (refusal.kind, refusal.code) == (Kind.BUSY, "code.foreign_spent")
    assert await send("+1 202 555 0100"), "a code that is open"
    await send("+1 202 555 0198", Asker.CALLED)
    await send("+44 20 7946 0000")
    for n in range(5):
        await send(f"0812 3456 789{n}")
        await send(f"bob{n}@example.com")
    sign_ins.now += timedelta(days=1)
    await send("+1 202 555 0199")


async def guess(sign_ins: SignIns, *contacts: Contact, **asked: Any) -> None:
    """Somebody asks for a code of each contact and types five wrong ones, as soon as each try counts."""
    for contact in contacts:
        sent, code = await sign_ins.send(contact, **asked), await sign_ins.code()
        for _ in range(5):
            refusal = await refused(sign_ins.verify(sent, wrong(code)))
            sign_ins.now += timedelta(seconds=refusal.facts.get("retry_after_s", 0))


def people(count: int) -> list[Contact]:
    return [canonical_contact(f"person{n}@example.com") for n in range(count)]


async def digits(sign_ins: SignIns, contact: Contact = ALICE, **asked: Any) -> int:
    """The number of digits of a new code. It signs in, typed with a gap: nobody is locked out."""
    sent, code = await sign_ins.send(contact, **asked), await sign_ins.code()
    sign_ins.now = max(sign_ins.now, sent.tries_from)
    assert (await sign_ins.verify(sent, f" {code[:5]} {code[5:]}")).contact == contact
    return len(code)


async def test_where_somebody_guesses_at_a_contact_its_codes_are_long_for_a_day(sign_ins: SignIns) -> None:
    """`tests/replays/test_guessing.py` has the guesser's view."""
    mark = (await sign_ins.sign_in()).mark
    for n in range(2):
        assert await digits(sign_ins, address="203.0.113.1") == 6
        await guess(sign_ins, ALICE, address=f"192.0.2.{n}")
    for asked, expected in (({}, 10), ({"asker": Asker.CALLED}, 10), ({"mark": mark}, 6)):
        sign_ins.now += timedelta(minutes=15)
        assert await digits(sign_ins, address="203.0.113.1", **asked) == expected
    assert await digits(sign_ins, BOB, address="203.0.113.1") == 6
    await clean_up_customers(sign_ins.database.app, now=sign_ins.now + timedelta(hours=20))
    sign_ins.now += timedelta(hours=20)
    assert await digits(sign_ins) == 10
    sign_ins.now += timedelta(hours=4)
    assert await digits(sign_ins) == 6
    await clean_up_customers(sign_ins.database.app, now=sign_ins.now + timedelta(hours=2))
    assert await sign_ins.database.owner.fetchval("SELECT count(*) FROM customers.code") == 0


async def test_from_where_somebody_guesses_at_many_strangers_get_long_codes_for_a_day(
    sign_ins: SignIns,
) -> None:
    before = sign_ins.now
    await guess(sign_ins, *people(12))
    assert await digits(sign_ins) == 10
    assert await digits(sign_ins, address="192.0.2.2") == 6
    assert await digits(sign_ins, asker=Asker.CALLED) == 6
    assert await digits(sign_ins, mark=(await sign_ins.sign_in()).mark) == 6
    sign_ins.now = before + timedelta(hours=23)
    await clean_up_customers(sign_ins.database.app, now=sign_ins.now)
    assert await digits(sign_ins) == 10
    sign_ins.now += timedelta(hours=2)
    assert await digits(sign_ins) == 6


async def test_codes_that_are_asked_for_in_store_are_long(sign_ins: SignIns) -> None:
    """Three thousand guesses in a minute, when nobody has counted one yet."""
    for contact in people(29):
        await sign_ins.send(contact)
    assert await digits(sign_ins) == 6, "used, so it does not count"
    await sign_ins.send(BOB)
    assert await digits(sign_ins) == 10
    sign_ins.now += timedelta(minutes=15)
    assert await digits(sign_ins) == 6


async def test_neither_code_nor_address_stands_in_the_table(sign_ins: SignIns) -> None:
    await sign_ins.send(address="192.0.2.77")
    row = await sign_ins.database.owner.fetchval("SELECT c::text FROM customers.code c")
    assert "192.0.2.77" not in row
    assert not re.search(rf"\b{await sign_ins.code()}\b", row)


async def test_two_codes_of_a_new_contact_at_once_make_one_customer(sign_ins: SignIns) -> None:
    first = await sign_ins.send()
    code_1 = await sign_ins.code()
    sign_ins.now += timedelta(seconds=30)
    second = await sign_ins.send()
    code_2 = await sign_ins.code()
    sessions = await asyncio.gather(sign_ins.verify(first, code_1), sign_ins.verify(second, code_2))
    assert sessions[0].customer_id == sessions[1].customer_id
    assert await sign_ins.database.owner.fetchval("SELECT count(*) FROM customers.customer") == 1


async def test_a_session_ends_by_signing_out_or_after_a_week(sign_ins: SignIns) -> None:
    stays, leaves = await sign_ins.sign_in(), await sign_ins.sign_in()
    await sign_out(sign_ins.database.app, Browser(token=leaves.token, mark=leaves.mark))
    assert await session_customer(sign_ins.database.app, leaves.token, NOON) is None
    assert await session_customer(sign_ins.database.app, stays.token, NOON) is not None
    assert await session_customer(sign_ins.database.app, stays.token, stays.expires_at) is None
    assert await session_customer(sign_ins.database.app, "forged", NOON) is None


async def test_a_second_contact_leads_to_the_same_customer(sign_ins: SignIns) -> None:
    alice = await sign_ins.sign_in()
    sent = await sign_ins.send_for(alice, ALICES_PHONE)
    code = await sign_ins.code()
    for _ in range(2):
        added = await add_contact(
            sign_ins.database.app, await sign_ins.known(alice), sent.code_id, code, now=sign_ins.now
        )
        assert added == ALICES_PHONE
    assert (await sign_ins.sign_in(ALICES_PHONE)).customer_id == alice.customer_id
    known = await session_customer(sign_ins.database.app, alice.token, NOON)
    assert known is not None
    assert set(known.contacts) == {ALICE, ALICES_PHONE}


async def test_somebody_else_s_contact_can_not_be_added(sign_ins: SignIns) -> None:
    alice, bob = await sign_ins.sign_in(), await sign_ins.sign_in(BOB)
    sent = await sign_ins.send_for(alice, BOB)
    code = await sign_ins.code()
    by = await sign_ins.known(alice)
    adding = add_contact(sign_ins.database.app, by, sent.code_id, code, now=sign_ins.now)
    assert (await refused(adding)).code == "contact.taken"
    assert await customer_of_contact(sign_ins.database.app, BOB) == bob.customer_id


async def test_a_contact_is_added_only_behind_a_fresh_code_and_the_others_hear_of_it(
    sign_ins: SignIns,
) -> None:
    alice = await sign_ins.sign_in()
    sign_ins.now += timedelta(minutes=16)
    assert (await refused(sign_ins.add(alice, ALICES_PHONE))).code == "contact.prove_first"
    assert await customer_of_contact(sign_ins.database.app, ALICES_PHONE) is None
    sign_ins.now += timedelta(minutes=16)
    await sign_ins.add(await sign_ins.sign_in(), ALICES_PHONE)
    (news,) = await sign_ins.news()
    assert news["to"] == ALICE.value
    assert "+62•••••7890" in news["text"]
    assert await sign_ins.audited() == ["contact.add"]


async def test_a_number_that_was_removed_opens_nothing_any_more(sign_ins: SignIns) -> None:
    phone = await sign_ins.sign_in(ALICES_PHONE)
    await sign_ins.add(phone, ALICE)
    mail = await sign_ins.sign_in(ALICE)
    by, number = await sign_ins.known(mail), (await sign_ins.known(phone)).proven_by
    assert number is not None
    assert (await refused(sign_ins.remove(await sign_ins.known(phone), number))).code == "contact.proves_you"
    removed = await sign_ins.remove(by, number)
    assert removed is not None
    assert (removed.removed, removed.stays) == (ALICES_PHONE, ALICE)
    assert await sign_ins.remove(by, number) is None, "safe to repeat"
    assert await session_customer(sign_ins.database.app, phone.token, sign_ins.now) is None
    assert (await sign_ins.known(mail)).contacts == (ALICE,)
    assert {news["to"] for news in (await sign_ins.news())[1:]} == {ALICE.value, ALICES_PHONE.value}
    assert await sign_ins.audited() == ["contact.add", "contact.remove"]
    assert (await sign_ins.sign_in(ALICES_PHONE)).customer_id != mail.customer_id, "the number's next owner"


async def test_a_number_that_was_removed_can_become_a_contact_of_its_next_owner(sign_ins: SignIns) -> None:
    alice = await sign_ins.sign_in()
    await sign_ins.add(alice, ALICES_PHONE)
    by = await sign_ins.known(alice)
    await sign_ins.remove(by, by.contact_ids[by.contacts.index(ALICES_PHONE)])
    bob = await sign_ins.sign_in(BOB)
    await sign_ins.add(bob, ALICES_PHONE)
    assert await customer_of_contact(sign_ins.database.app, ALICES_PHONE) == bob.customer_id


async def test_a_session_of_which_nobody_knows_what_proved_it_ends_with_any_contact(
    sign_ins: SignIns,
) -> None:
    phone = await sign_ins.sign_in(ALICES_PHONE)
    await sign_ins.database.owner.execute("UPDATE customers.session SET contact_id = NULL")
    await sign_ins.add(await sign_ins.sign_in(ALICES_PHONE), ALICE)
    by = await sign_ins.known(await sign_ins.sign_in(ALICE))
    await sign_ins.remove(by, by.contact_ids[by.contacts.index(ALICES_PHONE)])
    assert await session_customer(sign_ins.database.app, phone.token, sign_ins.now) is None


async def test_a_session_opened_while_its_contact_is_removed_is_over(sign_ins: SignIns) -> None:
    """The code was right when it was tried, and written last."""
    phone = await sign_ins.sign_in(ALICES_PHONE)
    await sign_ins.add(phone, ALICE)
    await sign_ins.database.owner.execute(
        "UPDATE customers.contact SET replaced_at = $1 WHERE value = $2", sign_ins.now, ALICES_PHONE.value
    )
    assert await session_customer(sign_ins.database.app, phone.token, sign_ins.now) is None


async def test_nobody_removes_by_an_old_code_and_a_stranger_s_contact_stays(sign_ins: SignIns) -> None:
    alice, bob = await sign_ins.sign_in(), await sign_ins.sign_in(BOB)
    bobs = (await sign_ins.known(bob)).proven_by
    assert bobs is not None
    assert await sign_ins.remove(await sign_ins.known(alice), bobs) is None
    await sign_ins.add(alice, ALICES_PHONE)
    by = await sign_ins.known(alice)
    sign_ins.now += timedelta(minutes=15)
    assert (await refused(sign_ins.remove(by, by.contact_ids[1]))).code == "contact.prove_first"
    assert await customer_of_contact(sign_ins.database.app, BOB) == bob.customer_id
    assert await customer_of_contact(sign_ins.database.app, ALICES_PHONE) == alice.customer_id


async def test_of_two_contacts_that_remove_each_other_at_once_one_stays(sign_ins: SignIns) -> None:
    first = await sign_ins.sign_in()
    await sign_ins.add(first, ALICES_PHONE)
    second = await sign_ins.sign_in(ALICES_PHONE)
    by_first, by_second = await sign_ins.known(first), await sign_ins.known(second)
    assert by_first.proven_by is not None
    assert by_second.proven_by is not None
    async with sign_ins.database.app.transaction() as tx:
        await remove_contact(tx, by_first, by_second.proven_by, now=sign_ins.now)
        other = asyncio.create_task(sign_ins.remove(by_second, by_first.proven_by))
        await asyncio.wait([other], timeout=0.2)
    assert (await refused(other)).code == "session.missing"
    left = await sign_ins.database.owner.fetchval(
        "SELECT count(*) FROM customers.contact WHERE replaced_at IS NULL"
    )
    assert left == 1


async def test_what_is_over_is_forgotten_and_what_counts_is_kept(sign_ins: SignIns) -> None:
    await sign_ins.sign_in()
    assert await clean_up_customers(sign_ins.database.app, now=NOON + timedelta(minutes=14)) == 0
    assert await clean_up_customers(sign_ins.database.app, now=NOON + timedelta(days=8)) == 1
    assert await sign_ins.sessions() == 1, "the browser is still known"
    assert await clean_up_customers(sign_ins.database.app, now=NOON + timedelta(days=181)) == 1


async def test_whether_codes_go_out_is_asked_of_the_called_who_asked_of_late(sign_ins: SignIns) -> None:
    async def go_out(after_s: float = 0) -> bool:
        sign_ins.now += timedelta(seconds=after_s)
        async with sign_ins.database.app.connection() as connection:
            return await codes_go_out(connection, now=sign_ins.now)

    async def ask(asker: Asker, people: int) -> None:
        for number in range(people):
            contact = canonical_contact(f"{asker}{number}@example.com")
            await sign_ins.send(contact, asker=asker, address=f"192.0.2.{number}")

    async def send(people: int) -> None:
        await sign_ins.database.owner.execute(
            """DELETE FROM jobs.outbox WHERE id IN (
                   SELECT id FROM jobs.outbox WHERE topic = 'code.email' ORDER BY id LIMIT $1)""",
            people,
        )

    assert await go_out(), "nobody has asked"
    await ask(Asker.STRANGER, 6)
    await ask(Asker.CALLED, 4)
    assert await go_out(after_s=16), "what strangers asked for, and a few people, say nothing"
    await ask(Asker.CALLED, 6)
    assert await go_out(after_s=14), "the newest of each may be on its way"
    assert not await go_out(after_s=2)
    await send(4)  # the older ones
    await send(3)
    assert await go_out(), "half were sent"
    await ask(Asker.CALLED, 6)
    assert not await go_out(after_s=16)
    assert await go_out(after_s=600), "of long ago"


async def test_whether_codes_go_out_is_said_without_reading_every_code(sign_ins: SignIns) -> None:
    """A worker asks once a second."""
    for number in range(6):
        await sign_ins.send(canonical_contact(f"a{number}@example.com"), address=f"192.0.2.{number}")
    await believe_large(sign_ins.database, "customers.code", "jobs.outbox")
    looks = await looks_of(
        sign_ins.database.app, lambda connection: codes_go_out(connection, now=sign_ins.now)
    )
    assert looks <= {"customers.code_pkey", "jobs.outbox_due"}
    assert "customers.code_pkey" in looks
