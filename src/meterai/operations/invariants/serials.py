"""I1: no serial number stands on two documents."""

from __future__ import annotations

from meterai.operations.invariants.model import SqlInvariant

I1 = SqlInvariant(
    id="I1",
    title="No serial number on two documents",
    population="SELECT count(*) FROM stamping.serial",
    parts=(
        # Every version of a serial's release is of the document that it was allocated for.
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
        # The same bytes are not two documents.
        """
        SELECT one.sha256 AS subject,
            format('released for documents %s and %s', one.document_id, other.document_id) AS fact
        FROM stamping.release one
        JOIN stamping.release other ON other.sha256 = one.sha256 AND other.document_id > one.document_id
        """,
    ),
)
