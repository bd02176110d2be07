"""I1: no serial number stands on two documents."""

from __future__ import annotations

from meterai.operations.invariants.model import SqlInvariant

I1 = SqlInvariant(
    id="I1",
    title="No serial number on two documents",
    population="stamping.serial",
    parts=(
        # Every released version belongs to the document for which the serial was allocated.
        """
        SELECT r.serial AS subject,
            format('version %s is of document %s, the serial was allocated for %s',
                   r.version, r.document_id, j.document_id) AS fact
        FROM stamping.release r
        LEFT JOIN stamping.serial s ON s.serial = r.serial
        LEFT JOIN stamping.job j ON j.id = s.job_id
        WHERE j.document_id IS DISTINCT FROM r.document_id
        """,
        # A serial was allocated once.
        """
        SELECT serial AS subject, format('allocated %s times', count(*)) AS fact
        FROM stamping.serial GROUP BY serial HAVING count(*) > 1
        """,
        # The same bytes are not released for two documents. The index alone finds bytes that occur twice.
        """
        SELECT sha256 AS subject,
            format('released for documents %s and %s', min(document_id::text), max(document_id::text)) AS fact
        FROM (SELECT sha256 FROM stamping.release GROUP BY sha256 HAVING count(*) > 1) twice
        JOIN stamping.release USING (sha256)
        GROUP BY sha256 HAVING count(DISTINCT document_id) > 1
        """,
    ),
)
