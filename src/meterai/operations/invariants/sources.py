"""What the sums of several invariants are taken over, each read once, and conditions that they share."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.fingerprint import Balance, Sum, hash_of, one_of, weight

ACCOUNT = "ledger.account"
TRANSFER = "ledger.transfer"
ORDER = "sales.orders"
PAYMENT = "sales.payment"
REFUND = "sales.refund"
JOB = "stamping.job"
SERIAL = "stamping.serial"
SOLD = "sales.item i JOIN sales.orders o ON o.id = i.order_id"
"""Every item with its order."""
FURTHER = "stamping.serial s JOIN stamping.job j ON j.id = s.job_id WHERE s.ordinal > 1"
"""Further stamps of a document, with their job. What is told of first stamps is told of jobs."""
OTHER_JOBS = """(SELECT * FROM stamping.job WHERE next_attempt_at IS NOT NULL AND state <> 'released'
    UNION ALL SELECT * FROM stamping.job WHERE next_attempt_at IS NULL AND state = 'refused') j"""
"""Jobs that are not released: few, and found by indexes. That these are all of them says `OTHERS_FOUND`."""
_AND_SERIALS = f"{OTHER_JOBS} JOIN stamping.serial s ON s.job_id = j.id"
OTHER_SERIALS = f"(SELECT s.* FROM {_AND_SERIALS} WHERE s.state <> 'released') s"
"""Their serials, which are not released."""
ALIVE = f"{_AND_SERIALS} WHERE s.state IN ('allocated', 'sealed')"
"""Serials that hold a stamp, with their job."""
OTHERS_FOUND = tuple(
    Balance((Sum(table, where="state <> 'released'"),), (Sum(few),))
    for table, few in ((JOB, OTHER_JOBS), (SERIAL, OTHER_SERIALS))
)
"""What was found by indexes is all that the tables have of it."""
BOUND = """stamping.release r
    LEFT JOIN stamping.job j ON j.document_id = r.document_id AND j.state <> 'refused'"""
"""Every release with the job of its document; answered by indexes alone."""

NOT_STAMPED = """(SELECT document_id FROM sales.item
        WHERE document_id IS NOT NULL AND state <> 'refused' AND NOT EXISTS (
            SELECT FROM stamping.job j
            WHERE j.document_id = item.document_id AND j.state <> 'refused') OFFSET 0
    ) alone JOIN sales.item i ON i.document_id = alone.document_id AND i.state <> 'refused'
    JOIN sales.orders o ON o.id = i.order_id LEFT JOIN stamping.document d ON d.id = i.document_id"""
"""Items whose document has no job that was not refused: told by indexes alone, and few."""
GIVEN_BACK = """(SELECT code, amount, reference_id, business_date FROM ledger.transfer
    WHERE code IN ('reversal', 'refund_suspense', 'refund_face_value', 'refund_fee', 'refund_vat',
        'refund_paid', 'refund_returned')) given_back"""
"""Transfers of money that goes back: few, and an index knows them."""

LOT = "kind = 'lot'"
PAID_FOR = "state IN ('paid', 'completed')"
PAID_ITEM = "o.state IN ('paid', 'completed')"
NOT_REFUSED = "state <> 'refused'"
SETTLED = "settled_at IS NOT NULL"
REVERSED = "reversed_at IS NOT NULL OR state = 'reversed'"

# What kind of transfer it is, without comparing texts: constraints say so, and that they stand is looked at.
HOLDS = "pending_id IS NULL AND posted_at IS NULL"
ENDS = "pending_id IS NOT NULL"
KINDS_ARE_CONSTRAINED = """
    SELECT FROM unnest(ARRAY['transfer_ends_a_pending_one', 'transfer_posted']) AS wanted(name)
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'ledger.transfer'::regclass
        AND conname = wanted.name AND convalidated)
"""

LIVING = f"SELECT serial, reservation_id FROM {OTHER_SERIALS} WHERE state <> 'annulled'"
"""Serials that hold a stamp, with its reservation."""
OVERDUE = """SELECT t.* FROM sales.orders o JOIN ledger.transfer t ON t.reference_id = o.id
    WHERE o.state = 'awaiting_payment' AND o.expires_at < $1
        AND t.kind = 'pending' AND t.code = 'reserve_sale' AND t.expires_at < $1"""
"""Past their time-out, of orders that nobody paid in time: their worker is late, which is no fault (I25)."""
OPEN = f"""(SELECT h.* FROM (
        SELECT * FROM ledger.transfer WHERE kind = 'pending' AND expires_at >= $1
        UNION {OVERDUE}
        UNION
        SELECT t.* FROM ({LIVING}) living JOIN ledger.transfer t ON t.id = living.reservation_id
        WHERE t.kind = 'pending'
    ) h WHERE NOT EXISTS (SELECT FROM ledger.transfer e WHERE e.pending_id = h.id)) open"""
"""Reservations that may be open, for they are young, overdue or of a living serial, and are."""
_HELD = hash_of("id", "debit_account_id", "credit_account_id", amounts=("amount",))
_ENDED = hash_of("pending_id", "debit_account_id", "credit_account_id", amounts=("amount",))
RESERVATIONS_END_ONCE = (
    Balance((Sum(TRANSFER, _HELD, HOLDS),), (Sum(TRANSFER, _ENDED, ENDS), Sum(OPEN, _HELD))),
    *OTHERS_FOUND,
)
"""Reservations less what ended them are those still open: so each other one was ended by one row, with what
it held, between the same accounts."""


def day_of(moment: str) -> str:
    """SQL: the business date of a moment, as `ledger.post_transfers` has it.

    At a fraction of the cost of a time zone's name: WIB is seven hours ahead of UTC all the year.
    """
    return f"({moment} AT TIME ZONE INTERVAL '7 hours')::date"


def number_of(day: str) -> str:
    """SQL: the number of a date, 0 for 1 January 2000."""
    return f"({day} - DATE '2000-01-01')"


CAME = (
    (PAYMENT, "order_id", "paid_amount", "settled_at", "payment", SETTLED),
    (PAYMENT, "order_id", "gateway_cost", "settled_at", "gateway_cost", f"{SETTLED} AND gateway_cost <> 0"),
    *(
        (ORDER, "id", price, "paid_at", code, f"{PAID_FOR} AND {price} > 0")
        for price, code in (
            ("face_value", "sale_face_value"),
            ("fee - vat", "sale_fee"),
            ("vat", "sale_vat"),
        )
    ),
)
"""Money that came: where it is told, of which order, how much, when, under which code, and when it is booked
at all."""


def _paid(uuid: str, amount: str, day: str, code: str) -> str:
    return hash_of(uuid, amounts=(amount, number_of(day)), texts=(code,))


PAYMENTS_ARE_BOOKED = Balance(
    (
        Sum(
            TRANSFER,
            _paid("reference_id", "amount", "business_date", "code"),
            one_of("code", *(code for *_, code, _ in CAME)),
        ),
    ),
    tuple(
        Sum(source, _paid(owner, amount, day_of(moment), f"'{code}'"), where)
        for source, owner, amount, moment, code, where in CAME
    ),
)
"""What is booked, as (reference, amount, business date, code), is what payments and paid orders say."""
STAMPS_ARE_USED = Balance(
    (
        Sum(
            TRANSFER,
            hash_of("pending_id", amounts=(number_of("business_date"),)),
            f"{ENDS} AND posted_at IS NOT NULL AND code = 'stamping'",
        ),
    ),
    (
        Sum(
            SERIAL,
            hash_of("reservation_id", amounts=(number_of(day_of("released_at")),)),
            "state = 'released'",
        ),
    ),
)
"""The reservations of released serials were posted, each on the business date of its release."""

_NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"
LOTS_ARE_THEIR_ITEMS = Balance(
    (
        Sum(
            SOLD,
            hash_of(
                "i.lot_account_id",
                f"coalesce(o.customer_id, {_NOBODY})",
                "o.organisation_id",
                amounts=(f"CASE WHEN {PAID_ITEM} THEN i.quantity ELSE 0 END",),
            ),
            "i.lot_account_id IS NOT NULL",
        ),
    ),
    (
        Sum(
            ACCOUNT,
            hash_of(
                "id", f"coalesce(customer_id, {_NOBODY})", "organisation_id", amounts=("credits_posted",)
            ),
            LOT,
        ),
    ),
)
"""One lot each, of who bought it, with what was paid for: so sums by lot are sums by item."""
REFUNDS_ARE_THEIR_ITEMS = Balance(
    (Sum(REFUND, f"quantity * {weight('item_id', 'order_id')}", "quantity <> 0"),),
    (Sum(SOLD, f"i.refunded_quantity * {weight('i.id', 'o.id')}", "i.refunded_quantity > 0"),),
)
"""Refunds of pieces are of items of their own orders, each item's as many as it says."""
JOBS_END_WITH_THEIR_SERIALS = (
    *(
        Balance(
            (Sum(SERIAL, hash_of("job_id"), f"ordinal = 1 AND state = '{serial}'"),),
            (Sum(JOB, hash_of("id"), f"state = '{job}'"),),
        )
        for serial, job in (("released", "released"), ("annulled", "refused"))
    ),
    Balance(
        (
            Sum(
                FURTHER,
                where="""(j.state = 'released') <> (s.state = 'released')
                    OR (j.state = 'refused') <> (s.state = 'annulled')""",
            ),
        )
    ),
)
"""So what is told of released serials is told of released jobs, and of further stamps."""
RELEASED_SERIALS_ARE_BOUND = Balance(
    (Sum(SERIAL, hash_of("job_id", texts=("serial",)), "state = 'released'"),),
    (Sum(BOUND, hash_of("j.id", texts=("r.serial",)), "r.version = 1"),),
)
"""To the document of their job, by a version 1 each."""
LATER_VERSIONS = """
    SELECT FROM stamping.release later
    LEFT JOIN stamping.release r ON r.serial = later.serial AND r.version = 1
    WHERE later.version > 1 AND later.document_id IS DISTINCT FROM r.document_id
"""
"""Those that are not of the document of version 1."""
_OWNED_LOT = weight("j.lot_account_id", "j.customer_id", "j.organisation_id")
PIECES_LEFT_THEIR_OWNERS_LOTS = Balance(
    (
        Sum(JOB, weight("lot_account_id", "customer_id", "organisation_id"), "state = 'released'"),
        Sum(FURTHER, _OWNED_LOT, "s.state = 'released'"),
        Sum(
            SOLD,
            f"i.refunded_quantity * {weight('i.lot_account_id', 'o.customer_id', 'o.organisation_id')}",
            "i.refunded_quantity > 0",
        ),
    ),
    (Sum(ACCOUNT, f"debits_posted * {weight('id', 'customer_id', 'organisation_id')}", LOT),),
)
PIECES_ARE_HELD_IN_THEIR_OWNERS_LOTS = (
    Balance(
        (Sum(ALIVE, _OWNED_LOT),),
        (
            Sum(
                ACCOUNT,
                f"debits_pending * {weight('id', 'customer_id', 'organisation_id')}",
                f"{LOT} AND debits_pending > 0",
            ),
        ),
    ),
    *OTHERS_FOUND,
)
