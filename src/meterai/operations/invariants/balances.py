"""I3: stamps and money are conserved. I23: stored balances are what the transfers say."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.ledger.model import AccountKind, side_of, unit_of
from meterai.operations.invariants.conditions import derived_id
from meterai.operations.invariants.house_accounts import OTHER_ACCOUNTS, STAMPS, wrong_totals
from meterai.operations.invariants.model import SqlInvariant

# Which unit and side an account has follows from its kind. Nearly all are lots: those are told first.
_PLAN = ", ".join(f"{kind} {unit_of(kind)} {side_of(kind)}" for kind in AccountKind)
_MISKEPT = f"""CASE WHEN kind = 'lot' THEN unit <> 'STAMP' OR balance_side <> 'credit'
            ELSE kind || ' ' || unit || ' ' || balance_side <> ALL ('{{{_PLAN}}}') END"""
_OVERDRAWN = f"""{_MISKEPT}
            OR balance_side = 'credit' AND debits_posted + debits_pending > credits_posted
            OR balance_side = 'debit' AND credits_posted + credits_pending > debits_posted
            OR least(debits_posted, debits_pending, credits_posted, credits_pending) < 0"""


I3 = SqlInvariant(
    id="I3",
    title="Issued = stock + held + used + refunded + voided, per owner and in all; nothing below zero",
    population="ledger.account",
    parts=(
        # In total, debits equal credits.
        """
        SELECT unit AS subject,
            format('debits %s and %s held, credits %s and %s held', sum(debits_posted), sum(debits_pending),
                   sum(credits_posted), sum(credits_pending)) AS fact
        FROM ledger.account GROUP BY unit
        HAVING sum(debits_posted) <> sum(credits_posted) OR sum(debits_pending) <> sum(credits_pending)
        """,
        # No account is below zero, including what is held, on the side of its kind.
        f"""
        SELECT id::text AS subject, format('%s, kept in %s on side %s, is overdrawn or should not be kept so',
            kind, unit, balance_side) AS fact FROM ledger.account
        WHERE {_OVERDRAWN}
        """,
        # For every seller: what left the stock is in lots; what left the lots was used or refunded. For
        # every partner: what left its stock was used, passed on or returned, or waits unstamped.
        """
        WITH accounts AS (
            SELECT organisation_id,
                sum(debits_posted) FILTER (WHERE kind = 'seller_stock') AS stock_out,
                sum(credits_posted) FILTER (WHERE kind = 'lot') AS lots_in,
                sum(debits_posted) FILTER (WHERE kind IN ('lot', 'partner_stock')) AS lots_out,
                sum(credits_posted) FILTER (WHERE kind = 'used') AS used,
                sum(credits_pending) FILTER (WHERE kind = 'used') AS being_used,
                sum(credits_posted - debits_posted) FILTER (WHERE kind = 'unstamped') AS unstamped
            FROM ledger.account WHERE kind IN ('seller_stock', 'lot', 'partner_stock', 'unstamped', 'used')
            GROUP BY organisation_id
        ), serials AS (
            SELECT organisation_id, count(*) FILTER (WHERE state IN ('released', 'used')) AS released,
                count(*) FILTER (WHERE state IN ('allocated', 'sealed')) AS living
            FROM (
                SELECT j.organisation_id, s.state
                FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id
                UNION ALL SELECT t.organisation_id, s.state FROM stamping.taken_serial t
                JOIN stamping.serial s ON s.serial = t.serial WHERE s.job_id IS NULL
            ) each GROUP BY organisation_id
        ), given_back AS (
            SELECT organisation_id, count(*) AS pieces FROM stamping.taken_serial
            WHERE returned_at IS NOT NULL GROUP BY organisation_id
        ), refunds AS (
            SELECT o.organisation_id, sum(r.quantity) AS pieces
            FROM sales.refund r JOIN sales.orders o ON o.id = r.order_id GROUP BY o.organisation_id
        ), moved AS (
            SELECT organisation_id, sum(pieces) AS pieces FROM (
                SELECT giver AS organisation_id, pieces FROM partners.block
                UNION ALL SELECT b.receiver, r.pieces
                FROM partners.block_return r JOIN partners.block b ON b.id = r.block_id
            ) each GROUP BY organisation_id
        )
        SELECT organisation_id::text AS subject,
            format('sold %s, in lots came %s; out of lots or stock went %s, used %s, unstamped %s, given '
                   'back %s, refunded %s and passed on %s; released %s; '
                   'being used %s, serials alive %s', a.stock_out, a.lots_in, a.lots_out, a.used,
                   coalesce(a.unstamped, 0), coalesce(b.pieces, 0), coalesce(r.pieces, 0),
                   coalesce(m.pieces, 0), coalesce(s.released, 0), a.being_used, coalesce(s.living, 0)
            ) AS fact
        FROM accounts a
        LEFT JOIN serials s USING (organisation_id)
        LEFT JOIN given_back b USING (organisation_id)
        LEFT JOIN refunds r USING (organisation_id)
        LEFT JOIN moved m USING (organisation_id)
        WHERE coalesce(a.stock_out, 0) <> coalesce(a.lots_in, 0)
            OR coalesce(a.lots_out, 0) <> coalesce(a.used, 0) + coalesce(a.unstamped, 0)
                + coalesce(b.pieces, 0) + coalesce(r.pieces, 0) + coalesce(m.pieces, 0)
            OR coalesce(a.used, 0) <> coalesce(s.released, 0)
            OR coalesce(a.being_used, 0) <> coalesce(s.living, 0)
        """,
        # Every deposit issued as many stamps as it paid for, at the tariff of its day.
        """
        WITH deposits AS (
            SELECT reference_id, min(business_date) AS day,
                coalesce(sum(amount) FILTER (WHERE code = 'deposit'), 0) AS paid,
                coalesce(sum(amount) FILTER (WHERE code = 'issue'), 0) AS issued,
                coalesce(sum(amount) FILTER (WHERE code = 'supply'), 0) AS supplied
            FROM ledger.transfer WHERE code IN ('deposit', 'issue', 'supply') GROUP BY reference_id
        )
        SELECT reference_id::text AS subject,
            format('paid Rp%s, issued %s, supplied %s', paid, issued, supplied) AS fact
        FROM deposits
        WHERE issued <> supplied OR paid IS DISTINCT FROM issued * (
            SELECT face_value FROM sales.tariff WHERE valid_from <= day ORDER BY valid_from DESC LIMIT 1)
        """,
        # Only deposits issue stamps. Only deposits and refunds add to the stock.
        wrong_totals(STAMPS),
        OTHER_ACCOUNTS,
        # Somebody recorded every deposit under the treasury's receipt, which determines its id.
        f"""
        WITH recorded AS (
            SELECT subject, facts ->> 'amount' AS rupiah, {derived_id("deposit", "spelling")} AS id
            FROM operations.audit_entry, unnest(ARRAY[upper(subject), subject, lower(subject)]) spelling
            WHERE action IN ('quota.issue', 'partner.deposit')
        ), booked AS (
            SELECT reference_id AS id, amount::text AS rupiah FROM ledger.transfer
            WHERE code IN ('deposit', 'partner_deposit')
        )
        SELECT b.id::text AS subject, format(
            'deposit of Rp%s that nobody recorded; one of a release that kept no entry is recorded '
            'when its receipt is given to meterai issue-quota again', b.rupiah) AS fact
        FROM booked b WHERE NOT EXISTS (
            SELECT FROM recorded r WHERE r.id = b.id AND r.rupiah = b.rupiah)
        UNION ALL
        SELECT subject, format('recorded with Rp%s, and not booked so', min(rupiah)) FROM recorded r
        GROUP BY subject HAVING NOT bool_or(EXISTS (
            SELECT FROM booked b WHERE b.id = r.id AND b.rupiah = r.rupiah))
        """,
    ),
)


I23 = SqlInvariant(
    id="I23",
    title="Balances derived from transfers = stored balances",
    population="ledger.transfer",
    parts=(
        """
        WITH moves AS NOT MATERIALIZED (  -- read twice: cheaper than writing it down
            SELECT debit_account_id, credit_account_id,
                CASE kind WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END AS held,
                CASE WHEN kind IN ('single', 'post') THEN amount ELSE 0 END AS final
            FROM ledger.transfer
        ), debits AS (
            SELECT debit_account_id AS id, sum(held) AS debits_pending, sum(final) AS debits_posted
            FROM moves GROUP BY debit_account_id
        ), credits AS (
            SELECT credit_account_id AS id, sum(held) AS credits_pending, sum(final) AS credits_posted
            FROM moves GROUP BY credit_account_id
        ), derived AS (
            SELECT id,
                coalesce(debits_pending, 0) AS debits_pending, coalesce(debits_posted, 0) AS debits_posted,
                coalesce(credits_pending, 0) AS credits_pending, coalesce(credits_posted, 0) AS credits_posted
            FROM debits FULL JOIN credits USING (id)
        )
        SELECT id::text AS subject,
            format('%s: stored %s/%s debits, %s/%s credits; transfers say %s/%s, %s/%s', a.kind,
                   a.debits_posted, a.debits_pending, a.credits_posted, a.credits_pending,
                   d.debits_posted, d.debits_pending, d.credits_posted, d.credits_pending) AS fact
        FROM ledger.account a FULL JOIN derived d USING (id)
        WHERE a.debits_posted IS DISTINCT FROM coalesce(d.debits_posted, 0)
            OR a.debits_pending IS DISTINCT FROM coalesce(d.debits_pending, 0)
            OR a.credits_posted IS DISTINCT FROM coalesce(d.credits_posted, 0)
            OR a.credits_pending IS DISTINCT FROM coalesce(d.credits_pending, 0)
        """,
    ),
)
