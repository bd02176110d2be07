"""I2: every reservation ends once, and a serial number ends as its reservation does."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.fingerprint import hash_of, total
from meterai.operations.invariants.model import SqlInvariant


def _sums_where(uuid: str, *conditions: str) -> str:
    """SQL: the sums of the hashes of an id where this and where that holds."""
    hashed = f"coalesce({hash_of(uuid)}, 1)"
    return ", ".join(f"coalesce(sum({hashed}) FILTER (WHERE {wanted}), 0)" for wanted in conditions)


JOBS_END_WITH_THEIR_SERIALS = f"""
    (SELECT ({_sums_where("job_id", "state = 'released'", "state = 'annulled'")})
     FROM stamping.serial WHERE ordinal = 1)
    = (SELECT ({_sums_where("id", "state = 'released'", "state = 'refused'")}) FROM stamping.job)
    AND NOT EXISTS (
        SELECT FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id
        WHERE s.ordinal > 1 AND ((j.state = 'released') <> (s.state = 'released')
            OR (j.state = 'refused') <> (s.state = 'annulled')))
"""
"""SQL: true when each job stands as its serials do. Only further stamps of a document are looked up."""
_HELD = hash_of("id", "debit_account_id", "credit_account_id", amounts=("amount",))
_ENDED = hash_of("pending_id", "debit_account_id", "credit_account_id", amounts=("amount",))
# Reservations less what ended them are those still open, and these may be: they are young or of a living
# serial. A released serial's was posted, an annulled one's voided. What a living one holds is looked up.
_RESERVATIONS_END = f"""
    WITH living AS (
        SELECT serial, reservation_id FROM stamping.serial WHERE state NOT IN ('released', 'annulled')
    ), open AS (
        SELECT * FROM ledger.transfer h
        WHERE kind = 'pending' AND (expires_at >= $1 OR id IN (SELECT reservation_id FROM living))
            AND NOT EXISTS (SELECT FROM ledger.transfer e WHERE e.pending_id = h.id)
    )
    SELECT (SELECT (
            coalesce(sum(coalesce(CASE kind WHEN 'pending' THEN {_HELD} ELSE - {_ENDED} END, 1)), 0),
            {
    _sums_where(
        "pending_id", "kind = 'post' AND code = 'stamping'", "kind = 'void' AND code = 'release_stamping'"
    )
})
            FROM ledger.transfer WHERE kind <> 'single')
        = (SELECT ({total(_HELD, "open")},
            {_sums_where("reservation_id", "state = 'released'", "state = 'annulled'")}) FROM stamping.serial)
        AND NOT EXISTS (
            SELECT FROM living l LEFT JOIN open o ON o.id = l.reservation_id
            WHERE o.id IS NULL OR (o.expires_at < $1 OR o.expires_at IS NULL)
                AND NOT EXISTS (SELECT FROM stamping.intent i WHERE i.serial = l.serial))
"""

I2 = SqlInvariant(
    id="I2",
    title="Every reservation is posted or voided once, or still young, or has an intent",
    population="SELECT count(*) FROM ledger.transfer WHERE kind = 'pending'",
    parts=(
        # One pass over reservations, what ended them, and the serials that they hold a stamp for.
        # Not ended: only while it is younger than its time-out, or a signature may exist. Ended: with what it
        # held, between the same accounts. A released serial was paid with a stamp, an annulled one was not.
        """
        WITH held AS NOT MATERIALIZED (
            SELECT id, code, reference_id, created_at, expires_at, debit_account_id, credit_account_id, amount
            FROM ledger.transfer WHERE kind = 'pending'
        ), ended AS NOT MATERIALIZED (
            SELECT id, kind, pending_id, debit_account_id, credit_account_id, amount
            FROM ledger.transfer WHERE kind IN ('post', 'void')
        )
        SELECT coalesce(h.id, e.id)::text AS subject, CASE
            WHEN h.id IS NULL AND s.serial IS NOT NULL THEN format('serial %s has no reservation', s.serial)
            WHEN h.id IS NULL THEN format('ends %s, which is no reservation', e.pending_id)
            WHEN s.serial IS NOT NULL AND e.kind IS NOT NULL
                THEN format('%s, its serial %s is %s', e.kind, s.serial, s.state)
            WHEN e.id IS NOT NULL THEN 'ended with something else than it held'
            ELSE format('%s of %s is open since %s, time-out %s', h.code, h.reference_id, h.created_at,
                        coalesce(h.expires_at::text, 'missing'))
        END AS fact
        FROM held h FULL JOIN ended e ON e.pending_id = h.id
        FULL JOIN stamping.serial s ON s.reservation_id = h.id
        WHERE h.id IS NULL
            OR e.id IS NOT NULL AND (h.debit_account_id, h.credit_account_id, h.amount)
                <> (e.debit_account_id, e.credit_account_id, e.amount)
            OR s.serial IS NOT NULL AND e.kind IS DISTINCT FROM
                CASE s.state WHEN 'released' THEN 'post' WHEN 'annulled' THEN 'void' END
            OR e.id IS NULL AND (h.expires_at < $1 OR h.expires_at IS NULL)
                AND NOT EXISTS (SELECT FROM stamping.intent i WHERE i.serial = s.serial)
        """,
        # Ended: by exactly one row.
        """
        SELECT pending_id::text AS subject, format('ended %s times', count(*)) AS fact
        FROM ledger.transfer WHERE pending_id IS NOT NULL GROUP BY pending_id HAVING count(*) > 1
        """,
        # A job ends with all its serials.
        """
        SELECT j.id::text AS subject, format('job is %s, serial %s is %s', j.state, s.serial, s.state) AS fact
        FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
        WHERE (j.state = 'released') <> (s.state = 'released')
            OR (j.state = 'refused') <> (s.state = 'annulled')
        """,
    ),
    screens={0: _RESERVATIONS_END, 2: f"SELECT {JOBS_END_WITH_THEIR_SERIALS}"},
)
