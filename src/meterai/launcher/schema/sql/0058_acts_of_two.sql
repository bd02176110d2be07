-- Issuing stock and adding keys: functions that use up the release of two officers.

ALTER TABLE operations.installation
    ADD COLUMN pieces_per_issue_max bigint NOT NULL DEFAULT 1000000 CHECK (pieces_per_issue_max > 0);

-- Books a deposit and issues its stamps (sales.issue_stock), once two officers have released it. A repeat of what is booked
-- and recorded needs no release. OF007: they have not · OF008: more than one issue may bring.
CREATE FUNCTION operations.issue_stock(
    deposit uuid, receipt text, pieces bigint, at timestamptz, OUT face_value bigint, OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF deposit NOT IN (
        ledger.derived_id('deposit', upper(receipt)), ledger.derived_id('deposit', receipt),
        ledger.derived_id('deposit', lower(receipt))
    ) THEN
        RAISE EXCEPTION 'this is not the id of the deposit %', receipt USING ERRCODE = 'OF007';
    END IF;
    SELECT s.face_value, s.is_new INTO face_value, is_new FROM sales.issue_stock(deposit, pieces, at) s;
    IF NOT is_new AND EXISTS (
        SELECT FROM operations.audit_entry WHERE action = 'quota.issue' AND upper(subject) = upper(receipt)
    ) THEN
        RETURN;
    END IF;
    IF is_new AND operations.is_checked() AND pieces > (SELECT pieces_per_issue_max FROM operations.installation) THEN
        RAISE EXCEPTION '% stamps are more than one issue may bring', pieces USING ERRCODE = 'OF008';
    END IF;
    IF NOT operations.use_release(
        'quota.issue', receipt, jsonb_build_object('pieces', pieces, 'amount', pieces * face_value)
    ) THEN
        RAISE EXCEPTION 'two officers have not released this issue' USING ERRCODE = 'OF007';
    END IF;
END $$;

-- An officer's decision about a refund in doubt (sales.end_refund, sales.order_again), once two have released it.
CREATE FUNCTION operations.end_refund(of_refund uuid, paid_as text, facts jsonb, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT operations.use_release('refund.end', of_refund::text, facts) THEN
        RAISE EXCEPTION 'two officers have not released this' USING ERRCODE = 'OF007';
    END IF;
    PERFORM sales.end_refund(of_refund, paid_as, at);
END $$;
CREATE FUNCTION operations.order_again(of_refund uuid, facts jsonb, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT operations.use_release('refund.again', of_refund::text, facts) THEN
        RAISE EXCEPTION 'two officers have not released this' USING ERRCODE = 'OF007';
    END IF;
    RETURN sales.order_again(of_refund, at);
END $$;

-- Adds a key to the register as two officers have released it: `facts` are the request's. False: it is known.
CREATE FUNCTION operations.add_key(facts jsonb, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    chain bytea[] := ARRAY(SELECT decode(one, 'hex') FROM jsonb_array_elements_text(facts -> 'certificates') one);
    id text := left(encode(sha256(chain[1]), 'hex'), 16);
BEGIN
    IF EXISTS (SELECT FROM stamping.signing_key WHERE key_id = id) THEN RETURN false; END IF;
    IF NOT operations.use_release('key.add', id, facts) THEN
        RAISE EXCEPTION 'two officers have not released this key' USING ERRCODE = 'OF007';
    END IF;
    INSERT INTO stamping.signing_key (key_id, place, certificates, valid_from, valid_until, added_at)
    VALUES (
        id, facts ->> 'place', chain, (facts ->> 'valid_from')::timestamptz, (facts ->> 'valid_until')::timestamptz, at
    );
    RETURN true;
END $$;

-- While no officer is recorded, the switch can still be thrown.
CREATE OR REPLACE FUNCTION operations.is_signed(an_action text, a_subject text, a_request bigint, a_nonce text)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT NOT operations.is_checked()
        OR NOT EXISTS (SELECT FROM operations.act WHERE kind = an_action)
        OR (an_action = 'sealing.stop' AND (
            session_user = 'meterai_signer' OR NOT EXISTS (SELECT FROM operations.officer)
        ))
        OR EXISTS (
            SELECT FROM operations.release_request r JOIN operations.act a USING (kind)
            WHERE r.id = a_request AND r.kind = an_action AND r.subject = a_subject AND a.signatures = 2
                AND r.done_at IS NOT NULL
                AND NOT EXISTS (SELECT FROM operations.audit_entry e WHERE e.request_id = r.id)
        ) OR EXISTS (
            SELECT FROM operations.officer_signature s JOIN operations.act a USING (kind)
            WHERE s.nonce = a_nonce AND s.kind = an_action AND s.subject = a_subject AND a.signatures = 1
                AND NOT EXISTS (SELECT FROM operations.audit_entry e WHERE e.nonce = s.nonce)
        );
$$;

-- Processes ask for refunds; commands on the host ask for the rest.
CREATE OR REPLACE FUNCTION operations.ask_release(
    a_kind text, a_subject text, a_facts jsonb, lives interval, a_person text DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    found_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM operations.act WHERE kind = a_kind AND signatures = 2)
        OR lives NOT BETWEEN interval '1 minute' AND interval '31 days'
        OR (a_kind <> 'refund' AND NOT pg_has_role(session_user, 'meterai_operator', 'member')) THEN
        RAISE EXCEPTION '% may not ask for %', session_user, a_kind USING ERRCODE = 'OF001';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(a_kind || ' ' || a_subject, 7240815003));
    SELECT id INTO found_id FROM operations.release_request
    WHERE kind = a_kind AND subject = a_subject AND facts = a_facts
        AND done_at IS NULL AND withdrawn_at IS NULL AND expires_at > clock_timestamp();
    IF FOUND THEN RETURN found_id; END IF;
    UPDATE operations.release_request SET withdrawn_at = clock_timestamp()
    WHERE kind = a_kind AND subject = a_subject AND done_at IS NULL AND withdrawn_at IS NULL;
    INSERT INTO operations.release_request (kind, subject, facts, person, asked_at, asked_by, expires_at)
    VALUES (
        a_kind, a_subject, a_facts, a_person, clock_timestamp(), session_user, clock_timestamp() + lives
    ) RETURNING id INTO found_id;
    RETURN found_id;
END $$;

REVOKE ALL ON FUNCTION operations.issue_stock, operations.end_refund, operations.order_again, operations.add_key
    FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION sales.issue_stock, sales.end_refund, sales.order_again FROM meterai_app;
REVOKE INSERT ON stamping.signing_key FROM meterai_app;

-- Each process gets what it needs; the group that they were has nothing here any more.
REVOKE ALL ON ALL TABLES IN SCHEMA operations FROM meterai_app;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA operations FROM meterai_app;
REVOKE ALL ON SCHEMA operations FROM meterai_app;
REVOKE ALL ON operations.audit_value FROM meterai_reader;
GRANT USAGE ON SCHEMA operations TO meterai_site, meterai_worker, meterai_controller, meterai_operator;
GRANT SELECT ON operations.switch TO meterai_site, meterai_worker, meterai_controller, meterai_operator;
GRANT EXECUTE ON FUNCTION operations.write_audit TO meterai_site, meterai_worker, meterai_operator;
GRANT EXECUTE ON FUNCTION operations.ask_release, operations.release_state, operations.use_release
    TO meterai_site, meterai_worker, meterai_operator;
GRANT SELECT ON operations.audit_head, operations.audit_head_sent, operations.installation TO meterai_worker;
GRANT EXECUTE ON FUNCTION operations.note_head_sent TO meterai_worker;
GRANT SELECT ON ALL TABLES IN SCHEMA operations TO meterai_operator;
GRANT INSERT ON operations.environment TO meterai_operator;
GRANT EXECUTE ON FUNCTION operations.is_checked, operations.use_signature, operations.sign_release,
    operations.erase_audit_values, operations.throw_switch, operations.release_switch, operations.issue_stock,
    operations.end_refund, operations.order_again, operations.add_key TO meterai_operator;
