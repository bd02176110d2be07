"""A shop for tests: organisations, stock, a customer Alice, and a method for each step of a purchase."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec

from meterai.customers.contacts import Contact, canonical_contact
from meterai.customers.organisations import SELLER, ensure_organisations
from meterai.kernel.ids import new_id
from meterai.kit.acting import Actor
from meterai.kit.database import Database
from meterai.ledger import queries as ledger
from meterai.ledger.model import (
    AccountKind,
    TransferCode,
    account_id,
)
from meterai.sales.bank_account import BankAccount
from meterai.sales.gateways import Gateways
from meterai.sales.order import Payment
from meterai.sales.queries.order_page import OrderPage, order_page
from meterai.sales.use_cases.add_item import add_document, set_quota
from meterai.sales.use_cases.expire_orders import expire_due_orders
from meterai.sales.use_cases.issue_quota import issue_quota
from meterai.sales.use_cases.open_order import OpenedOrder, open_order
from meterai.sales.use_cases.pay_refunds import PayoutRules, pay_due_refunds
from meterai.sales.use_cases.place_order import PlacedOrder, place_order
from meterai.sales.use_cases.poll_payments import poll_due_payments
from meterai.sales.use_cases.refund_quota import RefundRequested, give_refund_account, request_refund
from meterai.sales.use_cases.set_contact import set_customer
from meterai.sales.use_cases.set_price import NewPrice, set_price
from meterai.sales.use_cases.settle_payment import Settlement, settle_payment
from tests.ledger import posting
from tests.ledger.posting import (
    move,
)
from tests.sales import accounts
from tests.sales.fake_gateway import FakeGateway, FakePayout, SetClock
from tests.storage_fixtures import TestDatabase

NOON = datetime(2026, 9, 5, 5, 0, tzinfo=UTC)
SECRET = b"a secret of thirty-two bytes ...."
ALICE = canonical_contact("alice@example.com")
MINUTES = 30
AT_ONCE = PayoutRules(wait=timedelta(0), release_above=1_000_000)
"""Payouts that do not wait for their owner."""


@dataclass
class Shop:
    """Everything a test of sales needs."""

    database: TestDatabase
    gateway: FakeGateway = field(default_factory=FakeGateway)
    payout: FakePayout = field(default_factory=FakePayout)
    clock: SetClock = field(default_factory=lambda: SetClock(NOON))
    alice: uuid.UUID = field(default_factory=uuid.uuid4)
    contacts: dict[uuid.UUID, Contact] = field(default_factory=dict)
    """Of customers, for the news of their orders."""
    payout_rules: PayoutRules = AT_ONCE
    plays_the_stamping: bool = False
    """The test moves stamps as if documents were stamped, so not every invariant holds."""

    others: list[FakeGateway] = field(default_factory=list)
    """Gateways after the first."""

    @property
    def db(self) -> Database:
        return self.database.app

    @property
    def gateways(self) -> Gateways:
        return Gateways([self.gateway, *self.others])

    def pass_time(self, **duration: float) -> None:
        """Moves the clock on."""
        self.clock.now += timedelta(**duration)

    async def customer(self, contact: Contact) -> uuid.UUID:
        """A customer with a verified contact."""
        customer_id = new_id(self.clock())
        await self.database.owner.execute(
            "INSERT INTO customers.customer VALUES ($1, $2, 'id', $3)", customer_id, SELLER, NOON
        )
        await self.prove(customer_id, contact)
        return customer_id

    async def prove(self, customer_id: uuid.UUID, contact: Contact) -> None:
        """Gives a customer a verified contact; the first one gets the news of their orders."""
        self.contacts.setdefault(customer_id, contact)
        await self.database.owner.execute(
            "INSERT INTO customers.contact VALUES ($1, $2, $3, $4, $5)",
            new_id(NOON),
            customer_id,
            contact.kind,
            contact.value,
            NOON,
        )

    async def open(self, flow: str = "quota", *, submit_id: str | None = None) -> OpenedOrder:
        """An open draft of Alice."""
        opened = await open_order(
            self.db,
            SECRET,
            submit_id=submit_id or uuid.uuid4().hex,
            flow=flow,
            event_slug=None,
            language="id",
            now=self.clock(),
        )
        owned = await set_customer(self.db, SECRET, opened.order_id, self.alice, self.contacts[self.alice])
        return msgspec.structs.replace(opened, token=owned.token)

    async def quota_draft(self, pieces: int = 2) -> OpenedOrder:
        """A draft of `pieces` pieces of quota."""
        opened = await self.open("quota")
        await set_quota(self.db, opened.order_id, pieces, now=self.clock())
        return opened

    async def stamp_draft(self, documents: int = 1, stamps: int = 1) -> OpenedOrder:
        """A draft of `documents` documents with `stamps` stamps each."""
        opened = await self.open("stamp")
        for _ in range(documents):
            await add_document(
                self.db,
                opened.order_id,
                document_id=uuid.uuid4(),
                document_kind=None,
                stamps=stamps,
                now=self.clock(),
            )
        return opened

    async def place(self, opened: OpenedOrder, channel: str = "qris") -> PlacedOrder:
        """Places a draft."""
        return await place_order(
            self.db,
            self.gateways,
            opened.order_id,
            channel=channel,
            payment_minutes=MINUTES,
            clock=self.clock,
        )

    async def enter_price(self, valid_from: date, fee: int, vat_basis_points: int = 1100) -> None:
        """Officers enter a price. In development without officers nobody signs."""
        new = NewPrice(
            valid_from=valid_from, fee=fee, vat_basis_points=vat_basis_points, reason="biaya gateway naik"
        )
        await set_price(self.database.operator, new, actor=Actor(name="ani"), now=self.clock())

    async def placed_quota(self, pieces: int = 2, channel: str = "qris") -> PlacedOrder:
        """A placed order of quota."""
        return await self.place(await self.quota_draft(pieces), channel)

    async def placed_stamps(self, documents: int = 1, stamps: int = 1) -> PlacedOrder:
        """A placed order of documents."""
        return await self.place(await self.stamp_draft(documents, stamps))

    async def settle(self, reference: str) -> Settlement:
        """Settles a payment, as a notice or a poll does."""
        gateway = next((one for one in self.others if reference in one.charges), self.gateway)
        return await settle_payment(self.db, gateway, reference, clock=self.clock)

    async def pay(self, placed: PlacedOrder) -> Settlement:
        """A person pays, and we hear of it."""
        self.gateway.pay(placed.payment.reference)
        return await self.settle(placed.payment.reference)

    async def paid_quota(self, pieces: int = 2, channel: str = "qris") -> OrderPage:
        """A paid order of quota."""
        placed = await self.placed_quota(pieces, channel)
        await self.pay(placed)
        return await self.page(placed.order_id)

    async def page(self, order_id: uuid.UUID) -> OrderPage:
        """What the order's page shows."""
        return await order_page(self.db, order_id)

    async def poll(self) -> int:
        """One turn of the poller."""
        return await poll_due_payments(self.db, self.gateways, clock=self.clock)

    async def expire(self) -> int:
        """One turn of the worker that ends orders."""
        return await expire_due_orders(self.db, self.gateways, clock=self.clock)

    async def pay_refunds(self) -> int:
        """One turn of the worker that pays refunds."""
        return await pay_due_refunds(
            self.db, self.gateways, self.payout, rules=self.payout_rules, clock=self.clock
        )

    async def prove_order(self, order_id: uuid.UUID, *, seconds_ago: float = 0) -> uuid.UUID:
        """A proof that Alice typed a fresh code for this order."""
        proof_id = uuid.uuid4()
        owner = await asyncpg.connect(self.database.urls.owner)
        await owner.execute(
            """INSERT INTO customers.proof (id, customer_id, contact_id, purpose, subject, proved_at)
               SELECT $1, c.customer_id, c.id, 'order_act', o.id::text, $3
               FROM sales.orders o JOIN customers.contact c USING (customer_id)
               WHERE o.id = $2 AND c.replaced_at IS NULL ORDER BY c.verified_at LIMIT 1""",
            proof_id,
            order_id,
            self.clock() - timedelta(seconds=seconds_ago),
        )
        await owner.close()
        return proof_id

    async def ask_back(
        self,
        order_id: uuid.UUID,
        item_id: uuid.UUID,
        pieces: int,
        *,
        given_back: int,
        account: BankAccount | None = None,
    ) -> RefundRequested:
        """Alice gives stamps back, with a fresh code."""
        return await request_refund(
            self.db,
            order_id,
            item_id,
            pieces,
            account=account,
            given_back=given_back,
            proof_id=await self.prove_order(order_id),
            wait=self.payout_rules.wait,
            now=self.clock(),
        )

    async def name_account(
        self, order_id: uuid.UUID, refund_id: uuid.UUID, account: BankAccount
    ) -> RefundRequested:
        """Alice names the account of a refund, with a fresh code."""
        return await give_refund_account(
            self.db,
            order_id,
            refund_id,
            account,
            proof_id=await self.prove_order(order_id),
            wait=self.payout_rules.wait,
            now=self.clock(),
        )

    async def balance(self, account: uuid.UUID) -> int:
        """The posted balance of an account on its credit side."""
        async with self.db.connection() as connection:
            found = await ledger.balance(connection, account)
        return found.posted if found else 0

    async def stock(self) -> int:
        """Stamps that can be sold."""
        async with self.db.connection() as connection:
            return (await ledger.stock(connection, SELLER)).available

    async def lot(self, page: OrderPage, position: int = 0) -> int:
        """Unused stamps of an item's lot."""
        lot = page.items[position].lot_account_id
        assert lot is not None
        async with self.db.connection() as connection:
            found = await ledger.balance(connection, lot)
        return found.available if found else 0

    async def use(self, page: OrderPage, pieces: int, position: int = 0) -> None:
        """Moves stamps out of a lot, as stamping does."""
        self.plays_the_stamping = True
        lot = page.items[position].lot_account_id
        assert lot is not None
        used = move(
            uuid.uuid4(),
            TransferCode.STAMPING,
            debit=lot,
            credit=account_id(AccountKind.USED, SELLER),
            amount=pieces,
            reference_id=uuid.uuid4(),
            organisation_id=SELLER,
        )
        await posting.post(self.database.owner, [used], self.clock())

    async def outbox(self, topic: str) -> list[dict[str, str]]:
        """The payloads that wait under a topic."""
        async with self.database.app.connection() as connection:
            rows = await connection.fetch(
                "SELECT payload FROM jobs.outbox WHERE topic = $1 ORDER BY id", topic
            )
        return [row["payload"] for row in rows]

    async def news(self) -> list[str]:
        """The news that wait to be sent."""
        return [payload["news"] for payload in await self.outbox("sales.order_news")]

    async def money(self) -> dict[str, int]:
        """The rupiah accounts, by name, on their credit side; those with nothing left out."""
        names = {
            "clearing": accounts.CLEARING,
            "suspense": accounts.SUSPENSE,
            "face": accounts.FACE_VALUE_PAYABLE,
            "fee": accounts.FEE_INCOME,
            "vat": accounts.VAT_PAYABLE,
            "cost": accounts.GATEWAY_COST,
            "owed": accounts.REFUND_PAYABLE,
            "payout": accounts.PAYOUT_CASH,
        }
        found = {name: await self.balance(account) for name, account in names.items()}
        return {name: amount for name, amount in found.items() if amount}


def open_payment(page: OrderPage) -> Payment:
    """The attempt that can be paid."""
    assert page.open_payment is not None
    return page.open_payment


@asynccontextmanager
async def open_shop(database: TestDatabase, stock: int = 1000) -> AsyncIterator[Shop]:
    """A shop with stock and Alice."""
    shop = Shop(database)
    await ensure_organisations(shop.db, NOON)
    if stock:
        await issue_quota(shop.db, pieces=stock, deposit_reference="first deposit", actor="ani", now=NOON)
    shop.alice = await shop.customer(ALICE)
    yield shop
