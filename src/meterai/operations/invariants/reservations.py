"""I2: every reservation ends once, and a serial number ends as its reservation does."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.model import SqlInvariant

_OVERDUE = """SELECT t.* FROM sales.orders o JOIN ledger.transfer t ON t.reference_id = o.id
    WHERE o.state = 'awaiting_payment' AND o.expires_at < $1
        AND t.kind = 'pending' AND t.code = 'reserve_sale' AND t.expires_at < $1"""
"""Reservations past their time-out whose order was not paid in time. A late worker is no fault."""

# A serial number that was taken holds its stamp without a reservation, however long it waits (I31).
_RESERVED = "reservation_id IS NOT NULL OR job_id IS NOT NULL"

I2 = SqlInvariant(
    id="I2",
    title="Every reservation is posted or voided once, or still young, of an unpaid order, or has an intent",
    population="ledger.transfer WHERE kind = 'pending'",
    parts=(
        # One pass over reservations, the rows that ended them, and their serials.
        # An open reservation is younger than its time-out, or its order is about to expire, or a signature
        # may exist. An ended one ended with what it held, between the same accounts. A released serial used
        # its stamp, an annulled one did not.
        f"""
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
        FULL JOIN (SELECT * FROM stamping.serial WHERE {_RESERVED}) s ON s.reservation_id = h.id
        WHERE h.id IS NULL
            OR e.id IS NOT NULL AND (h.debit_account_id, h.credit_account_id, h.amount)
                <> (e.debit_account_id, e.credit_account_id, e.amount)
            OR s.serial IS NOT NULL AND e.kind IS DISTINCT FROM
                CASE s.state WHEN 'released' THEN 'post' WHEN 'annulled' THEN 'void' END
            OR e.id IS NULL AND (h.expires_at < $1 OR h.expires_at IS NULL)
                AND NOT EXISTS (SELECT FROM stamping.intent i WHERE i.serial = s.serial)
                AND NOT EXISTS (SELECT FROM ({_OVERDUE}) late WHERE late.id = h.id)
        """,
        # Exactly one row ends a reservation.
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
)
