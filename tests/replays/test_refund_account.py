"""A person who has only the permanent link of an order tries to get its money.

Before, a second browser with `/p/TOKEN` named another person's account on a virtual-account order, and
Rp2.500.000 left in 3 seconds. The link stands in every message about the order.

Now a fresh code to a proven contact is needed. All contacts are told, the money waits and can be stopped, and
above a limit two officers release it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from meterai.kit.messages import Message
from meterai.sales.model import RefundState
from meterai.sales.order import Refund
from meterai.sales.queries.order_page import OrderPage
from meterai.sales.use_cases.pay_refunds import PayoutRules
from meterai.sales.use_cases.send_news import send_due_news
from tests.sales.fake_gateway import SetClock
from tests.sales.shop import ALICE, Shop
from tests.web.conftest import running as running_site
from tests.web.running_site import RunningSite, Visitor, sign_in

pytestmark = pytest.mark.storage
running = running_site
WAIT = timedelta(minutes=30)
THEIRS = {"bank": "bca", "rekening": "9876 5432 10", "pemilik": "Mallory"}
MINE = {"bank": "bni", "rekening": "1234567890", "pemilik": "Alice Wijaya"}
OTHER_CONTACT = "+6281200000001"


@dataclass
class Scene:
    """Alice's paid order over a virtual account, her browser, and that of a person who has its link."""

    site: RunningSite
    shop: Shop
    order: OrderPage
    link: str
    sent: list[Message] = field(default_factory=list)

    async def browser(self) -> Visitor:
        """A browser that opened the permanent link, and knows nothing else."""
        visitor = self.site.visitor()
        await visitor.get(self.link)
        await visitor.get(self.page)
        assert visitor.status == 200
        return visitor

    @property
    def page(self) -> str:
        return f"/pesanan/{self.order.number}"

    def pass_time(self, duration: timedelta) -> None:
        self.site.line.now += duration
        self.shop.clock.now = self.site.line.now

    async def refunds(self) -> tuple[Refund, ...]:
        return (await self.shop.page(self.order.id)).refunds

    async def pay(self) -> int:
        """One turn of the worker. Returns how many payouts were ever ordered."""
        await self.shop.pay_refunds()
        return len(self.shop.payout.requests)

    async def last_code(self) -> tuple[str, str]:
        """The newest code and the contact to which it goes."""
        row = await self.shop.database.owner.fetchrow(
            """SELECT payload->>'code' AS code, payload->>'to' AS sent_to FROM jobs.outbox
               WHERE topic LIKE 'code.%' ORDER BY id DESC LIMIT 1"""
        )
        assert row is not None
        return row["code"], row["sent_to"]

    async def codes(self) -> int:
        count: int = await self.shop.database.owner.fetchval(
            "SELECT count(*) FROM jobs.outbox WHERE topic LIKE 'code.%'"
        )
        return count

    async def deliver(self, message: Message) -> None:
        self.sent.append(message)

    async def messages(self) -> list[Message]:
        """Everything that the worker sends now about the order."""
        self.sent.clear()
        await send_due_news(
            self.shop.db,
            self,
            self.site.app.secret,
            public_url="http://situs",
            clock=self.shop.clock,
            limit=50,
        )
        return self.sent

    async def ask(self, visitor: Visitor, pieces: int = 200, **account: str) -> str:
        """Sends the form that asks money back. Returns where it leads."""
        item = self.order.items[0]
        return await visitor.post(
            f"{self.page}/kembali", butir=str(item.id), keping=str(pieces), sudah_kembali="0", **account
        )

    async def type_code(self, visitor: Visitor, code: str, **more: str) -> str:
        """Types a code on the page that asks for it."""
        act = re.search(r'name="tindakan" value="([^"]+)"', visitor.text)
        assert act, visitor.text
        return await visitor.post(f"{self.page}/izin/kode", tindakan=act[1], kode=code, **more)

    async def ask_with_code(self, visitor: Visitor, pieces: int = 200, **account: str) -> None:
        await visitor.get(await self.ask(visitor, pieces, **account))
        code, _ = await self.last_code()
        assert await self.type_code(visitor, code) == self.page

    async def stop_link(self) -> str:
        """The link in the newest message that stops the payout."""
        found = re.findall(
            r"http://situs(/hentikan/\S+)", "\n".join(one.text for one in await self.messages())
        )
        assert found
        return str(found[-1])


@pytest_asyncio.fixture
async def scene(running: RunningSite) -> AsyncIterator[Scene]:
    shop = Shop(running.line.database, clock=SetClock(running.line.now))
    shop.payout_rules = PayoutRules(wait=WAIT, release_above=5_000_000)
    shop.alice = await shop.customer(ALICE)
    draft = await shop.quota_draft(200)
    placed = await shop.place(draft, "va_bni")
    await shop.pay(placed)
    yield Scene(running, shop, await shop.page(placed.order_id), f"/p/{draft.token}")


async def test_the_link_alone_gives_nothing_back_and_names_no_account(scene: Scene) -> None:
    stranger = await scene.browser()
    assert await scene.ask(stranger, **THEIRS) == f"{scene.page}/izin/kode"
    _, sent_to = await scene.last_code()
    assert sent_to == ALICE.value, "not to somebody who has the link"
    await stranger.get(f"{scene.page}/izin/kode")
    assert "a•••@example.com" in stranger.text
    for _ in range(6):
        await scene.type_code(stranger, "000000")
        assert stranger.status in (403, 410, 429)
    assert await scene.refunds() == ()
    assert await scene.shop.lot(scene.order) == 200
    scene.pass_time(WAIT)
    assert await scene.pay() == 0


async def test_the_link_alone_names_no_account_for_a_refund_that_waits_for_one(scene: Scene) -> None:
    owner, stranger = await scene.browser(), await scene.browser()
    await scene.ask_with_code(owner)
    (refund,) = await scene.refunds()
    assert refund.state is RefundState.NEEDS_ACCOUNT
    await stranger.get(scene.page)
    assert f'value="{refund.id}"' in stranger.text
    to = await stranger.post(f"{scene.page}/rekening", pengembalian=str(refund.id), **THEIRS)
    await stranger.get(to)
    await scene.type_code(stranger, "123456")
    assert (await scene.refunds())[0].state is RefundState.NEEDS_ACCOUNT
    scene.pass_time(WAIT)
    assert await scene.pay() == 0


async def test_the_link_alone_changes_no_account(scene: Scene) -> None:
    owner, stranger = await scene.browser(), await scene.browser()
    await scene.ask_with_code(owner, **MINE)
    (refund,) = await scene.refunds()
    used, _ = await scene.last_code()
    to = await stranger.post(f"{scene.page}/rekening", pengembalian=str(refund.id), **THEIRS)
    await stranger.get(to)
    await scene.type_code(stranger, used)
    assert stranger.status in (403, 410, 429), "a code is good for one request"
    scene.pass_time(WAIT)
    assert await scene.pay() == 1
    (request,) = scene.shop.payout.requests.values()
    assert (request.bank, request.account) == ("bni", "1234567890")


async def test_a_session_is_no_fresh_code(scene: Scene) -> None:
    visitor = scene.site.visitor()
    await sign_in(scene.site, visitor, "email:sri@contoh.id")
    await scene.shop.database.owner.execute(
        """UPDATE customers.session SET customer_id = $1, contact_id = (
               SELECT id FROM customers.contact WHERE customer_id = $1)""",
        scene.shop.alice,
    )
    await visitor.get("/saya")
    await visitor.get(scene.page)
    assert visitor.status == 200
    assert await scene.ask(visitor, **THEIRS) == f"{scene.page}/izin/kode"
    assert await scene.refunds() == ()


async def test_a_link_holder_adds_no_contact_that_gets_the_code(scene: Scene) -> None:
    """The checkout's contact pages still answer for a placed order."""
    stranger = await scene.browser()
    await stranger.get(f"{scene.page}/kontak")
    await stranger.get(await stranger.post(f"{scene.page}/kontak", kontak="mallory@example.net"))
    code, sent_to = await scene.last_code()
    assert sent_to == "mallory@example.net"
    sealed = re.search(r'name="kode_id" value="([^"]+)"', stranger.text)
    assert sealed
    await stranger.post(f"{scene.page}/kode", kode_id=sealed[1], kode=code)
    await stranger.get(scene.page)
    await scene.ask(stranger, **THEIRS)
    _, sent_to = await scene.last_code()
    assert sent_to == ALICE.value
    await stranger.get(f"{scene.page}/izin/kode")
    await scene.type_code(stranger, code)
    assert stranger.status in (403, 410, 429), "that code signs in, and nothing else"
    assert await scene.refunds() == ()
    with pytest.raises(asyncpg.PostgresError, match="its customer stays"):
        await scene.shop.database.owner.execute(
            """UPDATE sales.orders SET customer_id = (
                   SELECT customer_id FROM customers.contact WHERE value = 'mallory@example.net')
               WHERE id = $1""",
            scene.order.id,
        )


async def test_the_owner_is_shown_and_gets_exactly_what_was_typed(scene: Scene) -> None:
    owner = await scene.browser()
    await owner.get(await scene.ask(owner, **MINE))
    for shown in ("Rp2.500.000", "BNI", "1234567890", "Alice Wijaya", "a•••@example.com"):
        assert shown in owner.text
    code, _ = await scene.last_code()
    await scene.type_code(owner, "1")
    assert owner.status == 403
    assert "1234567890" in owner.text, "a wrong code loses nothing"
    assert await scene.type_code(owner, code, **THEIRS) == scene.page
    (refund,) = await scene.refunds()
    assert (refund.state, refund.bank, refund.account_tail) == (RefundState.PAYABLE, "bni", "7890")
    await owner.get(scene.page)
    assert "Menunggu sebelum dikirim" in owner.text
    scene.pass_time(WAIT - timedelta(seconds=1))
    assert await scene.pay() == 0, "money waits"
    scene.pass_time(timedelta(seconds=1))
    assert await scene.pay() == 1
    (request,) = scene.shop.payout.requests.values()
    assert (request.account, request.name, request.amount) == ("1234567890", "Alice Wijaya", 2_500_000)


async def test_a_form_of_another_order_does_nothing_here(scene: Scene) -> None:
    """What the pages carry is tagged for one order."""
    owner = await scene.browser()
    await owner.get(await scene.ask(owner, **MINE))
    act = re.search(r'name="tindakan" value="([^"]+)"', owner.text)
    assert act
    other = await scene.shop.paid_quota(2, "va_bni")
    forged = [act[1][:-4] + "AAAA", "", act[1]]
    for number, sealed in zip((scene.order.number, scene.order.number, other.number), forged, strict=True):
        to = await owner.post(f"/pesanan/{number}/izin/kode", tindakan=sealed, kode="123456")
        assert to == f"/pesanan/{number}" or owner.status == 404
    assert await scene.refunds() == ()


async def test_all_contacts_are_told_where_the_money_goes(scene: Scene) -> None:
    await scene.shop.database.owner.execute(
        "INSERT INTO customers.contact VALUES (gen_random_uuid(), $1, 'phone', $2, $3)",
        scene.shop.alice, OTHER_CONTACT, scene.shop.clock(),
    )  # fmt: skip
    owner = await scene.browser()
    assert await scene.ask(owner, **MINE) == f"{scene.page}/izin", "the person chooses"
    before = await scene.codes()
    await owner.get(f"{scene.page}/izin")
    assert ALICE.value not in owner.text
    assert OTHER_CONTACT not in owner.text
    [chosen] = re.findall(r'value="([0-9a-f-]{36})" required><span>[^<]*01</span>', owner.text)
    act = re.search(r'name="tindakan" value="([^"]+)"', owner.text)
    assert act
    await owner.get(await owner.post(f"{scene.page}/izin", tindakan=act[1], kontak_id=chosen))
    code, sent_to = await scene.last_code()
    assert (sent_to, await scene.codes()) == (OTHER_CONTACT, before + 1)
    await scene.type_code(owner, code)
    await scene.messages()
    told = [one for one in scene.sent if "akan dikirim ke rekening" in one.subject]
    assert {one.to for one in told} == {ALICE.value, OTHER_CONTACT}
    for message in told:
        for fact in ("Rp2.500.000", "BNI", "7890", "Alice Wijaya", "/hentikan/"):
            assert fact in message.text
        assert "1234567890" not in message.text


async def test_the_page_says_when_a_code_that_is_shared_was_sent(scene: Scene) -> None:
    first, second = await scene.browser(), await scene.browser()
    await first.get(await scene.ask(first, **MINE))
    assert "Kode sedang dikirim ke a•••@example.com" in first.text
    before = await scene.codes()
    scene.pass_time(timedelta(seconds=20))
    await second.get(await scene.ask(second, **MINE))
    assert await scene.codes() == before, "it got no message of its own"
    assert "sedang dikirim ke" not in second.text
    assert "Kode untuk a•••@example.com sudah kami kirim pada" in second.text
    code, _ = await scene.last_code()
    assert await scene.type_code(second, code) == scene.page


async def test_the_message_stops_it_without_signing_in(scene: Scene) -> None:
    await scene.ask_with_code(await scene.browser(), **THEIRS)
    link = await scene.stop_link()
    finder = scene.site.visitor()
    for _ in range(2):
        await finder.get(link)
        assert "Rp2.500.000" in finder.text
        assert (await scene.refunds())[0].state is RefundState.PAYABLE, "mail scanners follow links"
    await finder.get(await finder.post(link))
    assert "Pengiriman sudah dihentikan" in finder.text
    (refund,) = await scene.refunds()
    assert (refund.state, refund.account_tail) == (RefundState.NEEDS_ACCOUNT, None)
    scene.pass_time(WAIT)
    assert await scene.pay() == 0
    stranger = await scene.browser()
    to = await stranger.post(f"{scene.page}/rekening", pengembalian=str(refund.id), **THEIRS)
    assert to == f"{scene.page}/izin/kode", "it needs a code again"
    owner = await scene.browser()
    await owner.get(await owner.post(f"{scene.page}/rekening", pengembalian=str(refund.id), **MINE))
    code, _ = await scene.last_code()
    await scene.type_code(owner, code)
    await finder.get(link)
    assert "Rekening lain sudah diisi" in finder.text
    await finder.post(link)
    assert (await scene.refunds())[0].state is RefundState.PAYABLE, "a link stops one account"
    newer = await scene.stop_link()
    assert newer != link
    scene.pass_time(WAIT)
    assert await scene.pay() == 1
    await finder.get(newer)
    await finder.post(newer)
    assert finder.status == 409
    assert (await scene.refunds())[0].state is RefundState.SENT


@pytest.mark.parametrize("token", ["", "AAAA", "x" * 46, "/../saya"])
async def test_a_link_that_is_not_ours_stops_nothing(scene: Scene, token: str) -> None:
    finder = scene.site.visitor()
    await finder.get(f"/hentikan/{token}")
    assert finder.status == 404


async def test_above_the_limit_two_officers_release_the_money(scene: Scene) -> None:
    owner = scene.shop.database.owner
    scene.shop.payout_rules = PayoutRules(wait=WAIT, release_above=1_000_000)
    await owner.execute(
        """INSERT INTO operations.officer VALUES
           ('ani', '{finance}', '{"key of ani"}', '{}', now()),
           ('budi', '{finance}', '{"key of budi"}', '{}', now())"""
    )
    visitor = await scene.browser()
    await scene.ask_with_code(visitor, 80, **MINE)
    assert await scene.pay() == 0
    assert not (await scene.refunds())[0].is_being_checked, "the first Rp1.000.000 of a day"
    item = scene.order.items[0]
    await visitor.get(scene.page)
    to = await visitor.post(
        f"{scene.page}/kembali", butir=str(item.id), keping="1", sudah_kembali="80", **MINE
    )
    await visitor.get(to)
    code, _ = await scene.last_code()
    await scene.type_code(visitor, code)
    scene.pass_time(WAIT)
    assert await scene.pay() == 1, "pieces of a sum count together"
    await visitor.get(scene.page)
    assert "Sedang diperiksa petugas" in visitor.text
    request = await owner.fetchrow("SELECT id, facts FROM operations.release_request WHERE kind = 'refund'")
    assert request is not None
    for officer, payouts in (("ani", 1), ("budi", 2)):
        nonce = secrets.token_hex(16)
        await owner.fetchval(
            "SELECT operations.sign_release($1, $2, $3, $4, $5, 'signature', now() + interval '5 minutes')",
            request["id"], officer, f"key of {officer}", nonce, f"nonce {nonce}",
        )  # fmt: skip
        assert await scene.pay() == payouts


@pytest.mark.parametrize("proof", ["none", "used", "old", "other order", "removed contact", "future"])
async def test_a_captured_site_names_no_account_without_a_proof(scene: Scene, proof: str) -> None:
    """The functions of the database ask, not the site's pages."""
    shop, item = scene.shop, scene.order.items[0]
    proof_id = await shop.prove_order(
        (await shop.paid_quota(2, "va_bni")).id if proof == "other order" else scene.order.id,
        seconds_ago={"old": 601, "future": -61}.get(proof, 0),
    )
    owner = shop.database.owner
    if proof == "none":
        await owner.execute("DELETE FROM customers.proof")
    elif proof == "used":
        await owner.execute("UPDATE customers.proof SET used_at = $1", shop.clock())
    elif proof == "removed contact":
        await owner.execute("UPDATE customers.contact SET replaced_at = $1", shop.clock())
    async with shop.database.site.connection() as captured:
        with pytest.raises(asyncpg.PostgresError, match="no fresh proof"):
            await captured.execute(
                "SELECT sales.ask_refund($1, 200, 0, 'bca', '9876543210', 'Mallory', $2, '0', $3)",
                item.id, proof_id, shop.clock(),
            )  # fmt: skip
    assert await scene.refunds() == ()
