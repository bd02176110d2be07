"""A small healthy world with rows of every kind, as the product writes them.

Alice bought one stamp and has her document, and paid once too often. Bob bought five pieces of quota, got two
back, has one document refused and one in the middle of the cycle. Citra has not paid yet; Dewi only began.
Beside them is a chain of partners. Its firm took serial numbers: one waits, one went back, for one a hash was
signed, and one is being stamped. The gateway's report and a bank statement are here.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from meterai.customers.organisations import ensure_organisations
from meterai.kernel.ids import derived_id
from meterai.kernel.serial_number import make_serial
from meterai.kit.database import Connection
from meterai.kit.files.object_store import ObjectStore
from meterai.ledger.model import (
    SELLER,
    AccountKind,
    TransferCode,
    account_id,
    lot_account_id,
)
from meterai.sales.prices import ChannelCost, gateway_cost
from meterai.sales.use_cases.issue_quota import issue_quota
from tests.ledger import posting
from tests.ledger.posting import (
    Transfer,
    lot,
    move,
    post_reservation,
    reserve,
    void_reservation,
)
from tests.partners.organisations import Chain, make_chain
from tests.storage_fixtures import TestDatabase

NOW = datetime(2026, 9, 4, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=2)
KEY = "0123456789abcdef"
HASH_KEY = "aaaabbbbccccdddd"
COUNTERS = {KEY: 2, HASH_KEY: 1}
"""What the keys say of their uses."""
FACE, FEE, VAT = 10_000, 2_500, 248
K = AccountKind


def named(kind: str, name: str) -> uuid.UUID:
    return derived_id(f"test {kind}", name)


def serial_of(name: str) -> str:
    return make_serial(hashlib.sha256(name.encode()).digest())


@dataclass
class World:
    """The database and its files, and words to put things into them."""

    owner: Connection
    database: TestDatabase
    objects: ObjectStore

    async def insert(self, table: str, **values: Any) -> None:
        names, places = ", ".join(values), ", ".join(f"${n + 1}" for n in range(len(values)))
        await self.owner.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *values.values())

    async def book(self, *transfers: Transfer) -> None:
        async with self.database.app.transaction() as tx:
            await posting.post(tx, transfers, EARLIER)

    async def queue(self, event: str, *, let_in: list[str]) -> None:
        """An event with a line. The person who was let in has an order of it, and the log has the claim."""
        await self.insert(
            "sales.event",
            slug=event,
            name=event,
            agency="BKN",
            opens_at=EARLIER,
            closes_at=NOW,
            zone="Asia/Jakarta",
            required_documents="[]",
            output_bytes_max=500_000,
            pdf_version_min="1.4",
            active=True,
        )
        counts = {"closed_through": 1, "revealed_through": 1, "admitted": len(let_in)}
        await self.insert(
            "waiting_room.queue",
            event=event,
            schedule="{}",
            policy="{}",
            created_at=EARLIER,
            is_on=True,
            **counts,
        )
        for sequence, name in enumerate(let_in, 1):
            order = named("order", name)
            await self.owner.execute("UPDATE sales.orders SET event_slug = $2 WHERE id = $1", order, event)
            await self.insert(
                "waiting_room.pass",
                queue=await self.owner.fetchval("SELECT number FROM waiting_room.queue"),
                id=hashlib.sha256(name.encode()).digest()[:12],
                pass_id=named("pass", name),
                order_id=order,
                claimed_at=EARLIER,
                number=1,
                lane=0,
                gate=1,
                sequence=sequence,
                logged=True,
            )

    async def customer(self, name: str) -> None:
        await self.insert(
            "customers.customer",
            id=named("customer", name),
            organisation_id=SELLER,
            language="id",
            created_at=EARLIER,
        )

    async def order(self, name: str, state: str, *, quantity: int, flow: str = "quota") -> None:
        """An order of one customer of the same name, with one item and its lot."""
        order, item = named("order", name), named("item", name)
        owner = None if state == "draft" else named("customer", name)
        await self.insert(
            "sales.orders",
            id=order,
            number=f"M-{name}",
            submit_id=f"form of {name}",
            token_digest=hashlib.sha256(name.encode()).digest(),
            organisation_id=SELLER,
            customer_id=owner,
            flow=flow,
            state=state,
            language="id",
            quantity=quantity,
            face_value=FACE * quantity,
            fee=FEE * quantity,
            vat=VAT * quantity,
            total=(FACE + FEE) * quantity,
            created_at=EARLIER,
            expires_at=None if state == "draft" else NOW,
            paid_at=EARLIER if state in ("paid", "completed") else None,
        )
        await self.insert(
            "sales.item",
            id=item,
            order_id=order,
            position=1,
            kind=flow,
            document_id=named("document", name) if flow == "stamp" else None,
            quantity=quantity,
            state="done" if state == "completed" else "waiting",
            lot_account_id=None if owner is None else lot_account_id(item),
            unit_face_value=FACE,
            unit_fee=FEE,
            unit_vat=VAT,
        )
        if owner is not None:
            async with self.database.app.transaction() as tx:
                await posting.open_accounts(
                    tx, [lot(item, organisation_id=SELLER, customer_id=owner)], EARLIER
                )
            await self.book(self.reservation(name, quantity))

    def reservation(self, name: str, quantity: int) -> Transfer:
        return reserve(
            named("reserve_sale", name),
            TransferCode.RESERVE_SALE,
            debit=account_id(K.SELLER_STOCK, SELLER),
            credit=lot_account_id(named("item", name)),
            amount=quantity,
            reference_id=named("order", name),
            organisation_id=SELLER,
            expires_at=NOW + timedelta(minutes=45),
        )

    async def payment(self, name: str, order: str, state: str, amount: int, *, outcome: str | None) -> None:
        settled = state == "settled"
        cost = gateway_cost(ChannelCost(basis_points=70), amount)
        await self.insert(
            "sales.payment",
            id=named("payment", name),
            order_id=named("order", order),
            gateway="midtrans",
            channel="qris",
            reference=f"reference {name}",
            amount=amount,
            state=state,
            paid_amount=amount if settled else None,
            outcome=outcome,
            gateway_cost=cost if settled else None,
            created_at=EARLIER,
            expires_at=NOW,
            settled_at=EARLIER if settled else None,
            poll_at=None if settled else NOW,
        )
        if settled:
            await self.insert(
                "sales.notice",
                id=named("notice", name),
                gateway="midtrans",
                event_key=f"event of {name}",
                reference=f"reference {name}",
                raw=b"{}",
                received_at=EARLIER,
                processed_at=EARLIER,
            )
            await self.book(
                self.moved(f"payment {name}", order, "payment", amount),
                self.moved(f"payment {name}", order, "gateway_cost", cost),
            )

    def moved(self, name: str, order: str, code: str, amount: int) -> Transfer:
        debit, credit = {
            "payment": (K.GATEWAY_CLEARING, K.SUSPENSE),
            "gateway_cost": (K.GATEWAY_COST, K.GATEWAY_CLEARING),
            "sale_face_value": (K.SUSPENSE, K.FACE_VALUE_PAYABLE),
            "sale_fee": (K.SUSPENSE, K.FEE_INCOME),
            "sale_vat": (K.SUSPENSE, K.VAT_PAYABLE),
            "refund_face_value": (K.FACE_VALUE_PAYABLE, K.REFUND_PAYABLE),
            "refund_fee": (K.FEE_INCOME, K.REFUND_PAYABLE),
            "refund_vat": (K.VAT_PAYABLE, K.REFUND_PAYABLE),
            "refund_suspense": (K.SUSPENSE, K.REFUND_PAYABLE),
            "refund_paid": (K.REFUND_PAYABLE, K.GATEWAY_CLEARING),
        }[code]
        return move(
            named("transfer", f"{name} {code}"),
            TransferCode(code),
            debit=account_id(debit, SELLER),
            credit=account_id(credit, SELLER),
            amount=amount,
            reference_id=named("order", order),
            organisation_id=SELLER,
        )

    async def credit(self, name: str, quantity: int) -> None:
        """Books the sale of an order that was paid."""
        await self.payment(name, name, "settled", (FACE + FEE) * quantity, outcome="credited")
        await self.book(
            self.moved(name, name, "sale_face_value", FACE * quantity),
            self.moved(name, name, "sale_fee", (FEE - VAT) * quantity),
            self.moved(name, name, "sale_vat", VAT * quantity),
            post_reservation(
                named("sale", name),
                TransferCode.SALE,
                pending_id=named("reserve_sale", name),
                reference_id=named("order", name),
                organisation_id=SELLER,
            ),
        )

    async def refund(self, name: str, order: str, pieces: int, *, state: str) -> None:
        amount = (FACE + FEE) * pieces
        await self.insert(
            "sales.refund",
            id=named("refund", name),
            order_id=named("order", order),
            item_id=named("item", order),
            payment_id=named("payment", order),
            quantity=pieces,
            amount=amount,
            reason="customer",
            channel="gateway",
            state=state,
            next_attempt_at=None if state == "paid" else NOW,
            created_at=EARLIER,
        )
        await self.owner.execute(
            "UPDATE sales.item SET refunded_quantity = refunded_quantity + $2 WHERE id = $1",
            named("item", order),
            pieces,
        )
        await self.book(
            self.moved(name, order, "refund_face_value", FACE * pieces),
            self.moved(name, order, "refund_fee", (FEE - VAT) * pieces),
            self.moved(name, order, "refund_vat", VAT * pieces),
            move(
                named("transfer", f"{name} quota"),
                TransferCode.REFUND_QUOTA,
                debit=lot_account_id(named("item", order)),
                credit=account_id(K.SELLER_STOCK, SELLER),
                amount=pieces,
                reference_id=named("order", order),
                organisation_id=SELLER,
            ),
        )
        if state == "paid":
            await self.book(self.moved(name, order, "refund_paid", amount))

    async def document(self, name: str, customer: str) -> None:
        await self.insert(
            "stamping.document",
            id=named("document", name),
            organisation_id=SELLER,
            customer_id=named("customer", customer),
            name="surat.pdf",
            input_object="00" * 32,
            input_bytes=1,
            inspection="{}",
            placements="[]",
            output="{}",
            created_at=EARLIER,
            retained_until=NOW + timedelta(days=30),
        )

    async def job(self, name: str, customer: str, state: str) -> None:
        """A job on the document of its name with one serial, paid from the customer's lot."""
        job, ended = named("job", name), state in ("released", "refused")
        await self.insert(
            "stamping.job",
            id=job,
            organisation_id=SELLER,
            customer_id=named("customer", customer),
            document_id=named("document", name),
            idempotency_key=f"key {name}",
            request_digest=b"",
            lot_account_id=lot_account_id(named("item", customer)),
            reference_id=named("item", customer),
            input_digest=b"",
            state=state,
            next_attempt_at=None if ended else NOW,
            created_at=EARLIER,
            ended_at=EARLIER if ended else None,
        )
        reservation = reserve(
            named("reserve_stamping", name),
            TransferCode.RESERVE_STAMPING,
            debit=lot_account_id(named("item", customer)),
            credit=account_id(K.USED, SELLER),
            amount=1,
            reference_id=job,
            organisation_id=SELLER,
            expires_at=NOW - timedelta(hours=1),
        )
        await self.book(reservation)
        await self.insert(
            "stamping.serial",
            serial=serial_of(name),
            job_id=job,
            ordinal=1,
            reservation_id=reservation.id,
            placement="{}",
            state={"released": "released", "refused": "annulled"}.get(state, "allocated"),
            allocated_at=EARLIER,
            released_at=EARLIER if state == "released" else None,
        )

    async def intent(self, name: str) -> None:
        await self.insert(
            "stamping.intent",
            serial=serial_of(name),
            digest=hashlib.sha256(name.encode()).digest(),
            prepared_object="00" * 32,
            gap_start=1,
            gap_end=2,
            created_at=EARLIER,
        )

    async def attempt(self, name: str, *, abandoned: bool = False) -> None:
        await self.insert(
            "stamping.sign_attempt",
            serial=serial_of(name),
            key_id=KEY,
            attempted_at=EARLIER,
            abandoned_at=EARLIER if abandoned else None,
        )

    def end(self, name: str, kind: str) -> Transfer:
        make, code = {
            "post": (post_reservation, TransferCode.STAMPING),
            "void": (void_reservation, TransferCode.RELEASE_STAMPING),
        }[kind]
        return make(
            named(kind, name),
            code,
            pending_id=named("reserve_stamping", name),
            reference_id=named("job", name),
            organisation_id=SELLER,
        )

    async def release(self, name: str, content: bytes) -> None:
        await self.insert(
            "stamping.release",
            serial=serial_of(name),
            version=1,
            sha256=await self.objects.put(content),
            bytes=len(content),
            pages=1,
            document_id=named("document", name),
            released_at=EARLIER,
        )


async def build(database: TestDatabase, objects: ObjectStore) -> World:
    """The world at the top of this file."""
    world = World(database.owner, database, objects)
    await ensure_organisations(database.app, EARLIER)
    await issue_quota(database.app, pieces=100, deposit_reference="NTPN-1", actor="ani", now=EARLIER)
    for name in ("alice", "bob", "citra"):
        await world.customer(name)
    await _alice(world)
    await _bob(world)
    await world.order("citra", "awaiting_payment", quantity=2)
    await world.payment("citra", "citra", "pending", 25_000, outcome=None)
    await world.order("dewi", "draft", quantity=1)
    await world.queue("casn", let_in=["alice", "dewi"])
    await _taken(world, await make_chain(database.app, now=EARLIER))
    await _accounting(world)
    return world


async def _alice(world: World) -> None:
    await world.document("alice", "alice")
    await world.order("alice", "completed", quantity=1, flow="stamp")
    await world.credit("alice", 1)
    await world.job("alice", "alice", "released")
    await world.intent("alice")
    await world.attempt("alice", abandoned=True)
    await world.attempt("alice")
    await world.release("alice", b"Alice's stamped letter")
    await world.book(world.end("alice", "post"))
    await world.payment("alice again", "alice", "settled", 12_500, outcome="refunded_double")
    await world.insert(
        "sales.refund",
        id=named("refund", "alice again"),
        order_id=named("order", "alice"),
        payment_id=named("payment", "alice again"),
        quantity=0,
        amount=12_500,
        reason="double",
        channel="gateway",
        state="payable",
        next_attempt_at=NOW,
        created_at=EARLIER,
    )
    await world.book(world.moved("alice again", "alice", "refund_suspense", 12_500))


async def _bob(world: World) -> None:
    await world.order("bob", "completed", quantity=5)
    await world.credit("bob", 5)
    await world.refund("bob one", "bob", 1, state="paid")
    await world.refund("bob two", "bob", 1, state="payable")
    for document, state in (("refused", "refused"), ("living", "sealing")):
        await world.document(document, "bob")
        await world.job(document, "bob", state)
    await world.book(world.end("refused", "void"))
    await world.intent("living")
    await world.attempt("living")


async def _accounting(world: World) -> None:
    """Bob's payment was settled the day before and cost 12 more. The bank has it, and two lines besides."""
    payout, came = "PO20260903", 62_500 - 438 - 12
    await world.owner.execute(
        """SELECT accounting.take_report('midtrans', $1, sha256('report'), $2, $3, '{payment}',
               '{reference bob}', '{62500}', '{450}', $4)""",
        EARLIER.date() - timedelta(days=1),
        payout,
        came,
        EARLIER,
    )
    await world.owner.execute(
        """SELECT accounting.take_statement('1234567890', sha256('statement'), $1, $1, NULL, NULL,
               array_fill($1::date, '{3}'), $2, $3, $4)""",
        EARLIER.date(),
        [came, -5_000, 700],
        [payout, "BIAYA", "SETORAN"],
        EARLIER,
    )
    await world.owner.execute(
        """SELECT accounting.explain_line(id, 'bank_cost', NULL, $1) FROM accounting.bank_line
           WHERE amount = -5000""",
        EARLIER,
    )


async def _taken(world: World, chain: Chain) -> None:
    firm, names = chain.enterprise, ("waiting", "returned", "hashed", "on its way")
    await world.owner.execute(
        "SELECT stamping.take_serials($1, $2, $3, array_fill(NULL::uuid, '{4}'), $3, $4)",
        firm.id,
        [serial_of(name) for name in names],
        list(names),
        EARLIER,
    )
    await world.owner.execute(
        "SELECT stamping.return_serials($1, $2, $3)", firm.id, [serial_of("returned")], EARLIER
    )
    await world.document("on its way", "alice")
    await world.owner.execute(
        """UPDATE stamping.document SET organisation_id = $2, customer_id = $3, placements = '[{}]'
           WHERE id = $1""",
        named("document", "on its way"),
        firm.id,
        firm.account_holder,
    )
    assert await world.owner.fetchval(
        "SELECT stamping.start_taken_job($1, $2, $3, 'taken', '\\x00', $2, $4, $5)",
        firm.id,
        named("job", "on its way"),
        named("document", "on its way"),
        serial_of("on its way"),
        NOW,
    )
    await world.intent("on its way")
    await _hash(world, chain)


async def _hash(world: World, chain: Chain) -> None:
    await world.insert(
        "stamping.signing_key",
        key_id=HASH_KEY,
        place="file:hash",
        certificates=[b""],
        valid_from=EARLIER,
        valid_until=NOW + timedelta(days=900),
        added_at=EARLIER,
        purpose="hash",
    )
    request = await world.owner.fetchval(
        "SELECT stamping.ask_hash($1, $2, $3, $4, $4, 'attributes', $5)",
        chain.enterprise.id,
        named("hash", "hashed"),
        serial_of("hashed"),
        bytes(32),
        EARLIER,
    )
    await world.owner.execute(
        "SELECT stamping.begin_hash_signing(ARRAY[$1::uuid], $2, $3)", request, HASH_KEY, EARLIER
    )
    assert await world.owner.fetchval(
        "SELECT stamping.bind_hash($1, $2, $3, $4)", request, HASH_KEY, bytes(256), EARLIER
    )
