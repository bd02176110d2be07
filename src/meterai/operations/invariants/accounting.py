"""I32: what gateways and the bank say is booked as they say it, once."""

from __future__ import annotations

from meterai.operations.invariants.model import SqlInvariant

I32 = SqlInvariant(
    id="I32",
    title="Pay-outs, charged fees and lines of the bank are booked as they were told, and explained once",
    population="accounting.bank_line",
    parts=(
        # For each report: what it pays out is in transit, and fees are booked as charged.
        """
        WITH booked AS (
            SELECT t.reference_id AS id,
                sum(CASE d.kind WHEN 'bank_transit' THEN t.amount ELSE -t.amount END)
                    FILTER (WHERE t.code = 'gateway_payout') AS payout,
                sum(CASE d.kind WHEN 'gateway_cost' THEN t.amount ELSE -t.amount END)
                    FILTER (WHERE t.code = 'gateway_cost_difference') AS cost
            FROM ledger.transfer t JOIN ledger.account d ON d.id = t.debit_account_id
            WHERE t.code IN ('gateway_payout', 'gateway_cost_difference') GROUP BY t.reference_id
        )
        SELECT coalesce(r.id, b.id)::text AS subject,
            format('pays out Rp%s and charges Rp%s besides, booked Rp%s and Rp%s', r.payout,
                r.cost_added - r.cost_reduced, coalesce(b.payout, 0), coalesce(b.cost, 0)) AS fact
        FROM accounting.settlement_report r FULL JOIN booked b USING (id)
        WHERE r.payout IS DISTINCT FROM coalesce(b.payout, 0)
            OR r.cost_added - r.cost_reduced IS DISTINCT FROM coalesce(b.cost, 0)
        """,
        # A line of the bank is booked once, and is in the account of its newest explanation.
        """
        WITH booked AS (
            SELECT t.reference_id AS id,
                sum(CASE d.kind WHEN 'bank_cash' THEN t.amount ELSE -t.amount END)
                    FILTER (WHERE t.code = 'bank_receipt') AS came,
                sum(CASE d.kind WHEN 'bank_unexplained' THEN t.amount ELSE 0 END
                        - CASE c.kind WHEN 'bank_unexplained' THEN t.amount ELSE 0 END)
                    FILTER (WHERE t.code = 'bank_explained') AS explained
            FROM ledger.transfer t JOIN ledger.account d ON d.id = t.debit_account_id
            JOIN ledger.account c ON c.id = t.credit_account_id
            WHERE t.code IN ('bank_receipt', 'bank_explained') GROUP BY t.reference_id
        )
        SELECT coalesce(l.id, b.id)::text AS subject,
            format('Rp%s explained as %s, booked Rp%s, Rp%s of it explained', l.amount,
                coalesce(l.explanation, 'nothing'), coalesce(b.came, 0), coalesce(b.explained, 0)) AS fact
        FROM accounting.bank_line l FULL JOIN booked b USING (id)
        WHERE l.amount IS DISTINCT FROM coalesce(b.came, 0) OR coalesce(b.explained, 0)
            IS DISTINCT FROM CASE WHEN l.explanation IS NULL THEN 0 ELSE l.amount END
        """,
        # What nobody knows is shown as a difference: the money can't be forgotten.
        """
        SELECT l.id::text AS subject,
            format('Rp%s is unexplained, and no difference shows it', l.amount) AS fact
        FROM accounting.bank_line l WHERE l.explanation IS NULL AND NOT EXISTS (
            SELECT FROM accounting.difference d WHERE d.subject = l.id::text AND d.resolved_at IS NULL)
        """,
        # The newest explanation of a line is the one that its history ends with.
        """
        SELECT l.id::text AS subject,
            format('explained as %s, its history ends with %s', l.explanation, e.account) AS fact
        FROM accounting.bank_line l LEFT JOIN LATERAL (
            SELECT account FROM accounting.bank_explanation x WHERE x.line_id = l.id
            ORDER BY round DESC LIMIT 1
        ) e ON true
        WHERE e.account IS DISTINCT FROM CASE l.explanation WHEN 'payout' THEN 'bank_transit'
            WHEN 'top_up' THEN 'payout_cash' WHEN 'face_value' THEN 'face_value_payable'
            WHEN 'vat' THEN 'vat_payable' WHEN 'bank_cost' THEN 'bank_cost' WHEN 'other' THEN 'bank_other' END
        """,
    ),
)
