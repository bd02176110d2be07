"""Examples of all acts of the console, and the rows that they are about."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from meterai.customers.organisations import ensure_organisations
from meterai.kernel.ids import new_id
from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.releases import ask_release
from meterai.ledger.model import ISSUER
from meterai.ledger.use_cases.open_books import open_books
from meterai.partners.model import OrganisationRole
from meterai.sales.events import load_events
from meterai.sales.use_cases.set_events import set_events
from meterai.waiting_room.rules.model import Policy
from meterai.waiting_room.store import queues
from tests.api.programs import new_key, public_half
from tests.console.running_console import NOW
from tests.partners.organisations import organisation
from tests.storage_fixtures import TestDatabase
from tests.waiting_room.line import SCHEDULE

IN_DOUBT: Final = "0192f0c4-7b7e-7c4e-9c62-9d1a5a3c9b11"
"""A refund that may have gone out."""
_CLIENT, _KEY = uuid.UUID(int=1), uuid.UUID(int=2)
CLIENT: Final = write_id(Prefix.CLIENT, _CLIENT)
KEY: Final = write_id(Prefix.KEY, _KEY)
LINE: Final = str(uuid.UUID(int=4))
VALID: Final[Mapping[str, Mapping[str, str]]] = {
    "case.answer": {"number": "k-2345-6789", "answer": "Uang Anda 100% aman."},
    "case.close": {"number": "K-2345-6789", "reason": "selesai"},
    "order.ask_gateway": {"order": "2222-3333-4444", "reason": "K-1"},
    "order.retry": {"order": "2222-3333-5555", "reason": "K-1"},
    "order.send_link": {"order": "2222 3333 4444", "reason": "K-1"},
    "order.cancel": {"order": "2222-3333-4444", "reason": "K-1"},
    "order.change_contact": {"order": "2222-3333-5555", "contact": "0812 3456 7890", "proof": "K-1: tahu"},
    "refund.give": {
        "order": "2222-3333-6666",
        "pieces": "2",
        "reason": "putusan 12/2026",
        "bank": "BCA",
        "account": "123-456-7890",
        "holder": "Siti Aminah",
    },
    "queue.halt": {"event": "casn", "reason": "gateway mati"},
    "queue.resume": {"event": "casn", "reason": "gateway hidup"},
    "queue.off": {"event": "casn", "reason": "sepi"},
    "queue.on": {"event": "casn", "reason": "malam terakhir"},
    "queue.cap": {"event": "casn", "people": "120", "reason": "gateway lambat"},
    "sealing.stop": {"reason": "meterai tampak salah"},
    "sealing.resume": {"reason": "perangkat diganti"},
    "event.open": {
        "event": "pppk-2026",
        "name": "Seleksi PPPK 2026",
        "agency": "Badan Kepegawaian Negara",
        "zone": "Asia/Jakarta",
        "opens_at": "2027-10-01T08:00",
        "closes_at": "2027-10-31T23:59",
        "documents": "surat_lamaran | Surat lamaran | Letter of application",
        "kilobytes": "800",
        "pdf_version": "1.6",
        "signed_later": "tidak",
        "hand_in": "Portal SSCASN | SSCASN portal | https://sscasn.bkn.go.id",
        "line": "ya",
        "reason": "BKN mengumumkannya",
    },
    "event.change": {"event": "casn", "closes_at": "2027-01-31T23:59", "reason": "BKN memundurkannya"},
    "event.close": {"event": "casn", "event_ends_at": "2027-01-15T12:00", "reason": "BKN menghentikannya"},
    "event.follow_file": {"event": "pppk-2025", "reason": "berkas sudah benar"},
    "price.set": {"valid_from": "2027-01-31", "fee": "3000", "vat": "11,5", "reason": "biaya gateway naik"},
    "quota.issue": {"deposit": "NTPN-1", "stamps": "1000"},
    "refund.end": {"refund": IN_DOUBT, "reason": "sudah sampai"},
    "refund.again": {"refund": IN_DOUBT, "reason": "penyedia tidak mengenalnya"},
    "partner.add": {"code": "bank-baru", "company": "Bank Baru", "role": "collector"},
    "client.add": {
        "partner": "collector",
        "program": "Inti",
        "public_key": public_half(new_key()).decode(),
    },
    "client.change": {
        "client": CLIENT,
        "scopes": "stamps:write stamps:read",
        "networks": "*",
        "hour_max": "0",
    },
    "client.revoke": {"client": CLIENT, "reason": "kunci bocor"},
    "client.key_end": {"api_key": KEY, "reason": "kunci bocor", "ends_at": "2027-01-31T14:00"},
    "client.login_end": {"user": "Inti@bank.example", "reason": "tidak dipakai"},
    "day.close": {"reason": "alarm"},
    "bank_line.explain": {"line": LINE, "explanation": "top_up", "reason": "tiket 4711"},
    "partner.deposit": {"partner": "dist", "amount": "10000000", "receipt": "NTPN-2"},
    "partner.payment": {"partner": "collector", "amount": "500000", "receipt": "TRF-1"},
    "partner.agree": {"partner": "collector", "price": "10000", "credit": "5000000", "signed": "ya"},
    "person.erase": {"person": "a@b.example", "reason": "diminta orangnya"},
    "release.withdraw": {"request": "1", "reason": "salah angka"},
}
"""A form of each act that would be carried out."""


async def open_case(database: TestDatabase) -> None:
    await database.owner.execute(
        """SELECT cases.open_case($1, 'K-2345-6789', 'money', '2222-3333-4444', '50% saja', 'email',
            'a@b.example', true, 'id', sha256('x'), $2)""",
        new_id(NOW),
        NOW,
    )


async def add_orders(database: TestDatabase) -> None:
    """An order that waits for its payment, one that is paid, and one with unused quota."""
    await database.owner.execute("SET session_replication_role = replica")
    await database.owner.execute(
        """INSERT INTO sales.orders (id, number, submit_id, token_digest, organisation_id, flow, state,
               language, contact_kind, contact_value, created_at)
           SELECT gen_random_uuid(), number, number, sha256(number::bytea), gen_random_uuid(), 'stamp', state,
               'id', 'email', 'a@b.example', $1
           FROM (VALUES ('2222-3333-4444', 'awaiting_payment'), ('2222-3333-5555', 'paid'))
               o (number, state)""",
        NOW,
    )
    await database.owner.execute(
        """INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, created_at,
               expires_at)
           SELECT gen_random_uuid(), id, 'midtrans', 'qris', number, 1, 'pending', $1, $1
           FROM sales.orders WHERE number IN ('2222-3333-4444', '2222-3333-5555')""",
        NOW,
    )
    await _add_quota(database)
    await database.owner.execute(
        """INSERT INTO sales.refund (id, order_id, payment_id, quantity, amount, reason, channel, state,
               failure_code, created_at)
           SELECT $1, order_id, id, 0, 12500, 'late', 'payout', 'payable', 'payout.unsure', $2
           FROM sales.payment WHERE reference = '2222-3333-6666'""",
        IN_DOUBT,
        NOW,
    )
    await database.owner.execute("SET session_replication_role = origin")


async def _add_quota(database: TestDatabase) -> None:
    """A completed order of two stamps, which its customer has not used."""
    await database.owner.execute(
        """WITH o AS (
               INSERT INTO sales.orders (id, number, submit_id, token_digest, organisation_id, flow, state,
                   language, contact_kind, contact_value, customer_id, created_at)
               VALUES (gen_random_uuid(), '2222-3333-6666', 'quota', sha256('quota'), gen_random_uuid(),
                   'quota', 'completed', 'id', 'email', 'a@b.example', gen_random_uuid(), $1) RETURNING id
           ), a AS (
               INSERT INTO ledger.account (id, kind, unit, balance_side, organisation_id, credits_posted,
                   created_at)
               VALUES (gen_random_uuid(), 'lot', 'STAMP', 'credit', gen_random_uuid(), 2, $1) RETURNING id
           ), i AS (
               INSERT INTO sales.item (id, order_id, position, kind, quantity, state, lot_account_id,
                   unit_face_value, unit_fee, unit_vat)
               SELECT gen_random_uuid(), o.id, 1, 'quota', 2, 'done', a.id, 10000, 2500, 248 FROM o, a
           )
           INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, outcome,
               created_at, expires_at)
           SELECT gen_random_uuid(), id, 'midtrans', 'va_bni', '2222-3333-6666', 25000, 'settled', 'credited',
               $1, $1 FROM o""",
        NOW,
    )


async def add_queue(database: TestDatabase) -> None:
    """An event of the file with a line, and one that officers entered."""
    await set_events(database.app, load_events())
    await database.owner.execute(
        """INSERT INTO sales.event_entry
           SELECT 'pppk-2025', true, says || '{"slug": "pppk-2025"}', entered_at FROM sales.event_entry"""
    )
    await set_events(database.app, load_events())
    async with database.app.transaction() as tx:
        await queues.add_queue(tx, "casn", SCHEDULE, Policy(), is_on=True, now=NOW)


async def add_partners(database: TestDatabase) -> None:
    """A distributor and a collector, right below the issuer."""
    await ensure_organisations(database.app, NOW)
    await open_books(database.app, now=NOW)
    for code, role in (("dist", OrganisationRole.DISTRIBUTOR), ("collector", OrganisationRole.COLLECTOR)):
        await organisation(database.app, code, role, below=ISSUER, now=NOW)
    await add_client(database)


async def add_client(database: TestDatabase) -> None:
    """A client of the collector, with its key and its login."""
    run = database.owner.execute
    await run(
        """INSERT INTO partners.client (id, organisation_id, name, scopes, stamps_per_hour_max, created_at)
           SELECT $1, id, 'Core banking', '{stamps:write}', 500, $2 FROM partners.organisation
           WHERE code = 'collector'""",
        _CLIENT,
        NOW,
    )
    await run(
        """INSERT INTO partners.client_key (id, client_id, public_key, thumbprint, added_at)
           VALUES ($1, $2, '{}', 'sidik', $3)""",
        _KEY,
        _CLIENT,
        NOW,
    )
    await run(
        """INSERT INTO partners.login (id, client_id, user_name, password_digest, made_at)
           VALUES ($1, $1, 'inti@bank.example', sha256('x'), $2)""",
        _CLIENT,
        NOW,
    )


async def add_day_and_line(database: TestDatabase) -> None:
    """Books that were opened the day before, and a line of the bank that nobody has explained."""
    await database.owner.execute("SET session_replication_role = replica")
    await database.owner.execute(
        "UPDATE ledger.account SET created_at = $1 WHERE kind = 'issuance'", NOW - timedelta(days=1)
    )
    await database.owner.execute(
        """INSERT INTO accounting.bank_line (id, statement_id, booked_on, amount, words)
           VALUES ($1, gen_random_uuid(), $2, -5000000, 'TRF IRIS TOPUP 4711 SARI DEWI')""",
        uuid.UUID(LINE),
        NOW.date(),
    )
    await database.owner.execute("SET session_replication_role = origin")


async def ask_two(database: TestDatabase) -> None:
    """Requests that nobody has approved: stamps, and a large refund with an account."""
    refund = {"order": "2222-3333-4444", "amount": 2_500_000, "bank": "bca", "account": "1234567890"}
    async with database.console.transaction() as tx:
        await ask_release(tx, kind="quota.issue", subject="NTPN", facts={"pieces": 1, "amount": 10_000})
    async with database.worker.transaction() as tx:
        await ask_release(tx, kind="refund", subject="refund 1", facts=refund, person="somebody")
