"""Rows 23 to 28: what a payment gateway may do to a merchant, with the twin's script and its own notices."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import time
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import asyncpg
import msgspec

from chaos.people import Buyer
from chaos.row import NotFired, Row
from chaos.stage import Part, Stage
from chaos.twin import Twin
from simulator.crowd.browser import Browser
from simulator.rehearsal.victims import is_frozen, strike

POLLED_WITHIN_S: Final = 60.0
_PAGE_WITHIN_S: Final = 5.0
_NOTICES: Final = "/api/v1/payments/midtrans/notices"


async def buyers(stage: Stage, count: int, *, channel: str = "qris") -> list[Buyer]:
    """People whose orders wait for their payments."""
    return list(await asyncio.gather(*(stage.crowd.buyer(channel=channel) for _ in range(count))))


async def row_of(stage: Stage, query: str, *args: object, seconds: float = 60.0) -> asyncpg.Record:
    """Waits for a row of the database. Raises: NotFired."""
    deadline = time.monotonic() + seconds
    while True:
        async with stage.owner() as connection:
            found = await connection.fetchrow(query, *args)
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise NotFired(f"no row within {seconds:g} s: {' '.join(query.split())[:120]}")
        await asyncio.sleep(0.2)


async def settled(stage: Stage, reference: str) -> asyncpg.Record:
    """Waits until the money of a payment is booked."""
    return await row_of(
        stage,
        "SELECT outcome, settled_at FROM sales.payment WHERE reference = $1 AND settled_at IS NOT NULL",
        reference,
    )


async def pay(twin: Twin, reference: str, amount: int = 0) -> None:
    """A person pays. Raises: NotFired when the gateway does not take it."""
    status = await twin.pay(reference, amount=amount)
    if status != 200:
        raise NotFired(f"the gateway did not take a payment: {status}")


async def paid_back(stage: Stage, reference: str) -> asyncpg.Record:
    """Waits until the money of a payment is paid back."""
    try:
        return await row_of(
            stage,
            """SELECT r.amount, r.reason FROM sales.refund r JOIN sales.payment p ON p.id = r.payment_id
               WHERE p.reference = $1 AND r.state = 'paid'""",
            reference,
        )
    except NotFired as missing:
        async with stage.owner() as connection:
            rows = await connection.fetch(
                """SELECT p.state, p.outcome, r.state AS refund FROM sales.payment p
                   LEFT JOIN sales.refund r ON r.payment_id = p.id WHERE p.reference = $1""",
                reference,
            )
        raise NotFired(f"not paid back: {[dict(row) for row in rows]}") from missing


async def send_notice(stage: Stage, body: bytes) -> tuple[int, bytes]:
    """Posts a notice as a gateway, or somebody else, does. Returns status and body of the answer."""
    browser = Browser(stage.service.addresses.site, timeout_seconds=20)
    try:
        answer = await browser.request("POST", _NOTICES, body=body, content_type="application/json")
    finally:
        browser.close()
    return answer.status, answer.body


async def raw_notice(stage: Stage, reference: str) -> bytes:
    """The notice of a settlement as it was stored."""
    found = await row_of(
        stage, "SELECT raw FROM sales.notice WHERE reference = $1 ORDER BY received_at LIMIT 1", reference
    )
    return bytes(found["raw"])


class LostNotices(Row):
    """Row 23."""

    number, name, guards = 23, "webhook never comes", "I4, by polling within 60 s"
    short = False

    async def strike(self, stage: Stage) -> str:
        some, twin = await buyers(stage, 3), Twin(stage.service.addresses.gateway)
        took = []
        for buyer in some:
            await twin.script(buyer.paying, notice_lost=True)
            paid_at = time.monotonic()
            await twin.pay(buyer.paying)
            await settled(stage, buyer.paying)
            took.append(time.monotonic() - paid_at)
        async with stage.owner() as connection:
            told = await connection.fetchval(
                "SELECT count(*) FROM sales.notice WHERE reference = ANY ($1)", [one.paying for one in some]
            )
        if told:
            raise NotFired(f"{told} notices came")
        if max(took) > POLLED_WITHIN_S:
            raise NotFired(f"found by polling only after {max(took):.0f} s")
        return f"no notice for {len(some)} payments; found by polling after {max(took):.1f} s at most"


class RepeatedNotices(Row):
    """Row 24: copies, a stale state after the newest, and all of it again when the order is long done."""

    number, name, guards = 24, "webhook five times, shuffled, late", "I4 I5"

    async def strike(self, stage: Stage) -> str:
        buyer, twin = await stage.crowd.buyer(), Twin(stage.service.addresses.gateway)
        await twin.script(buyer.paying, notice_copies=5, notice_reordered=True)
        await twin.pay(buyer.paying)
        await buyer.receive()
        async with stage.owner() as connection:
            stored = await connection.fetch("SELECT raw FROM sales.notice WHERE reference = $1", buyer.paying)
        again = [bytes(row["raw"]) for row in stored] * 5
        stage.dice.shuffle(again)
        answers = [await send_notice(stage, raw) for raw in again]
        if any(status != 200 or b'"new":false' not in body for status, body in answers):
            raise NotFired(f"a copy was taken as new: {answers}")
        return f"{len(stored)} kinds of notice came; {len(again)} late copies answered 200, not new"


class ForgedNotices(Row):
    """Row 25: signed with another key, with the right signature of another sum, and with an old secret."""

    number, name, guards = 25, "webhook forged, tampered, old secret", "I4, refused"
    _buyer: Buyer

    async def strike(self, stage: Stage) -> str:
        done, self._buyer = await buyers(stage, 2)
        twin = Twin(stage.service.addresses.gateway)
        await twin.pay(done.paying)
        await done.receive()
        genuine: dict[str, Any] = msgspec.json.decode(await raw_notice(stage, done.paying))
        other = genuine | {"order_id": self._buyer.paying}
        said = f"{self._buyer.paying}200{genuine['gross_amount']}SB-Mid-server-old"
        kinds = {
            "tampered": other,
            "another sum": genuine | {"gross_amount": "99000.00"},
            "old secret": other | {"signature_key": hashlib.sha512(said.encode()).hexdigest()},
            "no signature": {name: value for name, value in other.items() if name != "signature_key"},
        }
        before = stage.log("site").count("payment_notice_refused")
        answers = {
            name: (await send_notice(stage, msgspec.json.encode(body)))[0] for name, body in kinds.items()
        }
        if taken := [name for name, status in answers.items() if status < 400]:
            raise NotFired(f"taken: {taken}")
        logged = stage.log("site").count("payment_notice_refused") - before
        return f"refused: {answers}; {logged} lines payment_notice_refused"

    async def check(self, stage: Stage) -> Sequence[str]:
        async with stage.owner() as connection:
            state = await connection.fetchval(
                "SELECT state FROM sales.payment WHERE reference = $1", self._buyer.paying
            )
        return [] if state == "pending" else [f"a forged notice made the payment {state}"]


class Reversal(Row):
    """Row 26."""

    number, name, guards = 26, "gateway says paid, later takes it back", "I4 I6"
    short = False

    async def strike(self, stage: Stage) -> str:
        buyer, twin = await stage.crowd.buyer(), Twin(stage.service.addresses.gateway)
        await twin.pay(buyer.paying)
        await buyer.receive()
        status = await twin.reverse(buyer.paying)
        await row_of(
            stage,
            "SELECT reversed_at FROM sales.payment WHERE reference = $1 AND reversed_at IS NOT NULL",
            buyer.paying,
        )
        return f"stamped, then taken back (status {status}); the payment is reversed, the file stays"


class OddPayments(Row):
    """Row 27: another sum, after the order's end, and twice for one order."""

    number, name, guards = 27, "payment late, of another sum, twice", "I4, refunded by itself"
    short = False

    async def strike(self, stage: Stage) -> str:
        wrong, late, twice = await buyers(stage, 3)
        twin = Twin(stage.service.addresses.gateway)
        return "; ".join(
            await asyncio.gather(
                self._wrong(stage, twin, wrong),
                self._late(stage, twin, late),
                self._twice(stage, twin, twice),
            )
        )

    async def _wrong(self, stage: Stage, twin: Twin, buyer: Buyer) -> str:
        await pay(twin, buyer.paying, amount=20_000)
        back = await paid_back(stage, buyer.paying)
        return f"another sum: {back['amount']} back ({back['reason']})"

    async def _late(self, stage: Stage, twin: Twin, buyer: Buyer) -> str:
        await twin.script(buyer.paying, pay_after_expiry=True)
        await buyer.cancel()
        await row_of(
            stage,
            "SELECT number FROM sales.orders WHERE number = $1 AND state = 'cancelled'",
            buyer.outcome.number,
        )
        await pay(twin, buyer.paying)
        back = await paid_back(stage, buyer.paying)
        return f"after the end: {back['amount']} back ({back['reason']})"

    async def _twice(self, stage: Stage, twin: Twin, buyer: Buyer) -> str:
        first = buyer.paying
        await twin.script(first, pay_after_expiry=True)
        buyer.paying = await buyer.switch_channel("va_bni")
        await pay(twin, buyer.paying)
        await settled(stage, buyer.paying)
        await pay(twin, first)
        back = await paid_back(stage, first)
        await buyer.receive()
        return f"twice: {back['amount']} back ({back['reason']}), one stamp"


class BadGateway(Row):
    """Row 28: the twin fails, redirects, sends 100 MB, is slow, and is silent while it takes connections."""

    number, name, guards = 28, "gateway slow, 500, half-open, 100 MB, redirect", "I18, pages still fast"
    short = False
    silent_s: ClassVar[float] = 15.0
    _slowest: float = 0.0

    async def strike(self, stage: Stage) -> str:
        some, twin = await buyers(stage, 4), Twin(stage.service.addresses.gateway)
        kinds = ("status_fails_next", "status_redirect_next", "status_huge_next", "status_garbled_next")
        before = _troubles(stage)
        for buyer, kind in zip(some, kinds, strict=True):
            await twin.script(buyer.paying, **{kind: 1})
            await twin.pay(buyer.paying)
        await asyncio.gather(*(settled(stage, buyer.paying) for buyer in some))
        after_each = _troubles(stage) - before
        await self._silence(stage)
        fired = _troubles(stage) - before
        if not after_each or fired == after_each:
            raise NotFired(f"{after_each} and then {fired} lines of trouble with the gateway")
        return (
            f"{after_each} calls failed by script, {fired - after_each} in {self.silent_s:g} s of silence; "
            f"the slowest page took {self._slowest:.2f} s meanwhile"
        )

    async def _silence(self, stage: Stage) -> None:
        gateway = await stage.process(Part.GATEWAY)
        strike(gateway, signal.SIGSTOP)
        try:
            await stage.until(lambda: is_frozen(gateway), 5, "a frozen gateway")
            until, browser = time.monotonic() + self.silent_s, Browser(stage.service.addresses.site)
            while time.monotonic() < until:
                began = time.monotonic()
                await browser.get("/")
                self._slowest = max(self._slowest, time.monotonic() - began)
                await asyncio.sleep(0.5)
            browser.close()
        finally:
            strike(gateway, signal.SIGCONT)

    async def check(self, stage: Stage) -> Sequence[str]:
        slow = self._slowest > _PAGE_WITHIN_S
        return [f"a page took {self._slowest:.1f} s while the gateway was silent"] if slow else []


def _troubles(stage: Stage) -> int:
    return sum(stage.log(name).count("outside_service_unavailable") for name in ("worker", "site"))


ROWS: Final[tuple[type[Row], ...]] = (
    LostNotices,
    RepeatedNotices,
    ForgedNotices,
    Reversal,
    OddPayments,
    BadGateway,
)
