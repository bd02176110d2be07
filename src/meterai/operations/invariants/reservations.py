"""I2: every reservation ends once, and a serial number ends as its reservation does."""

from __future__ import annotations

from meterai.operations.invariants.model import SqlInvariant

I2 = SqlInvariant(
    id="I2",
    title="Every reservation is posted or voided once, or still young, or has an intent",
    population="SELECT count(*) FROM ledger.transfer WHERE kind = 'pending'",
    parts=(
        # Not ended: only while it is younger than its time-out, or a signature may exist.
        """
        SELECT p.id::text AS subject,
            format('%s of %s is open since %s, time-out %s', p.code, p.reference_id, p.created_at,
                   coalesce(p.expires_at::text, 'missing')) AS fact
        FROM ledger.transfer p
        WHERE p.kind = 'pending' AND (p.expires_at < $1 OR p.expires_at IS NULL)
            AND NOT EXISTS (SELECT FROM ledger.transfer e WHERE e.pending_id = p.id)
            AND NOT EXISTS (
                SELECT FROM stamping.serial s JOIN stamping.intent i ON i.serial = s.serial
                WHERE s.reservation_id = p.id)
        """,
        # Ended: by exactly one row.
        """
        SELECT pending_id::text AS subject, format('ended %s times', count(*)) AS fact
        FROM ledger.transfer WHERE pending_id IS NOT NULL GROUP BY pending_id HAVING count(*) > 1
        """,
        # Ended: with what it held, between the same accounts.
        """
        SELECT e.id::text AS subject, format('does not end what %s held', e.pending_id) AS fact
        FROM ledger.transfer e
        LEFT JOIN ledger.transfer p ON p.id = e.pending_id
        WHERE e.kind IN ('post', 'void')
            AND (p.kind, p.debit_account_id, p.credit_account_id, p.unit, p.amount) IS DISTINCT FROM
                ('pending', e.debit_account_id, e.credit_account_id, e.unit, e.amount)
        """,
        # A released serial was paid with a stamp, an annulled one was not, a living one holds it.
        """
        SELECT s.serial AS subject,
            format('%s, its reservation is %s', s.state,
                   CASE WHEN p.id IS NULL THEN 'missing' ELSE coalesce(e.kind, 'open') END) AS fact
        FROM stamping.serial s
        LEFT JOIN ledger.transfer p ON p.id = s.reservation_id AND p.kind = 'pending'
        LEFT JOIN ledger.transfer e ON e.pending_id = p.id
        WHERE p.id IS NULL OR e.kind IS DISTINCT FROM
            CASE s.state WHEN 'released' THEN 'post' WHEN 'annulled' THEN 'void' END
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
