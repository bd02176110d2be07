-- What partners do with stamps and money, made from their rows. A caller names an organisation, a block or a payment;
-- prices, accounts and amounts follow. Each call changes one organisation and locks its row first. Arrows read
-- debit -> credit. Repeating a call with its id changes nothing.
--
-- LG001: the id was used for something else · PA001: there is no such organisation, or it is not active · PA002: without
-- an agreement · PA003: not to be paid so · PA004: an earlier tax period is unpaid · PA005: more than is left of the block ·
-- PA006: more than the credit that is free · PA007: more than was prepaid · PA008: not allowed in this place of the tree ·
-- PA009: needs officers, because the parent is the issuer
-- The functions without SECURITY DEFINER run inside the others only.

CREATE FUNCTION partners.refuse(code text, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', what USING ERRCODE = code;
END $$;

CREATE FUNCTION partners.hold(of_organisation uuid) RETURNS partners.organisation LANGUAGE plpgsql AS $$
DECLARE
    o partners.organisation;
BEGIN
    SELECT * INTO o FROM partners.organisation WHERE id = of_organisation FOR NO KEY UPDATE;
    IF NOT FOUND THEN PERFORM partners.refuse('PA001', 'no such organisation'); END IF;
    RETURN o;
END $$;

-- Whether a partner and all partners above it are active.
CREATE FUNCTION partners.is_active(of_organisation uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT o.parent_id, o.state FROM partners.organisation o WHERE o.id = of_organisation
        UNION ALL SELECT o.parent_id, o.state FROM up JOIN partners.organisation o ON o.id = up.parent_id
    ) SELECT bool_and(state = 'active') IS TRUE FROM up
$$;

CREATE FUNCTION partners.agreement_on(of_organisation uuid, day date) RETURNS partners.agreement LANGUAGE sql STABLE AS $$
    SELECT a FROM partners.agreement a
    WHERE a.organisation_id = of_organisation AND a.valid_from <= day AND (a.valid_until IS NULL OR a.valid_until >= day)
    ORDER BY a.valid_from DESC, a.created_at DESC, a.id DESC LIMIT 1
$$;

CREATE FUNCTION partners.tariff_on(day date) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT t.face_value FROM sales.tariff t WHERE t.valid_from <= day ORDER BY t.valid_from DESC LIMIT 1 $$;

CREATE FUNCTION partners.left_in(of_kind text, of_organisation uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(CASE a.balance_side WHEN 'debit' THEN -1 ELSE 1 END * (a.credits_posted - a.debits_posted)), 0)::bigint
    FROM ledger.account a WHERE a.id = ledger.own(of_kind, of_organisation)
$$;

CREATE FUNCTION partners.moves(
    name text, step uuid, code text, debit uuid, credit uuid, amount bigint, reference uuid, organisation uuid
) RETURNS ledger.line LANGUAGE sql IMMUTABLE AS $$
    SELECT ROW(ledger.derived_id(name, step::text), 'single', NULL, code, debit, credit, amount, reference, organisation,
        NULL)::ledger.line
$$;

CREATE FUNCTION partners.unpaid(b partners.block) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE (b).paid_by WHEN 'credit'
        THEN ((b).pieces - (b).returned) * ((b).unit_price + (b).service_fee) - (b).paid ELSE 0 END
$$;

-- Brings an organisation's credit to a limit: the parent grants more of it, or takes back what of it is free.
CREATE FUNCTION partners.limit_line(o partners.organisation, credit_limit bigint, step uuid) RETURNS ledger.line
LANGUAGE plpgsql AS $$
DECLARE
    line uuid := ledger.own('credit_line', o.id);
    granted uuid := ledger.own('credit_granted', o.parent_id);
    free bigint := partners.left_in('credit_line', o.id);
    more bigint := credit_limit - free - partners.left_in('credit_owed', o.id);
BEGIN
    IF more >= 0 THEN
        RETURN partners.moves('credit-limit', step, 'credit_grant', granted, line, more, o.id, o.id);
    END IF;
    RETURN partners.moves('credit-limit', step, 'credit_cut', line, granted, least(-more, free), o.id, o.id);
END $$;

-- ------------------------------------------------------------------------------------------------------ organisations

-- Adds an organisation with its account holder and its accounts.
CREATE FUNCTION partners.add_organisation(
    new_organisation uuid, parent uuid, of_name text, of_role text, of_code text, of_npwp text, at timestamptz,
    OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    above text := CASE parent WHEN ledger.organisation('issuer') THEN 'issuer' ELSE (
        SELECT role FROM partners.organisation WHERE id = parent) END;
    known record;
    holder uuid := ledger.derived_id('account_holder', new_organisation::text);
BEGIN
    IF NOT (CASE above
        WHEN 'issuer' THEN of_role IN ('distributor', 'collector')
        WHEN 'distributor' THEN of_role IN ('retailer', 'enterprise', 'collector') AND partners.is_active(parent)
        WHEN 'retailer' THEN of_role = 'sub_account' AND partners.is_active(parent)
        WHEN 'enterprise' THEN of_role = 'sub_account' AND partners.is_active(parent)
        WHEN 'collector' THEN of_role = 'sub_account' AND partners.is_active(parent)
        ELSE false END)
    THEN PERFORM partners.refuse('PA008', format('no %s below %s', of_role, coalesce(above, 'nothing'))); END IF;
    SELECT p.parent_id, p.role, p.code, p.npwp INTO known FROM partners.organisation p
        WHERE p.id = new_organisation;
    IF FOUND THEN
        IF (known.parent_id, known.role, known.code, known.npwp) IS DISTINCT FROM (parent, of_role, of_code, of_npwp) THEN
            PERFORM partners.refuse('LG001', 'another organisation has this id');
        END IF;
        is_new := false;
        RETURN;
    END IF;
    is_new := true;
    INSERT INTO customers.organisation (id, name, role, created_at) VALUES (new_organisation, of_name, of_role, at);
    INSERT INTO customers.customer (id, organisation_id, language, created_at) VALUES (holder, new_organisation, 'id', at);
    INSERT INTO partners.organisation (id, parent_id, role, code, npwp, account_holder, created_at)
        VALUES (new_organisation, parent, of_role, of_code, of_npwp, holder, at);
    PERFORM ledger.open_accounts(array_agg(ledger.own(p.kind, p.owner)), array_agg(p.unit), array_agg(p.kind),
            array_agg(p.owner), array_agg(CASE p.kind WHEN 'partner_stock' THEN holder END), array_agg(p.side), at)
        FROM (VALUES
            ('partner_stock', 'STAMP', 'credit', new_organisation), ('used', 'STAMP', 'credit', new_organisation),
            ('partner_funds', 'IDR', 'credit', new_organisation), ('credit_line', 'IDR', 'credit', new_organisation),
            ('credit_owed', 'IDR', 'credit', new_organisation), ('credit_granted', 'IDR', 'none', parent),
            ('partner_cash', 'IDR', 'none', parent), ('partner_sales', 'IDR', 'credit', parent)
        ) AS p(kind, unit, side, owner);
    IF of_role = 'distributor' THEN
        PERFORM ledger.open_accounts(
            ARRAY[ledger.own('treasury_prepaid', new_organisation), ledger.own('distributor_funds', new_organisation)],
            ARRAY['IDR', 'IDR'], ARRAY['treasury_prepaid', 'distributor_funds'],
            ARRAY[new_organisation, new_organisation], ARRAY[NULL, NULL]::uuid[], ARRAY['debit', 'none'], at);
    END IF;
END $$;

-- Suspends an organisation, lets it go on, or closes it for good. Nothing moves to or from a closed one.
CREATE FUNCTION partners.set_state(of_organisation uuid, becomes text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(of_organisation);
BEGIN
    IF o.state = 'closed' AND becomes <> 'closed' THEN PERFORM partners.refuse('PA001', 'it is closed'); END IF;
    UPDATE partners.organisation SET state = becomes WHERE id = of_organisation;
END $$;

-- --------------------------------------------------------------------------------------------------------- agreements

CREATE FUNCTION partners.write_agreement(
    new_agreement uuid, o partners.organisation, terms jsonb, at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    a partners.agreement := jsonb_populate_record(NULL::partners.agreement, terms);
    today date := (at AT TIME ZONE 'Asia/Jakarta')::date;
    known partners.agreement;
    current partners.agreement;
BEGIN
    a.id := new_agreement;
    a.organisation_id := o.id;
    a.valid_from := coalesce(a.valid_from, today);
    a.service_fee := coalesce(a.service_fee, 0);
    a.credit_limit := coalesce(a.credit_limit, 0);
    a.open_periods_max := coalesce(a.open_periods_max, 1);
    a.signed_requests := coalesce(a.signed_requests, false);
    a.created_at := customers.checked_time(at);
    SELECT * INTO known FROM partners.agreement WHERE id = new_agreement;
    IF FOUND THEN
        a.created_at := known.created_at;
        IF known IS DISTINCT FROM a THEN PERFORM partners.refuse('LG001', 'another agreement has this id'); END IF;
        RETURN false;
    END IF;
    -- What is over stays as it was. The issuer sells at face value.
    IF o.state = 'closed' OR a.valid_from < today
        OR o.parent_id = ledger.organisation('issuer')
            AND (a.unit_price, a.service_fee) IS DISTINCT FROM (partners.tariff_on(a.valid_from), 0::bigint)
        OR a.credit_limit > 0 AND o.role = 'distributor'
    THEN PERFORM partners.refuse('PA008', 'not these terms'); END IF;
    INSERT INTO partners.agreement SELECT a.*;
    current := partners.agreement_on(o.id, today);
    PERFORM ledger.post_lines(ARRAY[partners.limit_line(o, coalesce(current.credit_limit, 0), new_agreement)], at);
    RETURN true;
END $$;

-- An agreement of a partner with an organisation below it: its own risk.
CREATE FUNCTION partners.agree(new_agreement uuid, of_organisation uuid, terms jsonb, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(of_organisation);
BEGIN
    IF o.parent_id = ledger.organisation('issuer') THEN PERFORM partners.refuse('PA009', 'officers agree'); END IF;
    RETURN partners.write_agreement(new_agreement, o, terms, at);
END $$;

-- ------------------------------------------------------------------------------------------------------------- blocks

-- Passes stamps from an organisation's parent to it: from the issuer to a distributor against its deposit, or to a
-- collector on account; from a partner to the one below it, prepaid or on credit, at the price agreed.
CREATE FUNCTION partners.pass_block(
    new_block uuid, to_organisation uuid, wanted bigint, means text, at timestamptz, OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(to_organisation);
    day date := (customers.checked_time(at) AT TIME ZONE 'Asia/Jakarta')::date;
    a partners.agreement := partners.agreement_on(o.id, day);
    from_issuer boolean := o.parent_id = ledger.organisation('issuer');
    known partners.block;
    b partners.block;
    cost bigint;
    free bigint;
    lines ledger.line[];
BEGIN
    SELECT * INTO known FROM partners.block WHERE id = new_block;
    IF FOUND THEN
        IF (known.receiver, known.pieces, known.paid_by) IS DISTINCT FROM (to_organisation, wanted, means) THEN
            PERFORM partners.refuse('LG001', 'another block has this id');
        END IF;
        is_new := false;
        RETURN;
    END IF;
    is_new := true;
    IF NOT partners.is_active(o.id) THEN PERFORM partners.refuse('PA001', 'not active'); END IF;
    IF (means = 'deposit') <> (o.role = 'distributor') THEN PERFORM partners.refuse('PA003', 'not by ' || means); END IF;
    IF a.id IS NULL AND means <> 'deposit' THEN PERFORM partners.refuse('PA002', 'no agreement'); END IF;
    b := ROW(new_block, o.parent_id, o.id, wanted,
        CASE WHEN from_issuer THEN partners.tariff_on(day) ELSE a.unit_price END,
        CASE WHEN from_issuer THEN 0 ELSE a.service_fee END,
        means, date_trunc('month', day)::date, 0, 0, customers.checked_time(at));
    INSERT INTO partners.block SELECT b.*;
    cost := wanted * (b.unit_price + b.service_fee);
    lines := ARRAY[partners.moves('block', new_block, CASE WHEN from_issuer THEN 'block_issue' ELSE 'block' END,
        CASE WHEN from_issuer THEN ledger.house('issuance') ELSE ledger.own('partner_stock', o.parent_id) END,
        ledger.own('partner_stock', o.id), wanted, new_block, o.id)];
    CASE means
    WHEN 'deposit' THEN
        free := partners.left_in('treasury_prepaid', o.id);
        IF cost > free THEN PERFORM partners.refuse('PA007', format('Rp%s prepaid, Rp%s needed', free, cost)); END IF;
        lines := lines || partners.moves('block-deposit', new_block, 'deposit_used',
            ledger.own('distributor_funds', o.id), ledger.own('treasury_prepaid', o.id), cost, new_block, o.id);
    WHEN 'funds' THEN
        free := partners.left_in('partner_funds', o.id);
        IF cost > free THEN PERFORM partners.refuse('PA007', format('Rp%s prepaid, Rp%s needed', free, cost)); END IF;
        lines := lines || partners.moves('block-funds', new_block, 'block_paid', ledger.own('partner_funds', o.id),
            ledger.own('partner_sales', o.parent_id), cost, new_block, o.id);
    ELSE
        IF o.role = 'collector' AND a.open_periods_max < (SELECT count(DISTINCT k.period) FROM partners.block k
            WHERE k.receiver = o.id AND (k.id = new_block OR partners.unpaid(k) > 0))
        THEN PERFORM partners.refuse('PA004', 'an earlier period is unpaid'); END IF;
        free := a.credit_limit - partners.left_in('credit_owed', o.id);
        IF cost > free THEN PERFORM partners.refuse('PA006', format('Rp%s free, Rp%s needed', free, cost)); END IF;
        lines := lines || partners.limit_line(o, a.credit_limit, new_block)
            || partners.moves('block-credit', new_block, 'credit_taken', ledger.own('credit_line', o.id),
                ledger.own('credit_owed', o.id), cost, new_block, o.id);
    END CASE;
    PERFORM ledger.post_lines(lines, at);
END $$;

-- Takes pieces of a block back to the parent, and reverses their money: what was owed for them is owed no more, and what
-- was paid for them is prepaid now.
CREATE FUNCTION partners.take_back(new_return uuid, of_block uuid, wanted bigint, at timestamptz, OUT is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold((SELECT receiver FROM partners.block WHERE id = of_block));
    b partners.block;
    known partners.block_return;
    from_issuer boolean := o.parent_id = ledger.organisation('issuer');
    value bigint;
    freed bigint;
    back bigint;
BEGIN
    SELECT * INTO known FROM partners.block_return WHERE id = new_return;
    IF FOUND THEN
        IF (known.block_id, known.pieces) IS DISTINCT FROM (of_block, wanted) THEN
            PERFORM partners.refuse('LG001', 'another return has this id');
        END IF;
        is_new := false;
        RETURN;
    END IF;
    is_new := true;
    SELECT * INTO b FROM partners.block WHERE id = of_block;
    IF (wanted BETWEEN 1 AND b.pieces - b.returned) IS NOT TRUE THEN
        PERFORM partners.refuse('PA005', format('%s are left of it', b.pieces - b.returned));
    END IF;
    value := wanted * (b.unit_price + b.service_fee);
    freed := least(value, partners.unpaid(b));
    back := value - freed;
    UPDATE partners.block SET returned = returned + wanted,
        paid = CASE paid_by WHEN 'credit' THEN paid - back ELSE paid END WHERE id = of_block;
    INSERT INTO partners.block_return VALUES (new_return, of_block, wanted, back, customers.checked_time(at));
    PERFORM ledger.post_lines(ARRAY[
        partners.moves('return', new_return, 'block_return', ledger.own('partner_stock', o.id),
            CASE WHEN from_issuer THEN ledger.house('issuance') ELSE ledger.own('partner_stock', o.parent_id) END,
            wanted, of_block, o.id),
        partners.moves('return-credit', new_return, 'credit_freed', ledger.own('credit_owed', o.id),
            ledger.own('credit_line', o.id), freed, of_block, o.id),
        CASE b.paid_by WHEN 'deposit'
            THEN partners.moves('return-money', new_return, 'deposit_freed', ledger.own('treasury_prepaid', o.id),
                ledger.own('distributor_funds', o.id), back, of_block, o.id)
            ELSE partners.moves('return-money', new_return, 'block_repaid', ledger.own('partner_sales', o.parent_id),
                ledger.own('partner_funds', o.id), back, of_block, o.id) END], at);
END $$;

-- -------------------------------------------------------------------------------------------------------------- money

-- Books what an organisation paid its parent: for its oldest unpaid blocks first, the rest in advance.
CREATE FUNCTION partners.write_payment(
    new_payment uuid, o partners.organisation, rupiah bigint, under text, at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    known partners.payment;
    settles bigint := least(rupiah, partners.left_in('credit_owed', o.id));
    cash uuid := ledger.own('partner_cash', o.parent_id);
BEGIN
    SELECT * INTO known FROM partners.payment p
        WHERE p.id = new_payment OR (p.organisation_id, p.reference) = (o.id, under);
    IF FOUND THEN
        IF (known.organisation_id, known.amount, known.reference) IS DISTINCT FROM (o.id, rupiah, under) THEN
            PERFORM partners.refuse('LG001', 'another payment has this id or reference');
        END IF;
        RETURN false;
    END IF;
    IF o.role = 'distributor' OR o.state = 'closed' THEN PERFORM partners.refuse('PA008', 'it pays no parent'); END IF;
    INSERT INTO partners.payment VALUES (new_payment, o.id, rupiah, settles, under, customers.checked_time(at));
    UPDATE partners.block b SET paid = b.paid + s.part
    FROM (
        SELECT u.id, least(u.due, settles - u.before) AS part FROM (
            SELECT k.id, partners.unpaid(k) AS due,
                sum(partners.unpaid(k)) OVER (ORDER BY k.at, k.id) - partners.unpaid(k) AS before
            FROM partners.block k WHERE k.receiver = o.id AND partners.unpaid(k) > 0
        ) u WHERE u.before < settles
    ) s WHERE b.id = s.id;
    PERFORM ledger.post_lines(ARRAY[
        partners.moves('payment-credit', new_payment, 'credit_paid', ledger.own('credit_owed', o.id),
            ledger.own('credit_line', o.id), settles, new_payment, o.id),
        partners.moves('payment-settles', new_payment, 'partner_payment', cash,
            ledger.own('partner_sales', o.parent_id), settles, new_payment, o.id),
        partners.moves('payment-prepaid', new_payment, 'partner_prepaid', cash, ledger.own('partner_funds', o.id),
            rupiah - settles, new_payment, o.id)], at);
    RETURN true;
END $$;

-- What a partner got from an organisation below it.
CREATE FUNCTION partners.take_payment(
    new_payment uuid, of_organisation uuid, rupiah bigint, under text, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(of_organisation);
BEGIN
    IF o.parent_id = ledger.organisation('issuer') THEN PERFORM partners.refuse('PA009', 'officers book it'); END IF;
    RETURN partners.write_payment(new_payment, o, rupiah, under, at);
END $$;

-- ----------------------------------------------------------------------------------------- what two officers decide

INSERT INTO operations.act VALUES
    ('partner.deposit', '{treasurer}', 2), ('partner.agree', '{treasurer}', 2), ('partner.payment', '{treasurer}', 2);
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_operator', 'partner');

-- Books a distributor's deposit at the treasury. It issues nothing yet: blocks do. A treasury's receipt counts once, here
-- or for the site's own stock. OF008: more than one issue may bring.
CREATE FUNCTION operations.partner_deposit(
    deposit uuid, receipt text, of_organisation uuid, rupiah bigint, at timestamptz, OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(of_organisation);
    known partners.deposit;
BEGIN
    IF deposit IS DISTINCT FROM ledger.derived_id('deposit', upper(receipt)) THEN
        RAISE EXCEPTION 'this is not the id of the deposit %', receipt USING ERRCODE = 'OF007';
    END IF;
    SELECT * INTO known FROM partners.deposit d WHERE d.id = deposit;
    IF FOUND THEN
        IF (known.organisation_id, known.amount) IS DISTINCT FROM (of_organisation, rupiah) THEN
            PERFORM partners.refuse('LG001', 'another deposit has this receipt');
        END IF;
        is_new := false;
        RETURN;
    END IF;
    is_new := true;
    IF o.role <> 'distributor' OR o.state = 'closed' THEN PERFORM partners.refuse('PA008', 'not a distributor'); END IF;
    -- The site's own deposits, also those that were booked with small letters.
    IF EXISTS (SELECT FROM operations.audit_entry e
        WHERE e.action = 'quota.issue' AND upper(e.subject) = upper(receipt))
    THEN PERFORM partners.refuse('LG001', 'this receipt is booked'); END IF;
    IF operations.is_checked() AND rupiah > (SELECT i.pieces_per_issue_max FROM operations.installation i)
        * partners.tariff_on((at AT TIME ZONE 'Asia/Jakarta')::date)
    THEN
        RAISE EXCEPTION 'Rp% are more than one issue may bring', rupiah USING ERRCODE = 'OF008';
    END IF;
    IF NOT operations.use_release('partner.deposit', receipt, jsonb_build_object('organisation', o.code, 'amount', rupiah))
    THEN
        RAISE EXCEPTION 'two officers have not released this deposit' USING ERRCODE = 'OF007';
    END IF;
    INSERT INTO partners.deposit VALUES (deposit, o.id, receipt, rupiah, customers.checked_time(at));
    PERFORM ledger.post_lines(ARRAY[partners.moves('deposit-paid', deposit, 'partner_deposit',
        ledger.own('treasury_prepaid', o.id), ledger.own('distributor_funds', o.id), rupiah, deposit, o.id)], at);
END $$;

-- An agreement with an organisation right below the issuer: what a collector may owe makes stamps.
CREATE FUNCTION operations.partner_agree(
    new_agreement uuid, of_organisation uuid, terms jsonb, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(of_organisation);
    is_new boolean := partners.write_agreement(new_agreement, o, terms, at);
BEGIN
    IF is_new AND NOT operations.use_release('partner.agree', o.code, terms) THEN
        RAISE EXCEPTION 'two officers have not released this agreement' USING ERRCODE = 'OF007';
    END IF;
    RETURN is_new;
END $$;

-- A payment of a collector right below the issuer, into the treasury.
CREATE FUNCTION operations.partner_payment(
    new_payment uuid, of_organisation uuid, rupiah bigint, under text, at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(of_organisation);
    is_new boolean := partners.write_payment(new_payment, o, rupiah, under, at);
BEGIN
    IF is_new AND NOT operations.use_release(
        'partner.payment', under, jsonb_build_object('organisation', o.code, 'amount', rupiah))
    THEN
        RAISE EXCEPTION 'two officers have not released this payment' USING ERRCODE = 'OF007';
    END IF;
    RETURN is_new;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA partners FROM PUBLIC;
REVOKE ALL ON FUNCTION operations.partner_deposit, operations.partner_agree, operations.partner_payment FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.add_organisation, partners.set_state, partners.agree, partners.pass_block,
    partners.take_back, partners.take_payment TO meterai_site, meterai_operator;
GRANT EXECUTE ON FUNCTION operations.partner_deposit, operations.partner_agree, operations.partner_payment
    TO meterai_operator;
