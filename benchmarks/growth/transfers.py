"""What the history moved, as transfers, and what it adds to the balances of accounts that are no lots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from benchmarks.growth import made_up
from benchmarks.growth.copying import Column, Value, bigint, rows_of
from benchmarks.growth.people import Document, People
from meterai.ledger.model import (
    SELLER,
    AccountKind,
    account_id,
)

PRICE: Final = 25_000
FACE, FEE, VAT, COST = 20_000, 4_504, 496, 175
EXPIRED_EVERY: Final = 10
DOUBLE_EVERY: Final = 40

Kind = Literal["single", "pending", "post", "void"]
K = AccountKind
_OF: Final[dict[AccountKind, bytes]] = {
    kind: account_id(kind, SELLER).bytes for kind in AccountKind if kind is not K.LOT
}


def _transfer(
    of: People, code: str, kind: Kind, *, id: Value, debit: Value, credit: Value, unit: str, amount: int,
    reference: Value, pending: Value = None,
) -> Mapping[str, Value]:  # fmt: skip
    return {
        "id": id,
        "kind": kind.encode(),
        "pending_id": pending,
        "debit_account_id": debit,
        "credit_account_id": credit,
        "unit": unit.encode(),
        "amount": bigint(amount),
        "code": code.encode(),
        "reference_id": reference,
        "organisation_id": SELLER.bytes,
        "expires_at": of.later(0.75) if kind == "pending" else None,
        "created_at": of.time,
        "posted_at": of.time if kind in ("single", "post") else None,
        "business_date": of.day,
    }


def _money(
    of: People, code: str, debit: AccountKind, credit: AccountKind, *, amount: int, name: str = ""
) -> Mapping[str, Value]:
    return _transfer(
        of,
        code,
        "single",
        id=made_up.derived_ids(name or code, of.n),
        debit=_OF[debit],
        credit=_OF[credit],
        unit="IDR",
        amount=amount,
        reference=of.order,
    )


def _stamps(
    of: People, codes: tuple[str, str], ids: tuple[Column, Column], *, debit: Value, credit: Value,
    reference: Value, ends: Kind = "post",
) -> list[Mapping[str, Value]]:  # fmt: skip
    """A reservation and what ended it."""
    begin, end = codes
    held = _transfer(
        of, begin, "pending", id=ids[0], debit=debit, credit=credit, unit="STAMP", amount=1,
        reference=reference,
    )  # fmt: skip
    ended = _transfer(
        of, end, ends, id=ids[1], debit=debit, credit=credit, unit="STAMP", amount=1,
        reference=reference, pending=ids[0],
    )  # fmt: skip
    return [held, ended]


def _of_document(doc: Document) -> list[Mapping[str, Value]]:
    sold, stamped = ("reserve_sale", "sale"), ("reserve_stamping", "stamping")
    return [
        *_stamps(
            doc.of,
            sold,
            (doc.transfer(sold[0]), doc.transfer(sold[1])),
            debit=_OF[K.SELLER_STOCK],
            credit=doc.lot,
            reference=doc.of.order,
        ),
        *_stamps(
            doc.of,
            stamped,
            (doc.transfer(stamped[0]), doc.transfer(stamped[1])),
            debit=doc.lot,
            credit=_OF[K.USED],
            reference=doc.job,
        ),
    ]


def transfers(people: People, before: People, expired_order: Column) -> bytes:
    """The rows of some customers. `before`: those of them who had let an order expire, as they were then."""
    rows = [
        _money(people, "payment", K.GATEWAY_CLEARING, K.SUSPENSE, amount=PRICE),
        _money(people, "sale_face_value", K.SUSPENSE, K.FACE_VALUE_PAYABLE, amount=FACE),
        _money(people, "sale_fee", K.SUSPENSE, K.FEE_INCOME, amount=FEE),
        _money(people, "sale_vat", K.SUSPENSE, K.VAT_PAYABLE, amount=VAT),
        _money(people, "gateway_cost", K.GATEWAY_COST, K.GATEWAY_CLEARING, amount=COST),
        *_of_document(people.document(1)),
        *_of_document(people.document(2)),
    ]
    double = people.every(DOUBLE_EVERY)
    twice = [
        _money(double, "payment", K.GATEWAY_CLEARING, K.SUSPENSE, amount=PRICE, name="second payment"),
        _money(double, "refund_suspense", K.SUSPENSE, K.REFUND_PAYABLE, amount=PRICE),
        _money(double, "refund_paid", K.REFUND_PAYABLE, K.GATEWAY_CLEARING, amount=PRICE),
    ]
    codes = ("reserve_sale", "release_sale")
    never = _stamps(
        before,
        codes,
        (made_up.derived_ids(f"expired {codes[0]}", before.n), made_up.derived_ids(codes[1], before.n)),
        debit=_OF[K.SELLER_STOCK],
        credit=made_up.derived_ids("expired lot", before.n),
        reference=expired_order,
        ends="void",
    )
    return rows_of(len(people.n), *rows) + rows_of(len(double.n), *twice) + rows_of(len(before.n), *never)


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
