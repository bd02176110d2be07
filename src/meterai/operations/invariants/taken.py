"""I31: serial numbers that were taken first say the same as the ledger and as the hashes that were signed."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.operations.invariants.conditions import derived_id
from meterai.operations.invariants.model import SqlInvariant

I31 = SqlInvariant(
    id="I31",
    title="Serial numbers that were taken agree with the ledger and with the hashes signed for them",
    population="stamping.taken_serial",
    parts=(
        # The account holds a stamp for each that is not used yet, also while a job stamps it.
        """
        WITH waiting AS (
            SELECT t.organisation_id, count(*) AS pieces,
                count(*) FILTER (WHERE s.state <> 'unstamped') AS living
            FROM stamping.taken_serial t JOIN stamping.serial s ON s.serial = t.serial
            WHERE s.state IN ('unstamped', 'allocated', 'sealed') GROUP BY t.organisation_id
        )
        SELECT organisation_id::text AS subject,
            format('unstamped in the ledger %s, %s of them on their way; serial numbers %s and %s',
                coalesce(a.pieces, 0), coalesce(a.pending, 0), coalesce(w.pieces, 0),
                coalesce(w.living, 0)) AS fact
        FROM (
            SELECT organisation_id, credits_posted - debits_posted AS pieces, debits_pending AS pending
            FROM ledger.account WHERE kind = 'unstamped'
        ) a FULL JOIN waiting w USING (organisation_id)
        WHERE coalesce(a.pieces, 0) <> coalesce(w.pieces, 0)
            OR coalesce(a.pending, 0) <> coalesce(w.living, 0)
        """,
        # Each was taken once. It is used exactly if a hash was signed, and went back exactly if annulled.
        f"""
        WITH booked AS (
            SELECT reference_id, sum(amount) FILTER (WHERE code = 'take_serial') AS taken,
                sum(amount) FILTER (WHERE code = 'stamp_serial') AS used,
                sum(amount) FILTER (WHERE code = 'return_serial') AS returned
            FROM ledger.transfer WHERE code IN ('take_serial', 'stamp_serial', 'return_serial')
            GROUP BY reference_id
        ), known AS (
            SELECT t.serial, {derived_id("serial", "t.serial")} AS reference_id,
                coalesce(s.state, 'gone') AS state, t.used_at, t.returned_at, EXISTS (
                    SELECT FROM stamping.hash_request r JOIN stamping.hash_signature h ON h.request_id = r.id
                    WHERE r.serial = t.serial) AS signed
            FROM stamping.taken_serial t LEFT JOIN stamping.serial s ON s.serial = t.serial
        )
        SELECT coalesce(k.serial, b.reference_id::text) AS subject,
            format('is %s, a hash is signed: %s; taken %s times, used %s, given back %s',
                coalesce(k.state, 'unknown'), coalesce(k.signed, false), coalesce(b.taken, 0),
                coalesce(b.used, 0), coalesce(b.returned, 0)) AS fact
        FROM known k FULL JOIN booked b USING (reference_id)
        WHERE k.serial IS NULL OR k.state = 'gone' OR coalesce(b.taken, 0) <> 1
            OR coalesce(b.used, 0) <> (k.state = 'used')::integer
            OR coalesce(b.returned, 0) <> (k.state = 'annulled')::integer
            OR (k.used_at IS NOT NULL) <> (k.state = 'used') OR k.signed <> (k.state = 'used')
            OR (k.returned_at IS NOT NULL) <> (k.state = 'annulled')
        """,
        # One without a job was taken by somebody.
        """
        SELECT s.serial AS subject, format('%s, without a job, and nobody took it', s.state) AS fact
        FROM stamping.serial s
        WHERE s.job_id IS NULL AND NOT EXISTS (SELECT FROM stamping.taken_serial t WHERE t.serial = s.serial)
        """,
        # The hashes of one are of one source file, at most five, numbered from 1.
        """
        SELECT serial AS subject, format('%s hashes up to number %s, of %s source files',
            count(*), max(number), count(DISTINCT source_sha256)) AS fact
        FROM stamping.hash_request GROUP BY serial
        HAVING count(DISTINCT source_sha256) > 1 OR count(*) > 5 OR max(number) <> count(*)
        """,
    ),
)
