-- Officers move a paid order to another contact, after the person has proved who they are (docs/on-duty.md). The order
-- moves with what belongs to it: unused stamps, documents, jobs. What its customer stamped from its quota stays theirs.

-- A contact of a customer may wait for its first proof.
ALTER TABLE customers.contact ALTER COLUMN verified_at DROP NOT NULL;

CREATE TABLE sales.contact_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES sales.orders,
    from_customer uuid NOT NULL REFERENCES customers.customer,
    to_customer uuid NOT NULL REFERENCES customers.customer,
    round integer NOT NULL,          -- of the order's link, from then on
    token_digest bytea NOT NULL,     -- of no link: a worker makes the new one
    changed_at timestamptz NOT NULL
);
CREATE INDEX contact_change_of_order ON sales.contact_change (order_id);
CREATE TRIGGER contact_change_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON sales.contact_change
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
GRANT SELECT ON sales.contact_change TO meterai_reader, meterai_worker, meterai_operator;
INSERT INTO operations.act VALUES ('order.change_contact', '{support}', 1);

-- Whether officers moved one of these orders to a customer, and no further.
CREATE FUNCTION sales.has_moved_to(of_orders uuid[], customer uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM unnest(of_orders) AS o(id) WHERE customer = (
        SELECT c.to_customer FROM sales.contact_change c WHERE c.order_id = o.id ORDER BY c.id DESC LIMIT 1))
$$;

-- Owners stay who they are, unless officers moved the order.
CREATE OR REPLACE FUNCTION sales.refuse_other_customer() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT sales.has_moved_to(ARRAY[OLD.id], NEW.customer_id) THEN
        RAISE EXCEPTION 'order % is not a draft: its customer stays', OLD.number USING ERRCODE = 'SL003';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION sales.keep_lots_customer() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT sales.has_moved_to(ARRAY(SELECT i.order_id FROM sales.item i WHERE i.lot_account_id = OLD.id), NEW.customer_id)
    THEN
        RAISE EXCEPTION 'account % stays its customer''s', OLD.id USING ERRCODE = 'LG009';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER account_stays_what_it_is ON ledger.account;
CREATE TRIGGER account_stays_what_it_is
    BEFORE UPDATE OF id, unit, kind, organisation_id, balance_side, created_at ON ledger.account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER account_keeps_customer BEFORE UPDATE OF customer_id ON ledger.account FOR EACH ROW
    WHEN (OLD.customer_id IS DISTINCT FROM NEW.customer_id) EXECUTE FUNCTION sales.keep_lots_customer();

CREATE OR REPLACE FUNCTION stamping.keep_stamped() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM stamping.job j WHERE j.document_id = OLD.id AND j.state <> 'refused')
        AND ((OLD.input_object, OLD.placements) IS DISTINCT FROM (NEW.input_object, NEW.placements)
            OR NOT sales.has_moved_to(ARRAY(SELECT i.order_id FROM sales.item i WHERE i.document_id = OLD.id), NEW.customer_id))
    THEN
        RAISE EXCEPTION 'document % is being stamped', OLD.id USING ERRCODE = 'SL003';
    END IF;
    RETURN NEW;
END $$;

-- Why an order can't move to a contact of `to_customer` (null: of nobody yet): `unpaid`; `nobody`: it was erased; `same`:
-- it is there; `stamping`: stamps of it are being used. Null: it can.
CREATE FUNCTION sales.contact_blocker(o sales.orders, to_customer uuid, to_kind text, to_value text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN o.state NOT IN ('paid', 'completed')
            AND NOT EXISTS (SELECT FROM sales.refund r WHERE r.order_id = o.id) THEN 'unpaid'
        WHEN o.contact_value IS NULL AND NOT EXISTS (SELECT FROM customers.contact c WHERE c.customer_id = o.customer_id)
            THEN 'nobody'
        WHEN to_customer = o.customer_id
            THEN CASE WHEN (o.contact_kind, o.contact_value) = (to_kind, to_value) THEN 'same' END
        WHEN EXISTS (SELECT FROM sales.item i LEFT JOIN ledger.account a ON a.id = i.lot_account_id
            WHERE i.order_id = o.id AND (i.state = 'stamping' OR a.debits_pending > 0)) THEN 'stamping'
        END
$$;
CREATE FUNCTION sales.customer_at(of_kind text, of_value text) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT c.customer_id FROM customers.contact c
    WHERE c.kind = of_kind AND c.value = of_value AND c.replaced_at IS NULL
$$;

-- What an officer sees before: the order's contact, masked, and why it can't move.
CREATE FUNCTION sales.look_at_contact(
    of_order uuid, to_kind text, to_value text, OUT contact text, OUT blocker text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT operations.masked(o.contact_kind, o.contact_value),
        sales.contact_blocker(o, sales.customer_at(to_kind, to_value), to_kind, to_value)
    FROM sales.orders o WHERE o.id = of_order
$$;

-- Moves an order to a contact: to the customer who has proven it, else to a new customer, whom it makes known once it is
-- proven. The links end, and a worker tells the contacts before and the new one. Gives what blocks it, or null.
-- OF007: the officer has not signed. 23505: the contact was proven at this moment; again.
CREATE FUNCTION sales.change_contact(
    of_order uuid, to_kind text, to_value text, proof text, new_customer uuid, new_contact uuid, officer text, nonce text,
    at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
    target uuid := sales.customer_at(to_kind, to_value);
    blocker text;
    believed timestamptz := customers.checked_time(at);
    unknown bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    told jsonb;
    items uuid[] := ARRAY(SELECT i.id FROM sales.item i WHERE i.order_id = of_order);
BEGIN
    IF length(btrim(proof)) NOT BETWEEN 5 AND 200 OR to_kind NOT IN ('email', 'phone') OR to_value = '' THEN
        RAISE EXCEPTION 'a proof has 5 to 200 characters' USING ERRCODE = '22023';
    END IF;
    PERFORM FROM ledger.account a JOIN sales.item i ON i.lot_account_id = a.id WHERE i.order_id = of_order
        ORDER BY a.id FOR UPDATE OF a;
    blocker := sales.contact_blocker(o, target, to_kind, to_value);
    IF blocker IS NOT NULL THEN RETURN blocker; END IF;
    IF target IS NULL THEN
        target := new_customer;
        INSERT INTO customers.customer (id, organisation_id, language, created_at)
            VALUES (target, o.organisation_id, o.language, believed);
        INSERT INTO customers.contact (id, customer_id, kind, value) VALUES (new_contact, target, to_kind, to_value);
    END IF;
    SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('kind', b.kind, 'value', b.value)), '[]') INTO told
        FROM (SELECT o.contact_kind::text AS kind, o.contact_value AS value WHERE o.contact_value IS NOT NULL
            UNION SELECT c.kind::text, c.value FROM customers.contact c
                WHERE c.customer_id = o.customer_id AND c.replaced_at IS NULL) b
        WHERE (b.kind, b.value) <> (to_kind, to_value);

    INSERT INTO sales.contact_change (order_id, from_customer, to_customer, round, token_digest, changed_at)
        VALUES (o.id, o.customer_id, target, o.token_round + 1, unknown, believed);
    UPDATE sales.orders SET customer_id = target, contact_kind = to_kind, contact_value = to_value,
            token_round = token_round + 1, token_digest = unknown
        WHERE id = o.id;
    IF target <> o.customer_id THEN
        UPDATE ledger.account a SET customer_id = target FROM sales.item i
            WHERE i.order_id = o.id AND a.id = i.lot_account_id;
        UPDATE stamping.document d SET customer_id = target WHERE d.id IN (
            SELECT i.document_id FROM sales.item i WHERE i.order_id = o.id
            UNION SELECT j.document_id FROM stamping.job j WHERE j.reference_id = ANY (items));
        UPDATE stamping.job j SET customer_id = target WHERE j.reference_id = ANY (items);
    END IF;
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES ('sales.contact_changed',
        jsonb_build_object('order_id', o.id, 'round', o.token_round + 1, 'told', told), at, at);
    PERFORM operations.write_audit(officer, 'order.change_contact', o.number, jsonb_build_object('reason', btrim(proof)), at,
        target::text, jsonb_build_object('to', to_value), NULL, nonce);
    RETURN NULL;
END $$;

-- The new link of an order that moved. False: it has one, or its links ended again.
CREATE FUNCTION sales.renew_link(of_order uuid, of_round integer, digest bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE sales.orders o SET token_digest = digest FROM sales.contact_change c
        WHERE o.id = of_order AND c.order_id = o.id AND c.round = of_round
            AND (o.token_round, o.token_digest) = (c.round, c.token_digest);
    RETURN FOUND;
END $$;

-- ------------------------------------------------------------------------------- what knew only contacts with a proof

-- A contact that waits for its first proof has it now.
CREATE FUNCTION customers.note_proof(of_kind text, of_value text, at timestamptz) RETURNS void LANGUAGE sql AS $$
    UPDATE customers.contact SET verified_at = at
    WHERE kind = of_kind AND value = of_value AND replaced_at IS NULL AND verified_at IS NULL
$$;

CREATE OR REPLACE FUNCTION customers.try_code(
    code uuid, typed text, at timestamptz, new_customer uuid, new_contact uuid, of_organisation uuid,
    of_language text, session_digest bytea, new_mark_digest bytea, of_browser text, of_system text,
    old_token bytea, old_mark bytea,
    OUT verdict text, OUT kind text, OUT value text, OUT tries_left integer, OUT wait_until timestamptz,
    OUT of_customer uuid, OUT session_until timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    proven uuid;
    repeats boolean;
    believed timestamptz := customers.checked_time(at);
BEGIN
    SELECT c.verdict, c.kind, c.value, c.tries_left, c.wait_until, c.is_repeat
        INTO verdict, kind, value, tries_left, wait_until, repeats
        FROM customers.check_code(code, 'sign_in', typed, believed) c;
    IF verdict <> 'right' THEN RETURN; END IF;
    SELECT c.customer_id, c.id INTO of_customer, proven FROM customers.contact c
        WHERE c.kind = try_code.kind AND c.value = try_code.value AND c.replaced_at IS NULL;
    IF FOUND THEN
        PERFORM customers.note_proof(kind, value, believed);
    ELSE
        of_customer := new_customer;
        proven := new_contact;
        INSERT INTO customers.customer (id, organisation_id, language, created_at)
            VALUES (new_customer, of_organisation, of_language, believed);
        INSERT INTO customers.contact (id, customer_id, kind, value, verified_at)
            VALUES (new_contact, new_customer, try_code.kind, try_code.value, believed);
    END IF;
    IF old_token IS NOT NULL OR old_mark IS NOT NULL THEN
        DELETE FROM customers.session s WHERE s.token_digest = sha256(old_token) OR s.mark_digest = sha256(old_mark);
    END IF;
    IF repeats THEN DELETE FROM customers.session s WHERE s.customer_id = of_customer AND s.code_id = code; END IF;
    session_until := believed + interval '7 days';
    INSERT INTO customers.session (token_digest, mark_digest, customer_id, contact_id, code_id, browser, system,
            created_at, expires_at, known_until)
        VALUES (session_digest, new_mark_digest, of_customer, proven, code, of_browser, of_system,
            believed, session_until, believed + interval '180 days');
END $$;

CREATE OR REPLACE FUNCTION customers.prove_contact(
    code uuid, typed text, at timestamptz,
    OUT verdict text, OUT kind text, OUT value text, OUT tries_left integer, OUT wait_until timestamptz,
    OUT order_id text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, customers, pg_temp AS $$
DECLARE
    believed timestamptz := customers.checked_time(at);
BEGIN
    SELECT c.verdict, c.kind, c.value, c.tries_left, c.wait_until, c.subject
        INTO verdict, kind, value, tries_left, wait_until, order_id
        FROM customers.check_code(code, 'order_act', typed, believed) c;
    IF verdict <> 'right' THEN RETURN; END IF;
    PERFORM customers.note_proof(kind, value, believed);
    INSERT INTO customers.proof (id, customer_id, contact_id, purpose, subject, proved_at)
        SELECT code, c.customer_id, c.id, 'order_act', order_id, believed FROM customers.contact c
        WHERE c.kind = prove_contact.kind AND c.value = prove_contact.value AND c.replaced_at IS NULL
        ON CONFLICT (id) DO NOTHING;
    IF NOT EXISTS (SELECT FROM customers.proof p WHERE p.id = code) THEN verdict := 'expired'; END IF;
END $$;

-- A contact without a proof is as old as its customer.
CREATE OR REPLACE FUNCTION customers.forget_contacts(removed_before timestamptz, idle_before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    removed_before := least(removed_before, clock_timestamp() - interval '1 day');
    idle_before := least(idle_before, clock_timestamp() - interval '365 days');
    DELETE FROM customers.contact c
        WHERE (c.replaced_at < removed_before
                OR coalesce(c.verified_at, (SELECT p.created_at FROM customers.customer p WHERE p.id = c.customer_id))
                    < idle_before
                AND NOT EXISTS (SELECT FROM customers.session s WHERE s.customer_id = c.customer_id)
                AND NOT EXISTS (SELECT FROM sales.orders o
                    WHERE o.customer_id = c.customer_id AND o.created_at >= idle_before)
                AND NOT EXISTS (SELECT FROM operations.person_blockers(c.customer_id)))
            AND NOT EXISTS (SELECT FROM customers.proof p WHERE p.contact_id = c.id);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

-- ----------------------------------------------------------------------------------- money of an order that has moved

-- As before, but an account that was named before the order moved stays: the refund goes where it was asked.
CREATE OR REPLACE FUNCTION sales.name_refund_account(
    of_refund uuid, to_bank text, to_number text, to_holder text, proof uuid, wait interval, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold((SELECT order_id FROM sales.refund WHERE id = of_refund));
    r sales.refund;
BEGIN
    at := customers.checked_time(at);  -- or a caller could skip the wait
    PERFORM customers.use_proof(proof, o.customer_id, 'order_act', o.id::text, at);
    UPDATE sales.refund SET state = 'payable', channel = 'payout', bank = to_bank, account_number = to_number,
            account_holder = to_holder, round = round + 1, reference = NULL, failure_code = NULL, attempts = 0,
            asked_since = NULL, proof_id = proof, namings = namings + 1, named_at = at, pays_from = at + wait,
            next_attempt_at = at + wait, needs_release = NULL, release_id = NULL, released_at = NULL
        WHERE id = of_refund AND to_bank <> '' AND to_number <> '' AND to_holder <> ''
            AND (state = 'needs_account'
                OR state = 'payable' AND account_number IS NOT NULL AND asked_since IS NULL
                    AND NOT EXISTS (SELECT FROM sales.contact_change c WHERE c.order_id = o.id AND c.changed_at >= named_at))
        RETURNING * INTO r;
    IF NOT FOUND THEN PERFORM sales.not_allowed('name account', of_refund); END IF;
    PERFORM sales.tell_contacts(r, o.customer_id, 'refund_named', at);
    PERFORM sales.note_naming(r, o, at);
END $$;

-- As before, and two officers release a payout whose account its customer named within a week after the order moved.
CREATE OR REPLACE FUNCTION sales.judge_payouts(above bigint, wait interval, at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, sales, pg_temp AS $$
DECLARE
    r sales.refund;
    owner uuid;
    together bigint;
    has_moved boolean;
    waiting integer := 0;
BEGIN
    FOR r IN SELECT * FROM sales.refund
        WHERE state = 'payable' AND account_number IS NOT NULL AND released_at IS NULL AND needs_release IS NOT FALSE
        ORDER BY named_at FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        SELECT customer_id INTO owner FROM sales.orders WHERE id = r.order_id;
        IF r.needs_release IS NULL THEN
            SELECT sum(n.amount) INTO together FROM sales.refund n JOIN sales.orders o ON o.id = n.order_id
                WHERE o.customer_id = owner AND n.account_number IS NOT NULL
                    AND n.named_at BETWEEN r.named_at - interval '24 hours' AND r.named_at;
            has_moved := EXISTS (SELECT FROM sales.contact_change c
                WHERE c.order_id = r.order_id AND c.changed_at BETWEEN r.named_at - interval '7 days' AND r.named_at);
            UPDATE sales.refund SET needs_release = (has_moved OR together > above) AND operations.is_checked()
                        AND release_id IS NULL,
                    pays_from = greatest(pays_from, named_at + wait),
                    next_attempt_at = greatest(next_attempt_at, named_at + wait)
                WHERE id = r.id RETURNING needs_release INTO r.needs_release;
        END IF;
        CONTINUE WHEN NOT r.needs_release;
        IF operations.use_release('refund', r.id::text, sales.release_facts(r)) THEN
            UPDATE sales.refund SET released_at = at WHERE id = r.id;
            PERFORM operations.write_audit('officers', 'refund', r.id::text, jsonb_build_object(
                'amount', r.amount, 'bank', r.bank), at, owner::text, jsonb_build_object(
                'account', r.account_number, 'holder', r.account_holder), r.release_id);
        ELSE
            UPDATE sales.refund SET release_id = operations.ask_release('refund', r.id::text, sales.release_facts(r),
                interval '31 days', owner::text) WHERE id = r.id;
            waiting := waiting + 1;
        END IF;
    END LOOP;
    RETURN waiting;
END $$;

-- ------------------------------------------------------------------------------------------ what an officer signed

-- As before, and the texts about contacts that one officer signed.
CREATE OR REPLACE FUNCTION operations.forget_audit_values(before timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    before := least(before, clock_timestamp() - interval '365 days');
    UPDATE operations.audit_value v SET key = NULL, value = NULL, erased_at = clock_timestamp()
        FROM operations.audit_entry e WHERE e.id = v.entry_id AND e.at < before AND v.erased_at IS NULL;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    UPDATE operations.officer_signature s SET signed_text = ''
        WHERE s.kind IN ('person.export', 'order.change_contact') AND s.signed_at < before AND s.signed_text <> '';
    UPDATE operations.officer_signature s SET signed_text = '' FROM operations.release_request r
        WHERE s.request_id = r.id AND r.person IS NOT NULL AND r.expires_at < before AND s.signed_text <> '';
    UPDATE operations.release_request SET facts = '{}'
        WHERE person IS NOT NULL AND expires_at < before AND facts <> '{}';
    RETURN forgotten;
END $$;

CREATE OR REPLACE FUNCTION operations.erase_audit_values(a_person text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    erased integer;
BEGIN
    UPDATE operations.audit_value SET key = NULL, value = NULL, erased_at = clock_timestamp()
    WHERE person = a_person AND erased_at IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    UPDATE operations.officer_signature s SET signed_text = ''
    FROM operations.audit_entry e JOIN operations.audit_value v ON v.entry_id = e.id
    WHERE v.person = a_person AND e.nonce = s.nonce AND s.kind = 'order.change_contact';
    UPDATE operations.officer_signature s SET signed_text = ''
    FROM operations.release_request r
    WHERE r.person = a_person AND s.request_id = r.id AND (r.done_at IS NOT NULL OR r.withdrawn_at IS NOT NULL);
    UPDATE operations.release_request SET facts = '{}'
    WHERE person = a_person AND (done_at IS NOT NULL OR withdrawn_at IS NOT NULL);
    RETURN erased;
END $$;

REVOKE ALL ON FUNCTION sales.has_moved_to, sales.refuse_other_customer, sales.keep_lots_customer, sales.contact_blocker, sales.customer_at,
    sales.look_at_contact, sales.change_contact, sales.renew_link, customers.note_proof FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.look_at_contact, sales.change_contact TO meterai_operator, meterai_console;
GRANT EXECUTE ON FUNCTION sales.renew_link TO meterai_worker;
