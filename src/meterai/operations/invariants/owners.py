"""I15: a key has one answer. I16: nothing of one customer stands on anything of another."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.fingerprint import Balance, Screen, Sum, all_different, hash_of
from meterai.operations.invariants.model import SqlInvariant
from meterai.operations.invariants.sources import (
    JOB,
    JOBS_END_WITH_THEIR_SERIALS,
    LATER_VERSIONS,
    LOTS_ARE_THEIR_ITEMS,
    NOT_REFUSED,
    NOT_STAMPED,
    OTHER_JOBS,
    PAID_ITEM,
    PIECES_ARE_HELD_IN_THEIR_OWNERS_LOTS,
    PIECES_LEFT_THEIR_OWNERS_LOTS,
    RELEASED_SERIALS_ARE_BOUND,
    SOLD,
)

_FURTHER_STAMPS_OF_OTHER_BYTES = """
    SELECT FROM stamping.serial s
    LEFT JOIN stamping.serial first ON first.job_id = s.job_id AND first.ordinal = 1
    LEFT JOIN stamping.release mine ON mine.serial = s.serial AND mine.version = 1
    LEFT JOIN stamping.release theirs ON theirs.serial = first.serial AND theirs.version = 1
    WHERE s.ordinal > 1 AND mine.sha256 IS DISTINCT FROM theirs.sha256
"""
# Documents without a job, jobs without an item: told by indexes alone, and few.
_WITHOUT_JOB = """(SELECT id FROM stamping.document WHERE NOT EXISTS (
        SELECT FROM stamping.job j WHERE j.document_id = document.id AND j.state <> 'refused') OFFSET 0
    ) alone JOIN stamping.document d ON d.id = alone.id"""
_WITHOUT_ITEM = """(SELECT document_id FROM stamping.job WHERE state <> 'refused' AND NOT EXISTS (
        SELECT FROM sales.item i WHERE i.document_id = job.document_id AND i.state <> 'refused') OFFSET 0
    ) alone JOIN stamping.job j ON j.document_id = alone.document_id AND j.state <> 'refused'"""
_EVERY_DOCUMENT = "(SELECT id, customer_id, organisation_id FROM stamping.document) every"
_OF_JOBS = Sum(JOB, hash_of("document_id", "customer_id", "organisation_id"), NOT_REFUSED)
_JOBS_OF_OTHERS_DOCUMENTS = Balance(
    (_OF_JOBS, Sum(_WITHOUT_JOB, hash_of("d.id", "d.customer_id", "d.organisation_id"))),
    (Sum(_EVERY_DOCUMENT, hash_of("id", "customer_id", "organisation_id")),),
)
_OTHERS = "(d.customer_id, d.organisation_id) IS DISTINCT FROM (o.customer_id, o.organisation_id)"
_BOUGHT = hash_of("i.document_id", "o.customer_id", "o.organisation_id")
_ITEMS_OF_OTHERS_DOCUMENTS = (
    _JOBS_OF_OTHERS_DOCUMENTS,
    Balance(
        (
            Sum(SOLD, _BOUGHT, f"{PAID_ITEM} AND i.document_id IS NOT NULL AND i.{NOT_REFUSED}"),
            Sum(_WITHOUT_ITEM, hash_of("j.document_id", "j.customer_id", "j.organisation_id")),
        ),
        (_OF_JOBS, Sum(NOT_STAMPED, _BOUGHT, PAID_ITEM)),
    ),
    Balance((Sum(NOT_STAMPED, where=f"{PAID_ITEM} AND d.id IS NOT NULL AND {_OTHERS}"),)),
)
_REFUSED_ITEMS_OF_OTHERS_DOCUMENTS = f"""
    SELECT FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
    JOIN stamping.document d ON d.id = i.document_id
    WHERE i.state = 'refused' AND {PAID_ITEM} AND {_OTHERS}
"""
# What a living or released serial takes out of a lot is counted under the owner of its job. Other jobs are
# looked up.
_JOBS_OF_OTHERS = f"""
    SELECT FROM {OTHER_JOBS} LEFT JOIN ledger.account a ON a.id = j.lot_account_id
    LEFT JOIN stamping.document d ON d.id = j.document_id
    WHERE (a.kind, a.customer_id, a.organisation_id, d.customer_id, d.organisation_id) IS DISTINCT FROM
        ('lot', j.customer_id, j.organisation_id, j.customer_id, j.organisation_id)
"""

I15 = SqlInvariant(
    id="I15",
    title="One idempotency key, one job, one answer",
    population=Sum(JOB),
    parts=(
        # Which keys there are twice is told by the index alone.
        """
        SELECT min(id::text) AS subject, format('%s jobs of one key', count(*)) AS fact
        FROM (SELECT organisation_id, idempotency_key FROM stamping.job
              GROUP BY organisation_id, idempotency_key HAVING count(*) > 1) twice
        JOIN stamping.job USING (organisation_id, idempotency_key) GROUP BY organisation_id, idempotency_key
        """,
        # A released job: every serial of it is bound to the same bytes.
        """
        SELECT j.id::text AS subject,
            format('released with %s serials, %s of them bound to bytes, from %s to %s', count(*),
                   count(r.serial), min(r.sha256), max(r.sha256)) AS fact
        FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
        LEFT JOIN stamping.release r ON r.serial = s.serial AND r.version = 1
        WHERE j.state = 'released' GROUP BY j.id
        HAVING count(r.serial) <> count(*) OR min(r.sha256) <> max(r.sha256)
        """,
        # Nothing was released by a job that is not.
        """
        SELECT r.serial AS subject, format('released, its job is %s', j.state) AS fact
        FROM stamping.release r JOIN stamping.serial s ON s.serial = r.serial
        JOIN stamping.job j ON j.id = s.job_id WHERE j.state <> 'released'
        """,
    ),
    screens={
        0: Screen(balances=(all_different(JOB, "organisation_id", "idempotency_key"),)),
        # Released serials are those that are bound, and further stamps of a document to the same bytes.
        1: Screen(
            balances=(*JOBS_END_WITH_THEIR_SERIALS, RELEASED_SERIALS_ARE_BOUND),
            nothing=(_FURTHER_STAMPS_OF_OTHER_BYTES,),
        ),
        2: Screen(
            balances=(*JOBS_END_WITH_THEIR_SERIALS, RELEASED_SERIALS_ARE_BOUND), nothing=(LATER_VERSIONS,)
        ),
    },
)

I16 = SqlInvariant(
    id="I16",
    title="Nobody's stamp, lot or document stands on another's",
    population=Sum("customers.customer"),
    parts=(
        # A job: owner of the document, owner of the lot and owner of the job are one.
        """
        SELECT j.id::text AS subject, 'job, lot and document belong to different owners' AS fact
        FROM stamping.job j LEFT JOIN ledger.account a ON a.id = j.lot_account_id
        LEFT JOIN stamping.document d ON d.id = j.document_id
        WHERE (a.kind, a.customer_id, a.organisation_id, d.customer_id, d.organisation_id) IS DISTINCT FROM
            ('lot', j.customer_id, j.organisation_id, j.customer_id, j.organisation_id)
        """,
        # An item: its lot and its document are those of who paid. A document that is nobody's yet gets its
        # owner with its job.
        """
        SELECT i.id::text AS subject, 'item, lot and document belong to different owners' AS fact
        FROM sales.item i JOIN sales.orders o ON o.id = i.order_id
        LEFT JOIN ledger.account a ON a.id = i.lot_account_id
        LEFT JOIN stamping.document d ON d.id = i.document_id
        WHERE a.id IS NOT NULL
                AND (a.customer_id, a.organisation_id) IS DISTINCT FROM (o.customer_id, o.organisation_id)
            OR o.state IN ('paid', 'completed') AND d.id IS NOT NULL
                AND (d.customer_id, d.organisation_id) IS DISTINCT FROM (o.customer_id, o.organisation_id)
                AND NOT (i.state = 'stamping' AND d.customer_id IS NULL)
        """,
        # A payment or refund: of an item and a payment of the same order.
        """
        SELECT r.id::text AS subject, 'refund and payment belong to different orders' AS fact
        FROM sales.refund r LEFT JOIN sales.payment p ON p.id = r.payment_id
        WHERE p.order_id IS DISTINCT FROM r.order_id
        """,
    ),
    screens={
        0: Screen(
            balances=(
                _JOBS_OF_OTHERS_DOCUMENTS,
                *JOBS_END_WITH_THEIR_SERIALS,
                LOTS_ARE_THEIR_ITEMS,
                PIECES_LEFT_THEIR_OWNERS_LOTS,
                *PIECES_ARE_HELD_IN_THEIR_OWNERS_LOTS,
            ),
            nothing=(_JOBS_OF_OTHERS,),
        ),
        1: Screen(
            balances=(LOTS_ARE_THEIR_ITEMS, *_ITEMS_OF_OTHERS_DOCUMENTS),
            nothing=(_REFUSED_ITEMS_OF_OTHERS_DOCUMENTS,),
        ),
    },
)
