"""I15: a key has one answer. I16: nothing of one customer stands on anything of another."""

from __future__ import annotations

from meterai.operations.invariants.model import SqlInvariant

I15 = SqlInvariant(
    id="I15",
    title="One idempotency key, one job, one answer",
    population="stamping.job",
    parts=(
        # The index alone finds keys that occur twice.
        """
        SELECT min(id::text) AS subject, format('%s jobs of one key', count(*)) AS fact
        FROM (SELECT organisation_id, idempotency_key FROM stamping.job
              GROUP BY organisation_id, idempotency_key HAVING count(*) > 1) twice
        JOIN stamping.job USING (organisation_id, idempotency_key) GROUP BY organisation_id, idempotency_key
        """,
        # Every serial of a released job is bound to the same bytes.
        """
        SELECT j.id::text AS subject,
            format('released with %s serials, %s of them bound to bytes, from %s to %s', count(*),
                   count(r.serial), min(r.sha256), max(r.sha256)) AS fact
        FROM stamping.job j JOIN stamping.serial s ON s.job_id = j.id
        LEFT JOIN stamping.release r ON r.serial = s.serial AND r.version = 1
        WHERE j.state = 'released' GROUP BY j.id
        HAVING count(r.serial) <> count(*) OR min(r.sha256) <> max(r.sha256)
        """,
        # A serial is released only with its job.
        """
        SELECT r.serial AS subject, format('released, its job is %s', j.state) AS fact
        FROM stamping.release r JOIN stamping.serial s ON s.serial = r.serial
        JOIN stamping.job j ON j.id = s.job_id WHERE j.state <> 'released'
        """,
    ),
)

I16 = SqlInvariant(
    id="I16",
    title="Nobody's stamp, lot or document stands on another's",
    population="customers.customer",
    parts=(
        # The document, the lot and the job have one owner. A lot that officers moved has another afterwards.
        """
        SELECT j.id::text AS subject, 'job, lot and document belong to different owners' AS fact
        FROM stamping.job j LEFT JOIN ledger.account a ON a.id = j.lot_account_id
        LEFT JOIN stamping.document d ON d.id = j.document_id
        WHERE a.kind IN ('lot', 'partner_stock', 'unstamped') IS NOT TRUE
            OR (a.organisation_id, d.customer_id, d.organisation_id) IS DISTINCT FROM
            (j.organisation_id, j.customer_id, j.organisation_id)
            OR a.customer_id IS DISTINCT FROM j.customer_id AND NOT EXISTS (
                SELECT FROM sales.contact_change c JOIN sales.item i ON i.order_id = c.order_id
                WHERE c.from_customer = j.customer_id AND i.lot_account_id = a.id)
        """,
        # The lot and the document of an item belong to its buyer. A new document gets its owner with its job.
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
        # A refund and its payment belong to the same order.
        """
        SELECT r.id::text AS subject, 'refund and payment belong to different orders' AS fact
        FROM sales.refund r LEFT JOIN sales.payment p ON p.id = r.payment_id
        WHERE p.order_id IS DISTINCT FROM r.order_id
        """,
        # The document and the job of a serial number that was taken belong to its organisation.
        """
        SELECT t.serial AS subject, 'serial number, document and job belong to different owners' AS fact
        FROM stamping.taken_serial t LEFT JOIN partners.organisation o ON o.id = t.organisation_id
        LEFT JOIN stamping.document d ON d.id = t.document_id
        LEFT JOIN stamping.serial s ON s.serial = t.serial LEFT JOIN stamping.job j ON j.id = s.job_id
        WHERE t.document_id IS NOT NULL AND d.customer_id IS DISTINCT FROM o.account_holder
            OR j.id IS NOT NULL
                AND (j.organisation_id, j.document_id) IS DISTINCT FROM (t.organisation_id, t.document_id)
        """,
    ),
)
