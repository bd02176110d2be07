"""Planted violations: for each part of each invariant, something that breaks it."""

from __future__ import annotations

from dataclasses import dataclass

from meterai.ledger.model import (
    ISSUER,
    SELLER,
    AccountKind,
    account_id,
    lot_account_id,
)
from tests.operations.world import named, serial_of


@dataclass(frozen=True)
class Plant:
    """A violation: which part of which invariant finds it, and SQL that makes it.

    The SQL runs as the owner, without triggers and foreign keys; it drops the constraints in its way.
    """

    invariant: str
    part: int
    story: str
    sql: str


def copy_of(table: str, where: str, **changes: str) -> str:
    """SQL that inserts a copy of a row with other values in some columns."""
    pairs = ", ".join(f"'{name}', {value}" for name, value in changes.items())
    return f"""INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({pairs}))).*
               FROM {table} t WHERE {where}"""


def _id(kind: str, name: str) -> str:
    return f"'{named(kind, name)}'"


def _lot(name: str) -> str:
    return f"'{lot_account_id(named('item', name))}'"


def _serial(name: str) -> str:
    return f"'{serial_of(name)}'"


def _add(column: str, amount: int, where: str) -> str:
    return f"UPDATE ledger.account SET {column} = {column} + {amount} WHERE {where}"


def _account(kind: AccountKind) -> str:
    organisation = {AccountKind.ISSUANCE: ISSUER}.get(kind, SELLER)
    return f"'{account_id(kind, organisation)}'"


def _transfer(code: str, debit: str, credit: str, unit: str, amount: int) -> str:
    """SQL that moves an amount between two accounts, as the ledger does it."""
    return (
        copy_of(
            "ledger.transfer",
            "code = 'refund_paid'",
            id="gen_random_uuid()",
            code=f"'{code}'",
            debit_account_id=debit,
            credit_account_id=credit,
            unit=f"'{unit}'",
            amount=str(amount),
        )
        + ";"
        + _add("debits_posted", amount, f"id = {debit}")
        + ";"
        + _add("credits_posted", amount, f"id = {credit}")
    )


def _credited(transfer: str, wrong: AccountKind) -> str:
    """SQL that moves a transfer to another account and adapts its balance."""
    found = f"SELECT {{}} FROM ledger.transfer WHERE id = {_id('transfer', transfer)}"
    amount = f"({found.format('amount')})"
    return (
        f"UPDATE ledger.account SET credits_posted = credits_posted - {amount}"
        f" WHERE id = ({found.format('credit_account_id')});"
        f"UPDATE ledger.account SET credits_posted = credits_posted + {amount} WHERE id = {_account(wrong)};"
        f"UPDATE ledger.transfer SET credit_account_id = {_account(wrong)}"
        f" WHERE id = {_id('transfer', transfer)}"
    )


def _second_serial(name: str, **changes: str) -> str:
    """SQL that gives a document a second stamp, whose reservation is its own."""
    return copy_of(
        "stamping.serial",
        f"serial = {_serial(name)}",
        serial=_serial("new"),
        ordinal="2",
        reservation_id=_NEW,
        **changes,
    )


_NEW = "gen_random_uuid()"
_USED = f"id = '{account_id(AccountKind.USED, SELLER)}'"
_BOBS_LOT = f"id = {_lot('bob')}"
OVERDRAW = "ALTER TABLE ledger.account DROP CONSTRAINT account_never_overdrawn;"
_DOUBLE = "reason = 'double'"
_CITRAS_IS_OVERDUE = (
    f"UPDATE ledger.transfer SET expires_at = '2026-09-04 11:00Z' WHERE id = {_id('reserve_sale', 'citra')}"
)

_I1 = [
    Plant(
        "I1",
        0,
        "a second version of a serial is of another document",
        copy_of("stamping.release", "true", version="2", document_id=_id("document", "living")),
    ),
    Plant(
        "I1",
        0,
        "a serial was released for another document than it was allocated for",
        f"UPDATE stamping.release SET document_id = {_id('document', 'living')}",
    ),
    Plant(
        "I1",
        1,
        "a serial was allocated twice",
        "ALTER TABLE stamping.serial DROP CONSTRAINT serial_pkey CASCADE;"
        + copy_of("stamping.serial", f"serial = {_serial('living')}", ordinal="2", reservation_id=_NEW),
    ),
    Plant(
        "I1",
        2,
        "the same bytes were released for two documents",
        copy_of("stamping.release", "true", serial=_serial("living"), document_id=_id("document", "living")),
    ),
]
_I2 = [
    Plant(
        "I2",
        0,
        "a reservation outlived its time-out and has no intent",
        f"DELETE FROM stamping.intent WHERE serial = {_serial('living')}",
    ),
    Plant(
        "I2",
        0,
        "a reservation has neither time-out nor intent",
        f"UPDATE ledger.transfer SET expires_at = NULL WHERE id = {_id('reserve_sale', 'citra')}",
    ),
    Plant(
        "I2",
        0,
        "a reservation outlived its time-out, and its order expired",
        f"{_CITRAS_IS_OVERDUE};"
        "UPDATE sales.orders SET state = 'expired', expires_at = created_at"
        f" WHERE id = {_id('order', 'citra')}",
    ),
    Plant(
        "I2",
        0,
        "a reservation outlived its time-out, and its order can still be paid",
        f"{_CITRAS_IS_OVERDUE};"
        f"UPDATE sales.orders SET expires_at = '2026-09-04 13:00Z' WHERE id = {_id('order', 'citra')}",
    ),
    Plant(
        "I2",
        1,
        "a reservation was posted and voided",
        "DROP INDEX ledger.transfer_ends_once;"
        + copy_of(
            "ledger.transfer", f"id = {_id('void', 'refused')}", id=_NEW, kind="'post'", posted_at="now()"
        ),
    ),
    Plant(
        "I2",
        0,
        "a posting moved more than was held",
        f"UPDATE ledger.transfer SET amount = 2 WHERE id = {_id('post', 'alice')}",
    ),
    Plant(
        "I2",
        0,
        "a posting names a transfer that held nothing",
        f"""UPDATE ledger.transfer SET kind = 'single', posted_at = created_at, expires_at = NULL
            WHERE id = {_id("reserve_sale", "bob")}""",
    ),
    Plant(
        "I2",
        0,
        "a released serial's reservation was voided",
        f"UPDATE ledger.transfer SET kind = 'void', posted_at = NULL WHERE id = {_id('post', 'alice')}",
    ),
    Plant(
        "I2",
        0,
        "a released serial's reservation was voided, by a row that looks like a posting",
        "ALTER TABLE ledger.transfer DROP CONSTRAINT transfer_posted;"
        f"UPDATE ledger.transfer SET kind = 'void' WHERE id = {_id('post', 'alice')}",
    ),
    Plant(
        "I2",
        0,
        "an annulled serial was paid with a stamp",
        "UPDATE ledger.transfer SET kind = 'post', posted_at = created_at"
        f" WHERE id = {_id('void', 'refused')}",
    ),
    Plant(
        "I2",
        0,
        "a serial has no reservation",
        f"UPDATE stamping.serial SET reservation_id = {_NEW} WHERE serial = {_serial('living')}",
    ),
    Plant(
        "I2",
        2,
        "a refused job left its serial alive",
        f"UPDATE stamping.serial SET state = 'allocated' WHERE serial = {_serial('refused')}",
    ),
    Plant(
        "I2",
        2,
        "a released job has a serial that was not released",
        f"UPDATE stamping.serial SET state = 'sealed' WHERE serial = {_serial('alice')}",
    ),
    *(
        Plant(
            "I2", 2, f"a {job} job left its second serial {serial}", _second_serial(of, state=f"'{serial}'")
        )
        for job, of, serial in (("released", "alice", "sealed"), ("refused", "refused", "allocated"))
    ),
]
_I3 = [
    Plant("I3", 0, "stamps came out of nothing", _add("credits_posted", 7, _BOBS_LOT)),
    Plant("I3", 0, "something is held on one side only", _add("credits_pending", 1, _USED)),
    Plant(
        "I3",
        0,
        "rupiah came out of nothing, and as many stamps",
        _add("debits_posted", 7, "kind = 'gateway_cost'") + ";" + _add("credits_posted", 7, _BOBS_LOT),
    ),
    Plant(
        "I3",
        0,
        "rupiah are held on one side only, and as many stamps on the other",
        _add("debits_pending", 1, "kind = 'gateway_cost'") + ";" + _add("credits_pending", 1, _USED),
    ),
    Plant("I3", 1, "a lot is below zero", OVERDRAW + _add("debits_posted", 9, _BOBS_LOT)),
    Plant("I3", 1, "more of a lot is held than is in it", OVERDRAW + _add("debits_pending", 9, _BOBS_LOT)),
    Plant(
        "I3",
        1,
        "more is held on the treasury's side than is there",
        OVERDRAW + _add("credits_pending", 2_000_000, "kind = 'treasury_prepaid'"),
    ),
    Plant(
        "I3",
        1,
        "less than nothing is held",
        "ALTER DOMAIN ledger.total DROP CONSTRAINT total_check;" + _add("debits_pending", -2, _BOBS_LOT),
    ),
    Plant(
        "I3",
        1,
        "the treasury's side is below zero",
        OVERDRAW + _add("credits_posted", 2_000_000, "kind = 'treasury_prepaid'"),
    ),
    Plant(
        "I3",
        2,
        "what left the stock is in no lot",
        _add("debits_posted", 1, "kind = 'seller_stock'"),
    ),
    Plant("I3", 2, "a stamp was used that left no lot", _add("credits_posted", 1, _USED)),
    Plant(
        "I3",
        2,
        "a stamp was used without a released serial",
        _add("credits_posted", 1, _USED) + ";" + _add("debits_posted", 1, _BOBS_LOT),
    ),
    Plant("I3", 2, "a stamp is being used for no serial", _add("credits_pending", 1, _USED)),
    Plant(
        "I3",
        2,
        "a refunded piece is told under another seller's order",
        copy_of(
            "sales.orders",
            f"id = {_id('order', 'bob')}",
            id=_NEW,
            number="'ANOTHER'",
            submit_id="'another'",
            token_digest="'another'",
            organisation_id=_NEW,
        )
        + f""";UPDATE sales.refund SET order_id = (SELECT id FROM sales.orders WHERE number = 'ANOTHER')
            WHERE id = {_id("refund", "bob two")}""",
    ),
    Plant(
        "I3",
        3,
        "more was issued than the deposit paid for",
        "UPDATE ledger.transfer SET amount = amount + 1 WHERE code IN ('issue', 'supply')",
    ),
    Plant(
        "I3",
        3,
        "more was supplied than issued",
        "UPDATE ledger.transfer SET amount = amount + 1 WHERE code = 'supply'",
    ),
]
_UNBACKED = _lot("unbacked")
_UNBACKED_LOT = copy_of(
    "ledger.account", _BOBS_LOT, id=_UNBACKED, balance_side="'none'", credits_posted="0", debits_posted="0"
)
_I3 += [
    Plant(
        "I3",
        1,
        "a lot may be overdrawn",
        f"UPDATE ledger.account SET balance_side = 'none' WHERE {_BOBS_LOT}",
    ),
    Plant(
        "I3",
        1,
        "an account of money is kept on the wrong side",
        "UPDATE ledger.account SET balance_side = 'none' WHERE kind = 'fee_income'",
    ),
    Plant(
        "I3",
        4,
        "stamps were issued for no deposit",
        _transfer(
            "gift", _account(AccountKind.ISSUANCE), _account(AccountKind.SELLER_STOCK), "STAMP", 1_000_000
        ),
    ),
    Plant(
        "I3",
        5,
        "fees lie in an account that nobody has",
        copy_of("ledger.account", "kind = 'fee_income'", id=_NEW),
    ),
]
_I3 += [
    Plant("I3", 6, story, sql)
    for story, sql in (
        ("nobody recorded a deposit", "DELETE FROM operations.audit_entry"),
        (
            "one deposit was recorded, and two of that sum booked",
            copy_of("ledger.transfer", "code = 'deposit'", id=_NEW, reference_id=_NEW),
        ),
        (
            "a deposit is recorded under another receipt",
            "UPDATE operations.audit_entry SET subject = 'NTPN-2' WHERE action = 'quota.issue'",
        ),
        (
            "a deposit is recorded with another sum",
            "UPDATE operations.audit_entry SET facts = facts || jsonb_build_object('amount', 2000000)"
            " WHERE action = 'quota.issue'",
        ),
        (
            "a deposit is recorded that was never booked",
            "INSERT INTO operations.audit_entry (id, at, actor, action, subject, facts, hash)"
            " SELECT id + 1000, at, actor, action, 'NTPN-2', facts, hash FROM operations.audit_entry"
            " WHERE action = 'quota.issue'",
        ),
    )
]
_I4 = [
    Plant(
        "I4",
        4,
        "the treasury's share and ours of a sale changed places",
        _credited("alice sale_face_value", AccountKind.FEE_INCOME)
        + ";"
        + _credited("alice sale_fee", AccountKind.FACE_VALUE_PAYABLE),
    ),
    Plant(
        "I4",
        4,
        "a refund by the gateway was paid out of the account for payouts",
        _credited("bob one refund_paid", AccountKind.PAYOUT_CASH),
    ),
    Plant(
        "I4",
        4,
        "fees were taken out under a name of their own",
        _transfer("bonus", _account(AccountKind.FEE_INCOME), _account(AccountKind.PAYOUT_CASH), "IDR", 2_000),
    ),
    Plant(
        "I4",
        4,
        "the fee of a refund was taken from the treasury's share",
        f"UPDATE ledger.transfer SET debit_account_id = {_account(AccountKind.FACE_VALUE_PAYABLE)}"
        f" WHERE id = {_id('transfer', 'bob one refund_fee')};"
        + _add("debits_posted", 2_252, "kind = 'face_value_payable'")
        + ";"
        + _add("debits_posted", -2_252, "kind = 'fee_income'"),
    ),
    Plant(
        "I4",
        0,
        "a payment settled and was not booked",
        "UPDATE sales.payment SET state = 'settled', settled_at = now(), paid_amount = 25000"
        f" WHERE id = {_id('payment', 'citra')}",
    ),
    Plant(
        "I4",
        0,
        "more was paid than booked",
        f"UPDATE sales.payment SET paid_amount = paid_amount + 1 WHERE id = {_id('payment', 'bob')}",
    ),
    Plant(
        "I4",
        0,
        "money lies in suspense for hours",
        "DELETE FROM ledger.transfer WHERE code = 'refund_suspense'",
    ),
    Plant(
        "I4",
        0,
        "sale and refunds took more than was paid",
        "UPDATE ledger.transfer SET amount = amount + 1 WHERE code = 'refund_suspense'",
    ),
    Plant(
        "I4",
        0,
        "a sale was booked at another price",
        f"UPDATE sales.orders SET fee = fee + 1, total = total + 1 WHERE id = {_id('order', 'bob')}",
    ),
    Plant(
        "I4",
        0,
        "the gateway kept something else than was booked",
        f"UPDATE sales.payment SET gateway_cost = gateway_cost + 1 WHERE id = {_id('payment', 'bob')}",
    ),
    Plant(
        "I4",
        0,
        "a sale was booked for a payment that was not credited",
        f"UPDATE sales.payment SET outcome = 'refunded_late' WHERE id = {_id('payment', 'bob')}",
    ),
    Plant(
        "I4",
        0,
        "an order was sold for a payment that never came, and the one that came goes back",
        copy_of(
            "sales.payment",
            f"id = {_id('payment', 'alice')}",
            id=_NEW,
            reference="'other'",
            state="'expired'",
            settled_at="NULL",
        )
        + f";UPDATE sales.payment SET outcome = 'refunded_late' WHERE id = {_id('payment', 'alice')}",
    ),
    Plant(
        "I4",
        1,
        "a bank took money back and nobody owes it",
        f"UPDATE sales.payment SET state = 'reversed' WHERE id = {_id('payment', 'bob')}",
    ),
    Plant(
        "I4",
        1,
        "money is booked as taken back and was not",
        copy_of("ledger.transfer", "code = 'refund_paid'", id=_NEW, code="'reversal'"),
    ),
    Plant(
        "I4",
        2,
        "a payment is called settled, and nobody knows since when",
        "UPDATE sales.payment SET state = 'settled', outcome = 'refunded_late', paid_amount = 25000"
        f" WHERE id = {_id('payment', 'citra')}",
    ),
    Plant(
        "I4",
        2,
        "a payment that was booked waits to be paid once more",
        f"UPDATE sales.payment SET state = 'pending' WHERE id = {_id('payment', 'bob')}",
    ),
    Plant(
        "I4",
        2,
        "a payment was credited and is called expired",
        f"UPDATE sales.payment SET state = 'expired' WHERE id = {_id('payment', 'bob')}",
    ),
    Plant(
        "I4",
        2,
        "nobody knows what the gateway kept",
        f"UPDATE sales.payment SET gateway_cost = NULL WHERE id = {_id('payment', 'bob')}",
    ),
    Plant(
        "I4",
        2,
        "a payment was settled for nothing",
        f"UPDATE sales.payment SET outcome = NULL WHERE id = {_id('payment', 'alice again')}",
    ),
    Plant(
        "I4",
        3,
        "an item costs less than was paid for it, so less would be refunded",
        f"UPDATE sales.item SET unit_fee = unit_fee - 1 WHERE id = {_id('item', 'alice')}",
    ),
    Plant(
        "I4",
        3,
        "an order says more pieces than its items",
        f"UPDATE sales.orders SET quantity = quantity + 1 WHERE id = {_id('order', 'bob')}",
    ),
    Plant(
        "I4",
        3,
        "an order without pieces has a price",
        copy_of(
            "sales.orders",
            f"id = {_id('order', 'citra')}",
            id=_NEW,
            number="'M-2'",
            submit_id="'another'",
            token_digest=r"'\x00'",
            state="'expired'",
            quantity="0",
        ),
    ),
    Plant(
        "I4",
        3,
        "an item's price moved from the fee to the face value, and another's back",
        copy_of("sales.item", f"id = {_id('item', 'bob')}", id=_NEW, position="2", quantity="2")
        + f";UPDATE sales.item SET quantity = 3 WHERE id = {_id('item', 'bob')};"
        f"""UPDATE sales.item SET unit_face_value = unit_face_value + 6 * (position - 1) - 4 * (2 - position),
            unit_fee = unit_fee - 6 * (position - 1) + 4 * (2 - position)
            WHERE order_id = {_id("order", "bob")}""",
    ),
    Plant(
        "I4",
        3,
        "more pieces were sold than the price says",
        f"UPDATE sales.item SET quantity = 2 WHERE id = {_id('item', 'alice')};"
        f"UPDATE ledger.account SET credits_posted = 2 WHERE id = {_lot('alice')};"
        f"UPDATE ledger.transfer SET amount = 2 WHERE pending_id = {_id('reserve_sale', 'alice')}",
    ),
]
_I5 = [
    Plant(
        "I5",
        0,
        "two payments were credited",
        f"UPDATE sales.payment SET outcome = 'credited' WHERE id = {_id('payment', 'alice again')}",
    ),
    Plant(
        "I5",
        0,
        "an order was paid and none of its payments credited",
        f"UPDATE sales.orders SET state = 'paid' WHERE id = {_id('order', 'citra')}",
    ),
    Plant("I5", 1, "a lot got its stamps twice", _add("credits_posted", 5, _BOBS_LOT)),
    Plant("I5", 1, "a lot got stamps before the payment", _add("credits_posted", 2, f"id = {_lot('citra')}")),
    Plant(
        "I5",
        1,
        "what was paid for has no lot",
        f"UPDATE sales.item SET lot_account_id = NULL WHERE id = {_id('item', 'bob')};"
        f"DELETE FROM ledger.account WHERE {_BOBS_LOT}",
    ),
    Plant("I5", 2, "a lot with stamps belongs to no item", copy_of("ledger.account", _BOBS_LOT, id=_NEW)),
    Plant(
        "I5",
        2,
        "stamps were used out of a lot of no item that never got any",
        _UNBACKED_LOT + ";" + _transfer("stamping", _UNBACKED, _account(AccountKind.USED), "STAMP", 1),
    ),
    Plant(
        "I5",
        2,
        "a stamp is being used out of a lot of no item",
        _UNBACKED_LOT + ";" + _add("debits_pending", 1, f"id = {_UNBACKED}"),
    ),
    Plant(
        "I5",
        2,
        "two items count the same lot",
        f"UPDATE sales.item SET lot_account_id = {_lot('alice')} WHERE id = {_id('item', 'dewi')}",
    ),
    Plant(
        "I5",
        3,
        "an event of the gateway was stored twice",
        "ALTER TABLE sales.notice DROP CONSTRAINT notice_gateway_event_key_key;"
        + copy_of("sales.notice", f"id = {_id('notice', 'bob')}", id=_NEW),
    ),
]
_I6 = [
    Plant(
        "I6",
        0,
        "more was refunded than paid",
        f"UPDATE sales.refund SET amount = 99000 WHERE {_DOUBLE};"
        "UPDATE ledger.transfer SET amount = 99000 WHERE code = 'refund_suspense'",
    ),
    Plant(
        "I6",
        0,
        "a refund is owed and was not booked",
        "DELETE FROM ledger.transfer WHERE code = 'refund_suspense'",
    ),
    Plant("I6", 0, "a refund was booked and nobody owes it", f"DELETE FROM sales.refund WHERE {_DOUBLE}"),
    Plant(
        "I6",
        0,
        "a refund is called paid and the money never left",
        f"UPDATE sales.refund SET state = 'paid' WHERE {_DOUBLE}",
    ),
    Plant(
        "I6",
        0,
        "a payout is booked as sent back, and nobody is owed it again",
        copy_of("ledger.transfer", "code = 'refund_paid'", id=_NEW, code="'refund_returned'"),
    ),
    Plant(
        "I6",
        1,
        "a piece was refunded at 75 percent",
        f"UPDATE sales.refund SET amount = 9375 WHERE id = {_id('refund', 'bob two')};"
        "UPDATE ledger.transfer SET amount = 6875"
        f" WHERE id = {_id('transfer', 'bob two refund_face_value')}",
    ),
    Plant(
        "I6",
        1,
        "a refund of no item gives back pieces",
        f"UPDATE sales.refund SET quantity = 1 WHERE {_DOUBLE}",
    ),
    Plant(
        "I6",
        2,
        "the item knows of fewer refunded pieces than its refunds",
        f"UPDATE sales.item SET refunded_quantity = 1 WHERE id = {_id('item', 'bob')}",
    ),
    Plant(
        "I6",
        2,
        "a refund is told of another item",
        f"UPDATE sales.refund SET item_id = {_id('item', 'alice')} WHERE id = {_id('refund', 'bob two')}",
    ),
    Plant("I6", 2, "a refunded piece is still in the lot", _add("debits_posted", -1, _BOBS_LOT)),
    Plant("I6", 2, "a lot holds a piece for no document", _add("debits_pending", 1, _BOBS_LOT)),
]
_I8 = [
    Plant(
        "I8",
        0,
        "a signature was attempted without an intent",
        f"UPDATE stamping.sign_attempt SET serial = {_serial('refused')} WHERE serial = {_serial('living')}",
    ),
    Plant(
        "I8",
        1,
        "a serial was released without an intent",
        f"DELETE FROM stamping.intent WHERE serial = {_serial('alice')}",
    ),
    Plant(
        "I8",
        1,
        "a serial was released whose attempts never reached the key",
        f"UPDATE stamping.sign_attempt SET abandoned_at = now() WHERE serial = {_serial('alice')}",
    ),
]
_I8 += [
    Plant(
        "I8",
        1,
        "a serial is sealed, and nobody tried to sign",
        f"UPDATE stamping.serial SET state = 'sealed' WHERE serial = {_serial('living')};"
        f"DELETE FROM stamping.sign_attempt WHERE serial = {_serial('living')}",
    ),
]
_FIRST_PASS = f"order_id = {_id('order', 'alice')}"
_I13 = [
    Plant(
        "I13",
        0,
        "two people have one pass",
        f"UPDATE waiting_room.pass SET pass_id = {_id('pass', 'alice')}",
    ),
    Plant(
        "I13",
        1,
        "two passes were used for one order",
        f"UPDATE waiting_room.pass SET order_id = {_id('order', 'alice')}",
    ),
    Plant(
        "I13",
        2,
        "a pass bought for another event",
        f"UPDATE sales.orders SET event_slug = 'pppk' WHERE id = {_id('order', 'alice')}",
    ),
    Plant(
        "I13",
        3,
        "somebody was put in as logged by hand",
        copy_of(
            "waiting_room.pass",
            _FIRST_PASS,
            id=r"'\x000102030405060708090a0b'",
            pass_id=_NEW,
            order_id="NULL",
        ),
    ),
    Plant(
        "I13",
        4,
        "somebody was let in before the seed was told",
        f"UPDATE waiting_room.pass SET number = 2 WHERE {_FIRST_PASS}",
    ),
]
_I14 = [
    Plant(
        "I14",
        0,
        "two payments of an order are open",
        "DROP INDEX sales.payment_one_open;"
        + copy_of(
            "sales.payment",
            f"id = {_id('payment', 'citra')}",
            id=_NEW,
            reference="'other'",
            state="'creating'",
        ),
    ),
    Plant(
        "I14",
        1,
        "a draft has an open payment",
        f"UPDATE sales.orders SET state = 'draft' WHERE id = {_id('order', 'citra')}",
    ),
    Plant(
        "I14",
        1,
        "an open payment is not of the order's price",
        "UPDATE sales.payment SET amount = amount - 1, state = 'creating'"
        f" WHERE id = {_id('payment', 'citra')}",
    ),
    Plant(
        "I14",
        2,
        "the charge of an earlier gateway is offered again, and not the one that followed it",
        copy_of(
            "sales.payment",
            f"id = {_id('payment', 'citra')}",
            id=_NEW,
            gateway="'snap'",
            reference="'other'",
            state="'cancelled'",
            created_at="created_at + interval '1 minute'",
        ),
    ),
    Plant(
        "I14",
        3,
        "one form made two orders",
        "ALTER TABLE sales.orders DROP CONSTRAINT orders_submit_id_key;"
        + copy_of(
            "sales.orders", f"id = {_id('order', 'dewi')}", id=_NEW, number="'M-2'", token_digest=r"'\x00'"
        ),
    ),
]
_I15 = [
    Plant(
        "I15",
        0,
        "one key made two jobs",
        "ALTER TABLE stamping.job DROP CONSTRAINT job_organisation_id_idempotency_key_key;"
        + copy_of("stamping.job", f"id = {_id('job', 'refused')}", id=_NEW),
    ),
    Plant("I15", 1, "a job was released and its serial bound to no bytes", "DELETE FROM stamping.release"),
    Plant(
        "I15",
        1,
        "two serials of one job were bound to different bytes",
        _second_serial("alice")
        + ";"
        + copy_of("stamping.release", "true", serial=_serial("new"), sha256="repeat('a', 64)"),
    ),
    Plant(
        "I15",
        2,
        "bytes were released by a job that is still sealing",
        copy_of("stamping.release", "true", serial=_serial("living"), document_id=_id("document", "living")),
    ),
]
_PAID_AGAIN = f"UPDATE sales.orders SET state = 'paid' WHERE id = {_id('order', 'alice')};"
_STAMPING_AGAIN = f"UPDATE sales.item SET state = 'stamping' WHERE id = {_id('item', 'alice')};"
_ALICES_IS_CITRAS = (
    f"UPDATE stamping.document SET customer_id = {_id('customer', 'citra')}"
    f" WHERE id = {_id('document', 'alice')}"
)
_OWNERLESS = (
    copy_of(
        "stamping.document",
        f"id = {_id('document', 'alice')}",
        id=_id("document", "ownerless"),
        customer_id="NULL",
    )
    + f";UPDATE sales.item SET document_id = {_id('document', 'ownerless')}"
    + f" WHERE id = {_id('item', 'alice')};"
)
_I16 = [
    Plant(
        "I16",
        0,
        "a stamp was taken from somebody else's lot",
        f"UPDATE stamping.job SET lot_account_id = {_lot('alice')} WHERE id = {_id('job', 'refused')}",
    ),
    Plant(
        "I16",
        0,
        "a job stamps somebody else's document",
        f"UPDATE stamping.document SET customer_id = {_id('customer', 'citra')}"
        f" WHERE id = {_id('document', 'living')}",
    ),
    Plant(
        "I16",
        0,
        "a stamp was used out of somebody else's lot",
        f"UPDATE stamping.job SET lot_account_id = {_lot('bob')} WHERE id = {_id('job', 'alice')}",
    ),
    Plant("I16", 0, "a stamp stands on somebody else's document", _ALICES_IS_CITRAS),
    Plant(
        "I16",
        1,
        "an order's lot belongs to somebody else",
        f"UPDATE ledger.account SET customer_id = {_id('customer', 'alice')} WHERE id = {_lot('citra')}",
    ),
    Plant(
        "I16",
        1,
        "an order's document belongs to somebody else",
        f"UPDATE sales.item SET document_id = {_id('document', 'living')} WHERE id = {_id('item', 'alice')}",
    ),
    Plant("I16", 1, "a stamped document is somebody else's", _PAID_AGAIN + _ALICES_IS_CITRAS),
    Plant(
        "I16",
        1,
        "a refused document is somebody else's",
        f"{_ALICES_IS_CITRAS};UPDATE sales.item SET state = 'refused' WHERE id = {_id('item', 'alice')}",
    ),
    Plant("I16", 1, "a document that is done has no owner", _OWNERLESS),
    Plant(
        "I16",
        2,
        "a refund goes to another order's payment",
        f"UPDATE sales.refund SET payment_id = {_id('payment', 'bob')} WHERE {_DOUBLE}",
    ),
]
_I23 = [
    Plant(
        "I23",
        0,
        "a stored balance moved without a transfer",
        _add("debits_posted", 1, "kind = 'gateway_cost'"),
    ),
    *(
        Plant("I23", 0, f"{column} moved without a transfer", _add(column, 1, "kind = 'gateway_clearing'"))
        for column in ("credits_posted", "debits_pending", "credits_pending")
    ),
    Plant(
        "I23",
        0,
        "a posting moved between other accounts than were held",
        f"UPDATE ledger.transfer SET debit_account_id = {_lot('bob')} WHERE id = {_id('post', 'alice')};"
        + _add("debits_posted", 1, _BOBS_LOT)
        + ";"
        + _add("debits_posted", -1, f"id = {_lot('alice')}"),
    ),
    Plant(
        "I23",
        0,
        "a transfer moved no balance",
        copy_of("ledger.transfer", "code = 'refund_paid'", id=_NEW),
    ),
    Plant(
        "I23",
        0,
        "a transfer stands on an account that does not exist",
        copy_of("ledger.transfer", "code = 'refund_paid'", id=_NEW, debit_account_id=_NEW),
    ),
]
_TOLD = "INSERT INTO jobs.outbox (topic, payload, available_at, created_at) SELECT 'stamping.released',"
_OF_ALICE = f"""jsonb_build_object('reference_id', {_id("item", "alice")}, 'document_id',
    {_id("document", "alice")})"""
_I25 = [
    Plant("I25", 0, "a document was paid and nothing will stamp it", _PAID_AGAIN + _STAMPING_AGAIN),
    Plant(
        "I25",
        0,
        "that a document was stamped is told next year",
        f"{_PAID_AGAIN}{_STAMPING_AGAIN}{_TOLD} {_OF_ALICE}, '2027-09-04', now()",
    ),
    Plant(
        "I25",
        0,
        "what is told is of another document",
        f'{_PAID_AGAIN}{_STAMPING_AGAIN}{_TOLD} {_OF_ALICE} || \'{{"document_id": ""}}\', now(), now()',
    ),
    Plant(
        "I25",
        0,
        "what is told is something else",
        f"{_PAID_AGAIN}{_STAMPING_AGAIN}{_TOLD} {_OF_ALICE}, now(), now();"
        "UPDATE jobs.outbox SET topic = 'sales.news'",
    ),
    Plant("I25", 1, "an order waits for its documents, all of which are stamped", _PAID_AGAIN),
    Plant(
        "I25",
        2,
        "a job is due for no worker",
        f"UPDATE stamping.job SET next_attempt_at = NULL WHERE id = {_id('job', 'living')}",
    ),
    Plant(
        "I25",
        2,
        "a job is due next year",
        f"UPDATE stamping.job SET next_attempt_at = '2027-09-04' WHERE id = {_id('job', 'living')}",
    ),
    Plant(
        "I25",
        3,
        "a refund can be paid, and no worker is to",
        f"UPDATE sales.refund SET next_attempt_at = NULL WHERE {_DOUBLE}",
    ),
    Plant(
        "I25",
        3,
        "a payout was sent, and is asked for next year",
        f"UPDATE sales.refund SET state = 'sent', next_attempt_at = '2027-09-04' WHERE {_DOUBLE}",
    ),
    Plant(
        "I25",
        3,
        "a refund goes to an account that nobody named",
        f"UPDATE sales.refund SET channel = 'payout' WHERE {_DOUBLE}",
    ),
    Plant(
        "I25",
        4,
        "nobody asks whether a payment came",
        f"UPDATE sales.payment SET poll_at = NULL WHERE id = {_id('payment', 'citra')}",
    ),
    Plant(
        "I25",
        4,
        "a charge whose answer was lost is asked for next year",
        "UPDATE sales.payment SET state = 'creating', poll_at = '2027-09-04'"
        f" WHERE id = {_id('payment', 'citra')}",
    ),
    Plant(
        "I25",
        4,
        "nobody asks whether money came late",
        "UPDATE sales.payment SET state = 'expired', poll_at = NULL, expires_at = '2026-09-01 14:00Z'"
        f" WHERE id = {_id('payment', 'citra')}",
    ),
    Plant(
        "I25",
        5,
        "an order waits for its payment for ever",
        f"UPDATE sales.orders SET expires_at = NULL WHERE id = {_id('order', 'citra')}",
    ),
    Plant(
        "I25",
        6,
        "the bank's word on a settled payment was never read",
        copy_of(
            "sales.notice",
            f"id = {_id('notice', 'bob')}",
            id=_NEW,
            event_key="'other'",
            received_at="'2026-09-04 09:59Z'",
            processed_at="NULL",
        ),
    ),
]
_I26 = [
    Plant("I26", 0, "an order is completed before its document is stamped", _STAMPING_AGAIN),
    Plant(
        "I26",
        0,
        "an order is completed, and an item waits for the payment",
        f"UPDATE sales.item SET state = 'waiting' WHERE id = {_id('item', 'alice')}",
    ),
    Plant(
        "I26",
        0,
        "an order is paid, and an item waits for the payment",
        f"{_PAID_AGAIN}UPDATE sales.item SET state = 'waiting' WHERE id = {_id('item', 'alice')}",
    ),
    Plant(
        "I26",
        0,
        "an item is called refunded and two of its pieces were",
        f"UPDATE sales.item SET state = 'refunded' WHERE id = {_id('item', 'bob')}",
    ),
    Plant(
        "I26",
        0,
        "an item is ready and was never paid",
        f"UPDATE sales.item SET state = 'done' WHERE id = {_id('item', 'citra')}",
    ),
    Plant(
        "I26",
        0,
        "an item is called given back and two of its pieces were",
        f"UPDATE sales.item SET state = 'refunding' WHERE id = {_id('item', 'bob')}",
    ),
    Plant(
        "I26",
        0,
        "an item is to be stamped and has no document",
        f"UPDATE sales.item SET kind = 'stamp' WHERE id = {_id('item', 'bob')}",
    ),
    Plant(
        "I26",
        1,
        "an item is done, and its document was never stamped",
        f"UPDATE sales.item SET kind = 'stamp', document_id = {_NEW} WHERE id = {_id('item', 'bob')}",
    ),
    Plant(
        "I26",
        1,
        "an item is done, and its document was refused",
        f"UPDATE sales.item SET kind = 'stamp', document_id = {_id('document', 'refused')}"
        f" WHERE id = {_id('item', 'bob')}",
    ),
    Plant(
        "I26",
        1,
        "an item is done, and its document is still being stamped",
        f"UPDATE sales.item SET kind = 'stamp', document_id = {_id('document', 'living')}"
        f" WHERE id = {_id('item', 'bob')}",
    ),
    Plant(
        "I26",
        2,
        "an item is refunded, and its money was not",
        "UPDATE sales.item SET state = 'refunded', quantity = 2, refunded_quantity = 2"
        f" WHERE id = {_id('item', 'bob')}",
    ),
    Plant(
        "I26",
        2,
        "all money of an item went back, and it waits for it",
        "UPDATE sales.item SET state = 'refunding', quantity = 2, refunded_quantity = 2"
        f" WHERE id = {_id('item', 'bob')}; UPDATE sales.refund SET state = 'paid'",
    ),
    Plant(
        "I26",
        3,
        "an order expired and its stamps are still held",
        f"UPDATE sales.orders SET state = 'expired' WHERE id = {_id('order', 'citra')}",
    ),
    Plant(
        "I26",
        3,
        "an order can be paid, and too few stamps are held for it",
        f"UPDATE ledger.account SET credits_pending = 1 WHERE id = {_lot('citra')}",
    ),
    Plant(
        "I26",
        3,
        "an order can be paid, and its item has no lot",
        f"UPDATE sales.item SET lot_account_id = NULL WHERE id = {_id('item', 'citra')}",
    ),
]


def _a_month_back(table: str, *columns: str, where: str) -> str:
    """SQL that moves times, or dates, into the month before."""
    moved = ", ".join(f"{column} = {column} - interval '1 month'" for column in columns)
    return f"UPDATE {table} SET {moved} WHERE {where}"


_DATES = ("created_at", "posted_at", "business_date")
_I27 = [
    Plant(
        "I27",
        0,
        "a sale counts in the month before the one in which it was booked",
        _a_month_back("ledger.transfer", "business_date", where="code = 'sale_vat'"),
    ),
    Plant(
        "I27",
        0,
        "a sale counts on its day in UTC",
        "UPDATE ledger.transfer SET created_at = '2026-08-31 17:00Z', posted_at = '2026-08-31 17:00Z',"
        " business_date = '2026-08-31' WHERE code = 'sale_vat'",
    ),
    Plant(
        "I27",
        0,
        "a transfer was posted at another time than it says",
        _a_month_back("ledger.transfer", "posted_at", where="code = 'payment'"),
    ),
    *(
        Plant(
            "I27",
            1,
            f"{what} is booked a month before it was",
            _a_month_back("ledger.transfer", *_DATES, where=f"code = '{code}'"),
        )
        for what, code in (
            ("a payment", "payment"),
            ("what the gateway keeps", "gateway_cost"),
            ("the face value of a sale", "sale_face_value"),
            ("the fee of a sale", "sale_fee"),
            ("the VAT of a sale", "sale_vat"),
            ("the face value of a refund", "refund_face_value"),
            ("the fee of a refund", "refund_fee"),
            ("the VAT of a refund", "refund_vat"),
            ("a refund of what bought nothing", "refund_suspense"),
        )
    ),
    Plant(
        "I27",
        1,
        "a payment says that it came a month before it did",
        _a_month_back("sales.payment", "settled_at", where="outcome = 'credited'"),
    ),
    Plant(
        "I27",
        1,
        "an order says that it was paid a month before it was",
        _a_month_back("sales.orders", "paid_at", where="state = 'completed'"),
    ),
    Plant(
        "I27",
        1,
        "the bank took a payment back a month before that was booked",
        "UPDATE sales.payment SET state = 'reversed', reversed_at = settled_at - interval '1 month'"
        f" WHERE id = {_id('payment', 'bob')};"
        + _transfer(
            "reversal",
            _account(AccountKind.RECEIVABLE),
            _account(AccountKind.GATEWAY_CLEARING),
            "IDR",
            62_500,
        ),
    ),
    Plant(
        "I27",
        2,
        "a stamp counts as used a month before its file was released",
        _a_month_back("ledger.transfer", *_DATES, where="code = 'stamping'"),
    ),
    Plant(
        "I27",
        2,
        "a released file says that it is a month older than its use of a stamp",
        _a_month_back("stamping.serial", "released_at", where="state = 'released'"),
    ),
]
PLANTS = [*_I1, *_I2, *_I3, *_I4, *_I5, *_I6, *_I8, *_I13, *_I14, *_I15, *_I16, *_I23, *_I25, *_I26, *_I27]

NOT_STARTED = f"""{_OWNERLESS}{_PAID_AGAIN}{_STAMPING_AGAIN}
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at) SELECT 'sales.stamp_item_paid',
        jsonb_build_object('item_id', id, 'document_id', document_id), '2026-09-04 12:00Z', now()
        FROM sales.item WHERE id = {_id("item", "alice")}"""
"""A document that was just paid, has no owner yet, and will be stamped."""
