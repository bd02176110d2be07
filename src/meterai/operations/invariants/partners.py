"""I28: partners have the stamps that were issued to them. I29: credit. I30: their money."""

# ruff: noqa: S608 (our own queries)

from __future__ import annotations

from meterai.ledger.model import ISSUER, AccountKind
from meterai.operations.invariants.model import SqlInvariant

_RETURNED = """partners.block_return r JOIN partners.block b ON b.id = r.block_id"""
_COST = "b.pieces * (b.unit_price + b.service_fee)"
_UNPAID = "(b.pieces - b.returned) * (b.unit_price + b.service_fee) - b.paid"
_FREED = "r.pieces * (b.unit_price + b.service_fee) - r.refunded"
K = AccountKind

# Side of an account, its kind, whose it is, the amount, and the rows from which that follows.
_MONEY = (
    ("debits", K.TREASURY_PREPAID, "d.organisation_id", "d.amount", "partners.deposit d"),
    ("debits", K.TREASURY_PREPAID, "b.receiver", "r.refunded", f"{_RETURNED} WHERE b.paid_by = 'deposit'"),
    ("credits", K.TREASURY_PREPAID, "b.receiver", _COST, "partners.block b WHERE b.paid_by = 'deposit'"),
    ("credits", K.DISTRIBUTOR_FUNDS, "d.organisation_id", "d.amount", "partners.deposit d"),
    ("credits", K.DISTRIBUTOR_FUNDS, "b.receiver", "r.refunded", f"{_RETURNED} WHERE b.paid_by = 'deposit'"),
    ("debits", K.DISTRIBUTOR_FUNDS, "b.receiver", _COST, "partners.block b WHERE b.paid_by = 'deposit'"),
    (
        "debits",
        K.PARTNER_CASH,
        "o.parent_id",
        "p.amount",
        "partners.payment p JOIN partners.organisation o ON o.id = p.organisation_id",
    ),
    (
        "credits",
        K.PARTNER_SALES,
        "o.parent_id",
        "p.settled",
        "partners.payment p JOIN partners.organisation o ON o.id = p.organisation_id",
    ),
    ("credits", K.PARTNER_SALES, "b.giver", _COST, "partners.block b WHERE b.paid_by = 'funds'"),
    ("debits", K.PARTNER_SALES, "b.giver", "r.refunded", f"{_RETURNED} WHERE b.paid_by <> 'deposit'"),
    ("credits", K.PARTNER_FUNDS, "p.organisation_id", "p.amount - p.settled", "partners.payment p"),
    ("credits", K.PARTNER_FUNDS, "b.receiver", "r.refunded", f"{_RETURNED} WHERE b.paid_by <> 'deposit'"),
    ("debits", K.PARTNER_FUNDS, "b.receiver", _COST, "partners.block b WHERE b.paid_by = 'funds'"),
    ("credits", K.CREDIT_OWED, "b.receiver", _COST, "partners.block b WHERE b.paid_by = 'credit'"),
    ("debits", K.CREDIT_OWED, "b.receiver", _FREED, f"{_RETURNED} WHERE b.paid_by = 'credit'"),
    ("debits", K.CREDIT_OWED, "p.organisation_id", "p.settled", "partners.payment p"),
)
_KINDS = ", ".join(f"'{kind}'" for kind in dict.fromkeys(kind for _, kind, *_ in _MONEY))
_FOLLOWS = " UNION ALL ".join(
    f"SELECT {owner} AS organisation_id, '{kind}' AS kind, {amount if side == 'debits' else 0} AS debits,"
    f" {amount if side == 'credits' else 0} AS credits FROM {rows}"
    for side, kind, owner, amount, rows in _MONEY
)

I28 = SqlInvariant(
    id="I28",
    title="Partners have the stamps that were issued to them; the tree's sums are what was issued",
    population="partners.block",
    parts=(
        # What came into an organisation's stock are its blocks, what came back from below, and the stamps of
        # serial numbers that it gave back.
        f"""
        WITH came AS (
            SELECT organisation_id, sum(pieces) AS pieces FROM (
                SELECT receiver AS organisation_id, pieces FROM partners.block
                UNION ALL SELECT b.giver, r.pieces FROM {_RETURNED} WHERE b.giver <> '{ISSUER}'
                UNION ALL SELECT organisation_id, 1 FROM stamping.taken_serial
                WHERE returned_at IS NOT NULL
            ) moved GROUP BY organisation_id
        )
        SELECT coalesce(a.organisation_id, came.organisation_id)::text AS subject,
            format('%s came into stock, blocks, returns and serial numbers brought %s',
                coalesce(a.credits_posted, 0), coalesce(came.pieces, 0)) AS fact
        FROM (SELECT * FROM ledger.account WHERE kind = 'partner_stock') a
        FULL JOIN came USING (organisation_id)
        WHERE coalesce(a.credits_posted, 0) <> coalesce(came.pieces, 0)
        """,
        # Over the whole tree: issued = in stock, held or unstamped, and used.
        f"""
        WITH issued AS (
            SELECT coalesce(sum(pieces - returned), 0) AS pieces FROM partners.block WHERE giver = '{ISSUER}'
        ), kept AS (
            SELECT
                coalesce(sum(a.credits_posted - a.debits_posted) FILTER (WHERE a.kind <> 'used'), 0) AS stock,
                coalesce(sum(a.credits_posted) FILTER (WHERE a.kind = 'used'), 0) AS used
            FROM ledger.account a JOIN partners.organisation p ON p.id = a.organisation_id
            WHERE a.kind IN ('partner_stock', 'unstamped', 'used')
        )
        SELECT 'the tree' AS subject,
            format('issued %s; in stock %s, used %s', issued.pieces, kept.stock, kept.used) AS fact
        FROM issued, kept WHERE issued.pieces <> kept.stock + kept.used
        """,
        # A block went from a parent to its child, as it is booked; what came back of it is listed.
        """
        SELECT b.id::text AS subject, format('from %s to %s, whose parent is %s; %s pieces, booked %s; '
            'returned %s, listed %s', b.giver, b.receiver, o.parent_id, b.pieces, t.pieces, b.returned,
            r.pieces) AS fact
        FROM partners.block b LEFT JOIN partners.organisation o ON o.id = b.receiver
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount), 0) AS pieces FROM ledger.transfer
            WHERE reference_id = b.id AND code IN ('block', 'block_issue')
        ) t
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(pieces), 0) AS pieces FROM partners.block_return WHERE block_id = b.id
        ) r
        WHERE o.parent_id IS DISTINCT FROM b.giver OR t.pieces <> b.pieces OR r.pieces <> b.returned
        """,
        # An organisation has one stock, of its own account holder.
        """
        SELECT p.id::text AS subject, format('%s stocks, %s of them of its account holder', count(a.id),
            count(a.id) FILTER (WHERE a.customer_id = p.account_holder AND c.organisation_id = p.id)) AS fact
        FROM partners.organisation p LEFT JOIN customers.customer c ON c.id = p.account_holder
        LEFT JOIN ledger.account a ON a.organisation_id = p.id AND a.kind = 'partner_stock'
        GROUP BY p.id, p.account_holder
        HAVING count(a.id) <> 1
            OR count(a.id) FILTER (WHERE a.customer_id = p.account_holder AND c.organisation_id = p.id) <> 1
        """,
    ),
)

I29 = SqlInvariant(
    id="I29",
    title="No organisation owes more than its agreements allow",
    population="partners.organisation",
    parts=(
        # What is owed is within the highest limit that counted since the oldest unpaid block.
        f"""
        WITH owing AS (
            SELECT b.receiver AS organisation_id, min(b.at) AS since, sum({_UNPAID}) AS owed
            FROM partners.block b WHERE b.paid_by = 'credit' AND {_UNPAID} > 0 GROUP BY b.receiver
        )
        SELECT o.organisation_id::text AS subject,
            format('owes Rp%s since %s, the limit was Rp%s', o.owed, o.since,
                coalesce(a.credit_limit, 0)) AS fact
        FROM owing o LEFT JOIN LATERAL (
            SELECT max(credit_limit) AS credit_limit FROM partners.agreement g
            WHERE g.organisation_id = o.organisation_id AND (g.valid_until IS NULL
                OR g.valid_until >= (o.since AT TIME ZONE INTERVAL '7 hours')::date)
        ) a ON true
        WHERE o.owed > coalesce(a.credit_limit, 0)
        """,
        # What is owed and what is free of it is what was granted.
        """
        WITH credit AS (
            SELECT organisation_id AS id, sum(credits_posted - debits_posted) AS rupiah FROM ledger.account
            WHERE kind IN ('credit_line', 'credit_owed') GROUP BY organisation_id
        )
        SELECT id::text AS subject,
            format('Rp%s free and owed, Rp%s granted', coalesce(credit.rupiah, 0), granted.rupiah) AS fact
        FROM partners.organisation o LEFT JOIN credit USING (id)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE code WHEN 'credit_grant' THEN amount ELSE -amount END), 0) AS rupiah
            FROM ledger.transfer WHERE reference_id = o.id AND code IN ('credit_grant', 'credit_cut')
        ) granted
        WHERE coalesce(credit.rupiah, 0) <> granted.rupiah
        """,
    ),
)

I30 = SqlInvariant(
    id="I30",
    title="The money of partners follows from their deposits, blocks, returns and payments",
    population="partners.payment",
    parts=(
        f"""
        WITH follows AS (
            SELECT organisation_id, kind, sum(debits) AS debits, sum(credits) AS credits
            FROM ({_FOLLOWS}) each GROUP BY organisation_id, kind
        ), booked AS (
            SELECT organisation_id, kind, debits_posted AS debits, credits_posted AS credits
            FROM ledger.account
            WHERE kind IN ({_KINDS}) AND (kind NOT IN ('treasury_prepaid', 'distributor_funds')
                OR organisation_id IN (SELECT id FROM partners.organisation))
        )
        SELECT coalesce(f.organisation_id, b.organisation_id)::text AS subject,
            format('%s: debits %s, credits %s; rows say %s, %s', kind, coalesce(b.debits, 0),
                coalesce(b.credits, 0), coalesce(f.debits, 0), coalesce(f.credits, 0)) AS fact
        FROM follows f FULL JOIN booked b USING (organisation_id, kind)
        WHERE coalesce(f.debits, 0) <> coalesce(b.debits, 0)
            OR coalesce(f.credits, 0) <> coalesce(b.credits, 0)
        """,
        # What a block still owes is what is kept of it, less what was paid.
        """
        SELECT b.receiver::text AS subject,
            format('blocks owe Rp%s, the books Rp%s', b.unpaid, coalesce(a.owed, 0)) AS fact
        FROM (
            SELECT receiver, sum((pieces - returned) * (unit_price + service_fee) - paid) AS unpaid
            FROM partners.block WHERE paid_by = 'credit' GROUP BY receiver
        ) b LEFT JOIN (
            SELECT organisation_id, credits_posted - debits_posted AS owed
            FROM ledger.account WHERE kind = 'credit_owed'
        ) a ON a.organisation_id = b.receiver
        WHERE b.unpaid IS DISTINCT FROM a.owed
        """,
    ),
)
