-- The apology after an incident (docs/news.md): its figures, counted from orders and the ledger, and what changes. Two
-- officers publish it; then it never changes.
-- NA001: the incident is not over · NA002: there is one · NA003: the figures don't add up
INSERT INTO operations.act VALUES ('news.apologise', '{admin,content}', 2);
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_operator', 'news');

CREATE TABLE news.apology (
    incident integer PRIMARY KEY REFERENCES news.incident,
    changes_id text NOT NULL CHECK (length(changes_id) BETWEEN 1 AND 4000),
    changes_en text NOT NULL CHECK (length(changes_en) BETWEEN 1 AND 4000),
    figures jsonb NOT NULL,
    published_at timestamptz NOT NULL
);
CREATE INDEX apology_by_time ON news.apology (published_at);

-- The orders that an incident touched: they waited for a payment or for stamps at some time while it lasted. Which of both
-- follows from its components.
CREATE FUNCTION news.touched_orders(of_incident integer, at timestamptz) RETURNS SETOF sales.orders
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o.* FROM news.incident i JOIN sales.orders o ON o.state <> 'draft' AND o.placed_at < coalesce(i.ended_at, at)
    WHERE i.number = of_incident AND (
        i.components && ARRAY['site', 'payment', 'line'] AND coalesce(o.paid_at, o.closed_at, 'infinity') >= i.started_at
        OR i.components && ARRAY['stamping'] AND o.paid_at < coalesce(i.ended_at, at)
            AND (o.state = 'paid' OR coalesce(o.closed_at, 'infinity') >= i.started_at))
$$;

-- What an incident did, as it is known now (`news.apology.model.Figures`). Money is what the ledger says: all transfers of an
-- order name it, and its stamps stand in its lots. `by_sales` says the same from payments and refunds. Not final: money that may
-- still come late (`sales.model.ASKED_FOR`: three days after the end of an attempt), and documents stamped from quota.
CREATE FUNCTION news.apology_figures(of_incident integer, at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH touched AS MATERIALIZED (
        SELECT * FROM news.touched_orders(of_incident, at)
    ), moved AS (
        SELECT t.amount, t.code, d.kind AS debit, c.kind AS credit
        FROM touched o JOIN ledger.transfer t ON t.reference_id = o.id
        JOIN ledger.account d ON d.id = t.debit_account_id JOIN ledger.account c ON c.id = t.credit_account_id
        WHERE t.posted_at IS NOT NULL
    ), money AS (
        SELECT coalesce(sum(amount) FILTER (WHERE credit = 'suspense'), 0) AS paid,
            coalesce(sum(amount) FILTER (WHERE debit = 'suspense'), 0) AS divided,
            coalesce(sum(amount) FILTER (WHERE credit = 'refund_payable' AND code <> 'refund_returned'), 0) AS owed,
            coalesce(sum(amount) FILTER (WHERE debit = 'refund_payable'), 0)
                - coalesce(sum(amount) FILTER (WHERE code = 'refund_returned'), 0) AS gone
        FROM moved
    ), stamps AS (
        SELECT coalesce(sum((a.debits_posted - b.back) * (i.unit_face_value + i.unit_fee)), 0) AS stamped,
            coalesce(sum((a.credits_posted - a.debits_posted) * (i.unit_face_value + i.unit_fee)), 0) AS held
        FROM touched o JOIN sales.item i ON i.order_id = o.id JOIN ledger.account a ON a.id = i.lot_account_id,
        LATERAL (SELECT coalesce(sum(t.amount), 0) AS back FROM ledger.transfer t
            WHERE t.reference_id = o.id AND t.code = 'refund_quota' AND t.debit_account_id = a.id) b
    ), by_sales AS (
        SELECT coalesce(sum(p.paid), 0) AS paid, coalesce(sum(r.refunded), 0) AS refunded,
            coalesce(sum(r.under_way), 0) AS under_way
        FROM touched o,
        LATERAL (SELECT sum(p.paid_amount) AS paid FROM sales.payment p
            WHERE p.order_id = o.id AND p.settled_at IS NOT NULL) p,
        LATERAL (SELECT sum(r.amount) FILTER (WHERE r.state = 'paid') AS refunded,
                sum(r.amount) FILTER (WHERE r.state <> 'paid') AS under_way
            FROM sales.refund r WHERE r.order_id = o.id) r
    ), ends AS (
        SELECT o.id, coalesce(o.customer_id, o.id) AS person, o.placed_at, p.has_money,
            o.state IN ('awaiting_payment', 'paid') OR r.is_under_way AS is_open,
            o.state IN ('expired', 'cancelled') AND NOT p.has_money AND p.may_come AS may_come,
            greatest(o.closed_at, r.last_paid_at) AS ended_at
        FROM touched o,
        LATERAL (SELECT coalesce(bool_or(p.settled_at IS NOT NULL), false) AS has_money,
                coalesce(bool_or(p.state <> 'failed' AND p.expires_at > at - interval '3 days'), false) AS may_come
            FROM sales.payment p WHERE p.order_id = o.id) p,
        LATERAL (SELECT coalesce(bool_or(r.state <> 'paid'), false) AS is_under_way, max(r.paid_at) AS last_paid_at
            FROM sales.refund r WHERE r.order_id = o.id) r
    ), counts AS (
        SELECT count(*) AS orders, count(DISTINCT person) AS people, count(*) FILTER (WHERE has_money) AS paid_orders,
            count(*) FILTER (WHERE is_open) AS open_orders, count(*) FILTER (WHERE may_come) AS late_orders,
            max(ended_at) FILTER (WHERE has_money AND NOT is_open) AS last_done_at,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - placed_at))
                FILTER (WHERE has_money AND NOT is_open) AS median_s,
            max(extract(epoch FROM ended_at - placed_at)) FILTER (WHERE has_money AND NOT is_open) AS longest_s
        FROM ends
    ), from_quota AS (
        SELECT count(*) AS documents, count(*) FILTER (WHERE j.ended_at IS NULL) AS open_documents
        FROM news.incident i JOIN stamping.job j ON j.created_at < coalesce(i.ended_at, at)
            AND coalesce(j.ended_at, 'infinity') >= i.started_at
        WHERE i.number = of_incident AND 'stamping' = ANY (i.components)
            AND NOT EXISTS (SELECT FROM sales.item n WHERE n.id = j.reference_id)
    )
    SELECT jsonb_build_object('at', at, 'started_at', i.started_at, 'ended_at', coalesce(i.ended_at, at),
        'orders', c.orders, 'people', c.people, 'paid_orders', c.paid_orders, 'open_orders', c.open_orders,
        'late_orders', c.late_orders, 'documents', q.documents, 'open_documents', q.open_documents,
        'last_done_at', c.last_done_at, 'median_s', round(c.median_s)::bigint, 'longest_s', round(c.longest_s)::bigint,
        'money', jsonb_build_object('paid', m.paid, 'stamped', s.stamped, 'held', s.held, 'refunded', m.gone,
            'under_way', m.owed - m.gone, 'undivided', m.paid - m.divided),
        'by_sales', jsonb_build_object('paid', b.paid, 'refunded', b.refunded, 'under_way', b.under_way))
    FROM news.incident i, money m, stamps s, by_sales b, counts c, from_quota q WHERE i.number = of_incident
$$;

CREATE FUNCTION news.refuse(code text, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = code;
END $$;

-- Publishes an apology that two officers have released. Its figures are counted now, and never again.
CREATE FUNCTION news.publish_apology(of_incident integer, facts jsonb, actor text, request bigint, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    f jsonb;
    m jsonb;
    s jsonb;
BEGIN
    IF NOT operations.use_release('news.apologise', of_incident::text, facts) THEN
        PERFORM news.refuse('OF007', 'two officers have not released this');
    END IF;
    IF EXISTS (SELECT FROM news.apology a WHERE a.incident = of_incident) THEN
        PERFORM news.refuse('NA002', 'the apology is published');
    END IF;
    IF NOT EXISTS (SELECT FROM news.incident i WHERE i.number = of_incident AND i.ended_at IS NOT NULL) THEN
        PERFORM news.refuse('NA001', 'the incident is not over');
    END IF;
    f := news.apology_figures(of_incident, at);
    m := f -> 'money';
    s := f -> 'by_sales';
    IF (m ->> 'paid')::bigint <> (m ->> 'stamped')::bigint + (m ->> 'held')::bigint + (m ->> 'refunded')::bigint
            + (m ->> 'under_way')::bigint + (m ->> 'undivided')::bigint
        OR m -> 'paid' <> s -> 'paid' OR m -> 'refunded' <> s -> 'refunded' OR m -> 'under_way' <> s -> 'under_way' THEN
        PERFORM news.refuse('NA003', 'the figures do not add up');
    END IF;
    INSERT INTO news.apology VALUES (of_incident, facts ->> 'changes_id', facts ->> 'changes_en', f, at);
    PERFORM operations.write_audit(actor, 'news.apologise', of_incident::text, facts, at, NULL, '{}', request);
END $$;

REVOKE ALL ON FUNCTION news.touched_orders, news.apology_figures, news.refuse, news.publish_apology FROM PUBLIC;
GRANT EXECUTE ON FUNCTION news.apology_figures, news.publish_apology TO meterai_operator;
GRANT SELECT ON news.apology TO meterai_site, meterai_worker, meterai_controller, meterai_operator, meterai_reader;
