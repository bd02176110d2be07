"""The history as SQL: each statement writes one table for the customers $1..$2.

Each customer bought two stamps for two documents in one order, as an applicant of CASN does: one payment by
QRIS, two lots, two jobs, two serial numbers. Every tenth had let an order expire before; every fortieth paid
twice and got the second payment back. Uploads are gone, as `clean_up_documents` leaves them. The released
files were never here: `stamping.release.imported` says so (docs/decisions/0011).

Customer n and his m-th document (m: 1, 2) have the number 2n + m wherever one is needed.
"""

# ruff: noqa: S608 (no word of it comes from outside)

from __future__ import annotations

from datetime import datetime
from typing import Final

from meterai.ledger.model import SELLER, AccountKind, account_id

KEY_ID: Final = "00000000000a9e5d"
"""Of the key that sealed the history. It is nobody's."""
PRICE: Final = 25_000
FACE, FEE, VAT, COST = 20_000, 4_504, 496, 175
EXPIRED_EVERY: Final = 10
DOUBLE_EVERY: Final = 40

_OF: dict[AccountKind, str] = {
    kind: f"'{account_id(kind, SELLER)}'::uuid" for kind in AccountKind if kind is not AccountKind.LOT
}


def functions(*, customers: int, began: datetime, ended: datetime) -> str:
    """SQL that makes the functions of one connection: ids and times that follow from a customer's number."""
    seconds = (ended - began).total_seconds() / customers
    return f"""
    CREATE FUNCTION pg_temp.at(n bigint) RETURNS timestamptz STABLE LANGUAGE sql AS
        $$ SELECT '{began.isoformat()}'::timestamptz + n * interval '{seconds:.6f} seconds' $$;
    -- STABLE, as what they call is: so they are taken into the statements.
    -- As kernel.ids.derived_id: in no order.
    CREATE FUNCTION pg_temp.derived(name text, n bigint) RETURNS uuid STABLE LANGUAGE sql AS
        $$ SELECT overlay(overlay(md5(name || n) placing '8' from 13) placing 'a' from 17)::uuid $$;
    -- As kernel.ids.new_id: in the order of time (UUIDv7).
    CREATE FUNCTION pg_temp.new(name text, n bigint, at timestamptz) RETURNS uuid STABLE LANGUAGE sql AS
        $$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' ||
                   substr(md5(name || n), 1, 3) || 'a' || substr(md5(name || n), 4, 15))::uuid $$;
    CREATE FUNCTION pg_temp.serial(d bigint) RETURNS text STABLE LANGUAGE sql AS
        $$ SELECT upper(substr(md5('serial' || d), 1, 22)) $$;
    CREATE FUNCTION pg_temp.digest(name text, n bigint) RETURNS text STABLE LANGUAGE sql AS
        $$ SELECT encode(sha256((name || n)::bytea), 'hex') $$;
    """


_CUSTOMERS = f"""SELECT n, at, pg_temp.new('customer', n, at) AS customer, pg_temp.new('order', n,
    at) AS of_order,
        pg_temp.new('payment', n, at) AS payment, upper(substr(md5('order' || n), 1, 16)) AS number,
        '{SELLER}'::uuid AS seller
    FROM generate_series($1::bigint, $2::bigint) n,
        LATERAL (SELECT pg_temp.at(n) AS at OFFSET 0) t OFFSET 0"""
_DOCUMENTS = f"""SELECT c.*, m, d, pg_temp.derived('item', d) AS item, pg_temp.derived('lot', d) AS lot,
        pg_temp.new('document', d, at) AS document, pg_temp.new('job', d, at) AS job,
            pg_temp.serial(d) AS serial
    FROM ({_CUSTOMERS}) c, generate_series(1, 2) m, LATERAL (SELECT 2 * n + m AS d) t OFFSET 0"""
_EXPIRED = f"""SELECT c.n, at - interval '1 hour' AS at, customer, pg_temp.new('expired', n, at) AS of_order,
        'X' || number AS number, seller
    FROM ({_CUSTOMERS}) c WHERE n % {EXPIRED_EVERY} = 0"""
_DOUBLE = f"SELECT c.* FROM ({_CUSTOMERS}) c WHERE n % {DOUBLE_EVERY} = 0"
_PLACE = """'{"x": 383.68, "y": 230.97, "page": 1, "size": 90.0}'::jsonb"""
_INSPECTION = """'{"pages": [{"rotation": 0, "width_pt": 595.28, "height_pt": 841.89}], "notices": [],
    "signers": [], "repaired": false, "encrypted": false, "signatures": "none", "size_bytes": 99506,
    "pdf_version": "1.7"}'::jsonb"""
_OUTPUT = """'{"offers": [], "too_large": false, "base_bytes": 99565, "rewritable": true,
    "pdf_version": "1.7",
    "stamp_bytes": 23377, "version_low": false, "output_bytes": 122942}'::jsonb"""
_ORDER_COLUMNS = """(id, number, submit_id, token_digest, organisation_id, customer_id, event_slug, flow,
    state,
    language, contact_kind, contact_value, quantity, face_value, fee, vat, total, created_at, expires_at,
        placed_at,
    paid_at, closed_at)"""
_CONTACT = "'pelamar' || n || '@contoh.id'"

_PEOPLE = (
    f"""INSERT INTO customers.customer (id, organisation_id, language, created_at)
        SELECT customer, seller, 'id', at FROM ({_CUSTOMERS}) c""",
    f"""INSERT INTO customers.contact (id, customer_id, kind, value, verified_at)
        SELECT pg_temp.new('contact', n, at), customer, 'email', {_CONTACT}, at FROM ({_CUSTOMERS}) c""",
)
_SALES = (
    f"""INSERT INTO sales.orders {_ORDER_COLUMNS}
        SELECT of_order, number, 'form ' || number, sha256(number::bytea), seller, customer,
            (SELECT min(slug) FROM sales.event), 'stamp', 'completed', 'id', 'email', {_CONTACT}, 2, {FACE},
            {FEE + VAT}, {VAT}, {PRICE}, at, at + interval '30 min', at, at, at FROM ({_CUSTOMERS}) c
        UNION ALL
        SELECT of_order, number, 'form ' || number, sha256(number::bytea), seller, customer,
            (SELECT min(slug) FROM sales.event), 'quota', 'expired', 'id', 'email', {_CONTACT}, 1,
                {FACE // 2},
            {(FEE + VAT) // 2}, {VAT // 2}, {PRICE // 2}, at, at + interval '30 min', at, NULL,
                at + interval '30 min'
        FROM ({_EXPIRED}) e""",
    f"""INSERT INTO sales.item (id, order_id, position, kind, document_id, document_kind, quantity, state,
            lot_account_id, unit_face_value, unit_fee, unit_vat, done_at)
        SELECT item, of_order, m, 'stamp', document,
            CASE m WHEN 1 THEN 'surat_lamaran' ELSE 'surat_pernyataan' END,
            1, 'done', lot, {FACE // 2}, {(FEE + VAT) // 2}, {VAT // 2}, at FROM ({_DOCUMENTS}) d
        UNION ALL
        SELECT pg_temp.derived('expired item', n), of_order, 1, 'quota', NULL, NULL, 1, 'waiting',
            pg_temp.derived('expired lot', n), {FACE // 2}, {(FEE + VAT) // 2}, {VAT // 2}, NULL
        FROM ({_EXPIRED}) e""",
    f"""INSERT INTO sales.payment (id, order_id, gateway, channel, reference, amount, state, transaction_id,
            paid_amount, outcome, gateway_cost, created_at, expires_at, settled_at)
        SELECT payment, of_order, 'midtrans', 'qris', number || '-1', {PRICE}, 'settled',
            pg_temp.derived('transaction', n)::text, {PRICE}, 'credited', {COST}, at,
                at + interval '30 min', at
        FROM ({_CUSTOMERS}) c
        UNION ALL
        SELECT pg_temp.new('second payment', n, at), of_order, 'midtrans', 'qris', number || '-2', {PRICE},
            'settled', pg_temp.derived('second transaction', n)::text, {PRICE}, 'refunded_double', 0, at,
            at + interval '30 min', at FROM ({_DOUBLE}) b
        UNION ALL
        SELECT pg_temp.new('expired payment', n, at), of_order, 'midtrans', 'qris', number || '-1',
            {PRICE // 2},
            'expired', pg_temp.derived('expired transaction', n)::text, NULL, NULL, NULL, at,
            at + interval '30 min', NULL FROM ({_EXPIRED}) e""",
    f"""INSERT INTO sales.notice (id, gateway, event_key, reference, raw, received_at, processed_at)
        SELECT pg_temp.new('notice', n, at), 'midtrans', pg_temp.digest('notice', n), number || '-1',
            convert_to('{{"transaction_id":"' || pg_temp.derived('transaction',
                n) || '","order_id":"' || number ||
                '-1","gross_amount":"{PRICE}.00","transaction_status":"settlement","fraud_status":"accept"}}',
                'UTF8'), at, at FROM ({_CUSTOMERS}) c""",
    f"""INSERT INTO sales.refund (id, order_id, payment_id, quantity, amount, reason, channel, state,
        reference,
            created_at, paid_at)
        SELECT pg_temp.new('refund', n, at), of_order, pg_temp.new('second payment', n, at), 0, {PRICE},
            'double',
            'gateway', 'paid', number || '-r', at, at FROM ({_DOUBLE}) b""",
)


def _transfers(of: str, *rows: str) -> str:
    """One INSERT of all the transfers of each row of `of`."""
    values = ",\n            ".join(f"({row})" for row in rows)
    return f"""INSERT INTO ledger.transfer (id, kind, pending_id, debit_account_id, credit_account_id,
        unit, amount,
            code, reference_id, organisation_id, expires_at, created_at, posted_at, business_date)
        SELECT t.id, t.kind, t.pending_id, t.debit, t.credit, t.unit, t.amount, t.code, t.reference, r.seller,
            CASE t.kind WHEN 'pending' THEN r.at + interval '45 min' END, r.at,
            CASE WHEN t.kind IN ('single', 'post') THEN r.at END, (r.at AT TIME ZONE 'Asia/Jakarta')::date
        FROM ({of}) r, LATERAL (VALUES
            {values}
        ) t(id, kind, pending_id, debit, credit, unit, amount, code, reference)"""


def _money(code: str, debit: AccountKind, credit: AccountKind, amount: int, *, name: str = "") -> str:
    return (
        f"pg_temp.derived('{name or code}', n), 'single', NULL::uuid, {_OF[debit]}, {_OF[credit]}, 'IDR', "
        f"{amount}::bigint, '{code}', of_order"
    )


def _stamps(
    codes: tuple[str, str], debit: str, credit: str, *, reference: str, number: str, ends: str
) -> list[str]:
    """A reservation and what ended it."""
    first, second = codes
    held = f"pg_temp.derived('{first}', {number})"
    return [
        f"{held}, 'pending', NULL::uuid, {debit}, {credit}, 'STAMP', 1::bigint, '{first}', {reference}",
        f"pg_temp.derived('{second}', {number}), '{ends}', {held}, {debit}, {credit}, 'STAMP', 1::bigint, "
        f"'{second}', {reference}",
    ]


K = AccountKind
_STOCK, _USED = _OF[K.SELLER_STOCK], _OF[K.USED]
_LEDGER = (
    f"""INSERT INTO ledger.account (id, unit, kind, organisation_id, customer_id, balance_side, debits_posted,
            credits_posted, created_at)
        SELECT lot, 'STAMP', 'lot', seller, customer, 'credit', 1, 1, at FROM ({_DOCUMENTS}) d
        UNION ALL
        SELECT pg_temp.derived('expired lot', n), 'STAMP', 'lot', seller, customer, 'credit', 0, 0, at
        FROM ({_EXPIRED}) e""",
    _transfers(
        _CUSTOMERS,
        _money("payment", K.GATEWAY_CLEARING, K.SUSPENSE, PRICE),
        _money("sale_face_value", K.SUSPENSE, K.FACE_VALUE_PAYABLE, FACE),
        _money("sale_fee", K.SUSPENSE, K.FEE_INCOME, FEE),
        _money("sale_vat", K.SUSPENSE, K.VAT_PAYABLE, VAT),
        _money("gateway_cost", K.GATEWAY_COST, K.GATEWAY_CLEARING, COST),
    ),
    _transfers(
        _DOCUMENTS,
        *_stamps(("reserve_sale", "sale"), _STOCK, "lot", reference="of_order", number="d", ends="post"),
        *_stamps(("reserve_stamping", "stamping"), "lot", _USED, reference="job", number="d", ends="post"),
    ),
    _transfers(
        _DOUBLE,
        _money("payment", K.GATEWAY_CLEARING, K.SUSPENSE, PRICE, name="second payment"),
        _money("refund_suspense", K.SUSPENSE, K.REFUND_PAYABLE, PRICE),
        _money("refund_paid", K.REFUND_PAYABLE, K.GATEWAY_CLEARING, PRICE),
    ),
    _transfers(
        f"SELECT e.*, pg_temp.derived('expired lot', n) AS lot, -n AS d FROM ({_EXPIRED}) e",
        *_stamps(
            ("reserve_sale", "release_sale"), _STOCK, "lot", reference="of_order", number="d", ends="void"
        ),
    ),
)
_STAMPING = (
    f"""INSERT INTO stamping.document (id, organisation_id, customer_id, name, kind, input_object,
        input_bytes,
            inspection, placements, output_bytes_max, pdf_version_min, output, created_at, retained_until,
            input_deleted_at)
        SELECT document, seller, customer, 'surat.pdf', 'surat_lamaran', pg_temp.digest('input', d), 99506,
            {_INSPECTION}, jsonb_build_array({_PLACE}), 819200, '1.6', {_OUTPUT}, at, at + interval '7 days',
            at + interval '7 days' FROM ({_DOCUMENTS}) d""",
    f"""INSERT INTO stamping.job (id, organisation_id, customer_id, document_id, idempotency_key,
        request_digest,
            lot_account_id, reference_id, input_digest, state, attempts, lease_token, created_at, ended_at)
        SELECT job, seller, customer, document, item || '-' || payment, sha256(item::text::bytea), lot, item,
            sha256(('input' || d)::bytea), 'released', 1, 1, at, at FROM ({_DOCUMENTS}) d""",
    f"""INSERT INTO stamping.serial (serial, job_id, ordinal, reservation_id, placement, state, allocated_at,
            sealed_at, released_at)
        SELECT serial, job, 1, pg_temp.derived('reserve_stamping', d), {_PLACE}, 'released', at, at, at
        FROM ({_DOCUMENTS}) d""",
    f"""INSERT INTO stamping.intent (serial, digest, prepared_object, gap_start, gap_end, created_at)
        SELECT serial, sha256(serial::bytea), pg_temp.digest('prepared', d), 108642, 121956, at
        FROM ({_DOCUMENTS}) d""",
    f"""INSERT INTO stamping.sign_attempt (serial, key_id, attempted_at)
        SELECT serial, '{KEY_ID}', at FROM ({_DOCUMENTS}) d""",
    f"""INSERT INTO stamping.release (serial, version, sha256, bytes, pages, document_id, released_at, key_id,
            imported)
        SELECT serial, 1, pg_temp.digest('released', d), 122763, 1, document, at, '{KEY_ID}', true
        FROM ({_DOCUMENTS}) d""",
    f"""INSERT INTO stamping.archive (document_id, level, proof_until, due_at)
        SELECT document, 'B-LTA', at + interval '10 years', at + interval '9 years' FROM ({_DOCUMENTS}) d""",
)
STATEMENTS: Final = (*_PEOPLE, *_LEDGER, *_SALES, *_STAMPING)
TABLES: Final = tuple(dict.fromkeys(text.split()[2] for text in STATEMENTS))


def balances(customers: int) -> list[tuple[str, int, int]]:
    """What the history adds to the accounts that are no lots: (account, debits, credits), all posted."""
    doubles = customers // DOUBLE_EVERY
    paid = PRICE * (customers + doubles)
    moved = {
        K.SELLER_STOCK: (2 * customers, 0),
        K.USED: (0, 2 * customers),
        K.GATEWAY_CLEARING: (paid, COST * customers + PRICE * doubles),
        K.SUSPENSE: (paid, paid),
        K.FACE_VALUE_PAYABLE: (0, FACE * customers),
        K.FEE_INCOME: (0, FEE * customers),
        K.VAT_PAYABLE: (0, VAT * customers),
        K.GATEWAY_COST: (COST * customers, 0),
        K.REFUND_PAYABLE: (PRICE * doubles, PRICE * doubles),
    }
    return [(str(account_id(kind, SELLER)), debits, credits) for kind, (debits, credits) in moved.items()]
