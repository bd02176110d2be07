"""What the sums of several invariants are taken over, each read once, and conditions that they share."""

from __future__ import annotations

from meterai.operations.invariants.fingerprint import Balance, Sum, hash_of, weight

ACCOUNT = "ledger.account"
TRANSFER = "ledger.transfer"
RELEASE = "stamping.release"
ORDER = "sales.orders"
PAYMENT = "sales.payment"
REFUND = "sales.refund"
JOB = "stamping.job"
SERIAL = "stamping.serial"
SOLD = "sales.item i JOIN sales.orders o ON o.id = i.order_id"
"""Every item with its order."""
FURTHER = "stamping.serial s JOIN stamping.job j ON j.id = s.job_id WHERE s.ordinal > 1"
"""Further stamps of a document, with their job. What is told of first stamps is told of jobs."""
ALIVE = """stamping.serial s JOIN stamping.job j ON j.id = s.job_id
    WHERE s.state IN ('allocated', 'sealed')"""
"""Serials that hold a stamp, with their job."""
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

LOT = "kind = 'lot'"
PAID_FOR = "state IN ('paid', 'completed')"
PAID_ITEM = "o.state IN ('paid', 'completed')"
NOT_REFUSED = "state <> 'refused'"

# What kind of transfer it is, without comparing texts: constraints say so, and that they stand is looked at.
HOLDS = "pending_id IS NULL AND posted_at IS NULL"
ENDS = "pending_id IS NOT NULL"
KINDS_ARE_CONSTRAINED = """
    SELECT FROM unnest(ARRAY['transfer_ends_a_pending_one', 'transfer_posted']) AS wanted(name)
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'ledger.transfer'::regclass
        AND conname = wanted.name AND convalidated)
"""

ONE_LOT_EACH = Balance(
    (Sum(SOLD, hash_of("i.lot_account_id"), "i.lot_account_id IS NOT NULL"),),
    (Sum(ACCOUNT, hash_of("id"), LOT),),
)
"""With one lot each, sums by lot are sums by item."""
LOTS_OF_THEIR_BUYERS = Balance(
    (
        Sum(
            SOLD,
            hash_of("i.lot_account_id", "o.customer_id", "o.organisation_id"),
            "i.lot_account_id IS NOT NULL",
        ),
    ),
    (Sum(ACCOUNT, hash_of("id", "customer_id", "organisation_id"), LOT),),
)
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
PIECES_ARE_HELD_IN_THEIR_OWNERS_LOTS = Balance(
    (Sum(ALIVE, _OWNED_LOT),),
    (
        Sum(
            ACCOUNT,
            f"debits_pending * {weight('id', 'customer_id', 'organisation_id')}",
            f"{LOT} AND debits_pending > 0",
        ),
    ),
)
