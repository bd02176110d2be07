"""The history as rows: for each table a function that writes those of some customers.

Each customer bought two stamps for two documents in one order, as an applicant of CASN does: one payment by
QRIS, two lots, two jobs, two serial numbers. Every tenth had let an order expire before; every fortieth paid
twice and got the second payment back. Uploads are gone, as `clean_up_documents` leaves them. The released
files were never here: `stamping.release.imported` says so (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.growth import made_up, stamped
from benchmarks.growth.copying import Column, Value, bigint, integer, rows_of, text_of
from benchmarks.growth.made_up import hexadecimal, uuid_texts
from benchmarks.growth.people import Document, People, documents
from benchmarks.growth.transfers import COST, DOUBLE_EVERY, EXPIRED_EVERY, FACE, FEE, PRICE, VAT, transfers
from meterai.customers.organisations import SELLER

_SELLER = SELLER.bytes
_EXPIRED_HOURS_BEFORE = 1

Row = Mapping[str, Value]


def _expired(people: People) -> People:
    """Those who had let an order expire, an hour before."""
    return people.every(EXPIRED_EVERY).before(_EXPIRED_HOURS_BEFORE)


def expired_order(people: People) -> Column:
    """Ids of the orders that expired. `people`: as they were then."""
    return made_up.new_ids("expired", people.n, people.at)


def _customers(people: People) -> bytes:
    row: Row = {
        "id": people.customer,
        "organisation_id": _SELLER,
        "language": b"id",
        "created_at": people.time,
    }
    return rows_of(len(people.n), row)


def _contacts(people: People) -> bytes:
    row: Row = {
        "id": made_up.new_ids("contact", people.n, people.at),
        "customer_id": people.customer,
        "kind": b"email",
        "value": people.contact,
        "verified_at": people.time,
        "replaced_at": None,
    }
    return rows_of(len(people.n), row)


def _accounts(people: People) -> bytes:
    def row(lot: Column, of: People, customer: Column, moved: int) -> Row:
        return {
            "id": lot,
            "unit": b"STAMP",
            "kind": b"lot",
            "organisation_id": _SELLER,
            "customer_id": customer,
            "balance_side": b"credit",
            "debits_pending": bigint(0),
            "debits_posted": bigint(moved),
            "credits_pending": bigint(0),
            "credits_posted": bigint(moved),
            "created_at": of.time,
        }

    filled = rows_of(len(people.n), *(row(doc.lot, people, people.customer, 1) for doc in documents(people)))
    before = _expired(people)
    lots = made_up.derived_ids("expired lot", before.n)
    return filled + rows_of(len(before.n), row(lots, before, people.every(EXPIRED_EVERY).customer, 0))


def _transfers(people: People) -> bytes:
    before = _expired(people)
    return transfers(people, before, expired_order(before))


def _orders(people: People) -> bytes:
    def row(of: People, order: Column, number: Column, customer: Column, stamps: int, paid: bool) -> Row:
        time = of.time if paid else None
        return {
            "id": order,
            "number": number,
            "submit_id": text_of(b"form ", number),
            "token_digest": made_up.digests("token" if paid else "expired token", of.n),
            "organisation_id": _SELLER,
            "customer_id": customer,
            "event_slug": of.event,
            "flow": b"stamp" if paid else b"quota",
            "state": b"completed" if paid else b"expired",
            "language": b"id",
            "contact_kind": b"email",
            "contact_value": of.contact,
            "quantity": bigint(stamps),
            "face_value": bigint(FACE * stamps // 2),
            "fee": bigint((FEE + VAT) * stamps // 2),
            "vat": bigint(VAT * stamps // 2),
            "total": bigint(PRICE * stamps // 2),
            "created_at": of.time,
            "expires_at": of.later(0.5),
            "placed_at": of.time,
            "paid_at": time,
            "closed_at": of.time if paid else of.later(0.5),
            "link_sent_at": None,
            "paid_told_at": None,
            "token_round": integer(0),
            "probe": None,
        }

    before = _expired(people)
    customer = people.every(EXPIRED_EVERY).customer
    return rows_of(
        len(people.n), row(people, people.order, people.number, people.customer, 2, True)
    ) + rows_of(
        len(before.n),
        row(before, expired_order(before), text_of(b"X", before.number), customer, 1, False),
    )


def _items(people: People) -> bytes:
    def row(of: People, order: Column, item: Column, lot: Column, document: Document | None) -> Row:
        kinds = {1: b"surat_lamaran", 2: b"surat_pernyataan"}
        place = 1 if document is None else document.m
        return {
            "id": item,
            "order_id": order,
            "position": integer(place),
            "kind": b"quota" if document is None else b"stamp",
            "document_id": None if document is None else document.id,
            "document_kind": None if document is None else kinds[place],
            "quantity": bigint(1),
            "state": b"waiting" if document is None else b"done",
            "refusal_code": None,
            "lot_account_id": lot,
            "unit_face_value": bigint(FACE // 2),
            "unit_fee": bigint((FEE + VAT) // 2),
            "unit_vat": bigint(VAT // 2),
            "refunded_quantity": bigint(0),
            "done_at": None if document is None else of.time,
        }

    before = _expired(people)
    items = made_up.derived_ids("expired item", before.n)
    lots = made_up.derived_ids("expired lot", before.n)
    return rows_of(
        len(people.n), *(row(people, people.order, doc.item, doc.lot, doc) for doc in documents(people))
    ) + rows_of(len(before.n), row(before, expired_order(before), items, lots, None))


def _payment(of: People, payment: Column, order: Column, **changes: Value) -> Row:
    once: dict[str, Value] = {
        "id": payment,
        "order_id": order,
        "gateway": b"midtrans",
        "channel": b"qris",
        "reference": None,
        "amount": bigint(PRICE),
        "state": b"settled",
        "transaction_id": None,
        "qr_text": None,
        "va_number": None,
        "page_url": None,
        "paid_amount": bigint(PRICE),
        "outcome": b"credited",
        "gateway_cost": bigint(COST),
        "created_at": of.time,
        "expires_at": of.later(0.5),
        "settled_at": of.time,
        "reversed_at": None,
        "poll_at": None,
        "polls": integer(0),
        "lease_until": None,
        "asked_at": None,
        "biller_code": None,
        "pay_url": None,
    }
    return once | changes


def _transaction(name: str, people: People) -> Column:
    return uuid_texts(made_up.derived_ids(name, people.n))


def second_payment(people: People) -> Column:
    """Ids of payments that came twice."""
    return made_up.new_ids("second payment", people.n, people.at)


def _payments(people: People) -> bytes:
    double, before = people.every(DOUBLE_EVERY), _expired(people)
    once = _payment(
        people,
        people.payment,
        people.order,
        reference=text_of(people.number, b"-1"),
        transaction_id=_transaction("transaction", people),
    )
    twice = _payment(
        double,
        second_payment(double),
        double.order,
        reference=text_of(double.number, b"-2"),
        transaction_id=_transaction("second transaction", double),
        outcome=b"refunded_double",
        gateway_cost=bigint(0),
    )
    never = _payment(
        before,
        made_up.new_ids("expired payment", before.n, before.at),
        expired_order(before),
        reference=text_of(b"X", before.number, b"-1"),
        amount=bigint(PRICE // 2),
        state=b"expired",
        transaction_id=_transaction("expired transaction", before),
        paid_amount=None,
        outcome=None,
        gateway_cost=None,
        settled_at=None,
    )
    counts = (len(people.n), len(double.n), len(before.n))
    return b"".join(rows_of(count, row) for count, row in zip(counts, (once, twice, never), strict=True))


def _notices(people: People) -> bytes:
    said = text_of(
        b'{"transaction_id":"',
        _transaction("transaction", people),
        b'","order_id":"',
        people.number,
        f'-1","gross_amount":"{PRICE}.00","transaction_status":"settlement","fraud_status":"accept"}}'.encode(),
    )
    row: Row = {
        "id": made_up.new_ids("notice", people.n, people.at),
        "gateway": b"midtrans",
        "event_key": hexadecimal(made_up.digests("notice", people.n)),
        "reference": text_of(people.number, b"-1"),
        "raw": said,
        "received_at": people.time,
        "processed_at": people.time,
    }
    return rows_of(len(people.n), row)


def _refunds(people: People) -> bytes:
    double = people.every(DOUBLE_EVERY)
    row: Row = {
        "id": made_up.new_ids("refund", double.n, double.at),
        "order_id": double.order,
        "item_id": None,
        "payment_id": second_payment(double),
        "quantity": bigint(0),
        "amount": bigint(PRICE),
        "reason": b"double",
        "channel": b"gateway",
        "state": b"paid",
        "bank": None,
        "account_number": None,
        "account_holder": None,
        "reference": text_of(double.number, b"-r"),
        "round": integer(0),
        "failure_code": None,
        "attempts": integer(0),
        "next_attempt_at": None,
        "created_at": double.time,
        "paid_at": double.time,
        "asked_since": None,
        "proof_id": None,
        "namings": integer(0),
        "named_at": None,
        "pays_from": None,
        "needs_release": None,
        "release_id": None,
        "released_at": None,
    }
    return rows_of(len(double.n), row)


TABLES: Final[Mapping[str, Callable[[People], bytes]]] = {
    "ledger.transfer": _transfers,
    "stamping.document": stamped.uploads,
    "stamping.job": stamped.jobs,
    "stamping.serial": stamped.serials,
    "stamping.release": stamped.releases,
    "stamping.intent": stamped.intents,
    "sales.item": _items,
    "sales.orders": _orders,
    "ledger.account": _accounts,
    "sales.payment": _payments,
    "sales.notice": _notices,
    "stamping.sign_attempt": stamped.attempts,
    "stamping.archive": stamped.archives,
    "customers.contact": _contacts,
    "customers.customer": _customers,
    "sales.refund": _refunds,
}
"""Table -> what writes the rows of some customers. The largest first."""
