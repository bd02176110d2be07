-- The audit trail is a chain: each entry's hash covers the entry and the hash before it. It is written by
-- operations.write_audit alone. Personal values stand beside it and can be erased (docs/on-duty.md, "The audit trail").

ALTER TABLE operations.audit_entry ALTER COLUMN id DROP IDENTITY;
ALTER TABLE operations.audit_entry
    ADD COLUMN written_by text NOT NULL DEFAULT '',         -- the database role of the process
    ADD COLUMN signatures jsonb NOT NULL DEFAULT '[]',      -- of officers: name, key, text, signature
    ADD COLUMN request_id bigint UNIQUE REFERENCES operations.release_request,
    ADD COLUMN nonce text UNIQUE REFERENCES operations.officer_signature,
    ADD COLUMN hash bytea;

-- The newest entry. Its row is locked while an entry is written, so that the chain never forks.
CREATE TABLE operations.audit_head (
    is_kept boolean PRIMARY KEY DEFAULT true CHECK (is_kept),
    entry bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO operations.audit_head (entry, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- Values of people in entries. The entry has a hash of key and value; without the key it says nothing.
CREATE TABLE operations.audit_value (
    entry_id bigint NOT NULL REFERENCES operations.audit_entry,
    name text NOT NULL,
    person text NOT NULL,           -- the customer whose values these are
    key bytea,
    value text,
    erased_at timestamptz,
    PRIMARY KEY (entry_id, name),
    CHECK ((key IS NULL) = (erased_at IS NOT NULL) AND (value IS NULL) = (erased_at IS NOT NULL))
);
CREATE INDEX audit_value_by_person ON operations.audit_value (person);

-- Which processes may write which acts, by the part of the act before its dot.
CREATE TABLE operations.audit_writer (role text NOT NULL, kind text NOT NULL, PRIMARY KEY (role, kind));
INSERT INTO operations.audit_writer
SELECT 'meterai_' || role, kind FROM (VALUES
    ('site', '{contact,session,order,refund}'::text[]),
    ('worker', '{contact,session,order,refund}'),
    ('controller', '{}'),
    ('signer', '{sealing}'),
    ('operator', '{quota,refund,key,sealing,queue,register,audit}')
) writers (role, kinds), unnest(kinds) kind;

-- Where heads of the chain were put outside of this database.
CREATE TABLE operations.audit_head_sent (
    entry bigint NOT NULL,
    hash bytea NOT NULL,
    place text NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (place, entry)
);

-- SHA-256 of the hash before and of the fields, each with its length before it.
CREATE FUNCTION operations.audit_hash(
    previous bytea, id bigint, at timestamptz, actor text, action text, subject text, facts jsonb, written_by text,
    signatures jsonb, request_id bigint
) RETURNS bytea LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(previous || string_agg(
        convert_to(octet_length(convert_to(field, 'UTF8')) || ':' || field || E'\n', 'UTF8'), ''::bytea ORDER BY place
    )) FROM unnest(ARRAY[
        id::text, (extract(epoch FROM at) * 1000000)::bigint::text, actor, action, subject, facts::text, written_by,
        signatures::text, coalesce(request_id::text, '')
    ]) WITH ORDINALITY fields (field, place);
$$;

-- Entries of older releases are chained as they are.
ALTER TABLE operations.audit_entry DISABLE TRIGGER audit_is_history;
DO $$
DECLARE
    entry record;
    last bytea := (SELECT hash FROM operations.audit_head);
BEGIN
    FOR entry IN SELECT * FROM operations.audit_entry ORDER BY id LOOP
        last := operations.audit_hash(
            last, entry.id, entry.at, entry.actor, entry.action, entry.subject, entry.facts, entry.written_by,
            entry.signatures, entry.request_id
        );
        UPDATE operations.audit_entry SET hash = last WHERE id = entry.id;
        UPDATE operations.audit_head h SET entry = entry.id, hash = last;
    END LOOP;
END $$;
ALTER TABLE operations.audit_entry ENABLE TRIGGER audit_is_history;
ALTER TABLE operations.audit_entry ALTER COLUMN hash SET NOT NULL;

-- What an entry keeps of an officer's signature.
CREATE FUNCTION operations.signatures_of(a_request bigint, a_nonce text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'officer', officer, 'key', key, 'text', signed_text, 'signature', signature
    ) ORDER BY signed_at, officer), '[]')
    FROM operations.officer_signature WHERE request_id = a_request OR nonce = a_nonce;
$$;

-- Whether the session's role may write an act of this kind. Before each process had its own role, all could.
CREATE FUNCTION operations.may_write_audit(a_kind text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT session_user IN (current_user, 'meterai_app') OR EXISTS (
        SELECT FROM operations.audit_writer w JOIN pg_roles r ON r.rolname = w.role
        WHERE w.kind = a_kind AND pg_has_role(session_user, r.oid, 'member')
    );
$$;

-- Writes an entry and returns its number. `personal`: values of `person`, which stand in it as keyed hashes.
-- `a_request`: the release that two officers signed and that was used up. `a_nonce`: the signature of one officer.
-- Each stands in one entry.
-- Refusals (SQLSTATE): OF006 the session's role may not write this · OF007 signatures are missing.
CREATE FUNCTION operations.write_audit(
    an_actor text, an_action text, a_subject text, some_facts jsonb, written_at timestamptz,
    a_person text DEFAULT NULL, personal jsonb DEFAULT '{}', a_request bigint DEFAULT NULL, a_nonce text DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    head operations.audit_head;
    signed jsonb := '[]';
    named record;
    secret bytea;
    keys jsonb := '{}';
BEGIN
    IF NOT operations.may_write_audit(split_part(an_action, '.', 1)) THEN
        RAISE EXCEPTION '% may not write % into the audit trail', session_user, an_action USING ERRCODE = 'OF006';
    END IF;
    IF NOT operations.is_signed(an_action, a_subject, a_request, a_nonce) THEN
        RAISE EXCEPTION 'officers have not signed %', an_action USING ERRCODE = 'OF007';
    END IF;
    IF a_request IS NOT NULL OR a_nonce IS NOT NULL THEN
        signed := operations.signatures_of(a_request, a_nonce);
        IF personal <> '{}' THEN  -- they stand in the signed texts too
            FOR named IN SELECT * FROM jsonb_array_elements(signed) WITH ORDINALITY s (one, place) LOOP
                personal := personal || jsonb_build_object('signed text ' || named.place, named.one ->> 'text');
                signed := jsonb_set(signed, ARRAY[(named.place - 1)::text, 'text'], 'null');
            END LOOP;
        END IF;
    END IF;
    FOR named IN SELECT * FROM jsonb_each_text(personal) WHERE value IS NOT NULL LOOP
        secret := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
        keys := keys || jsonb_build_object(named.key, encode(secret, 'hex'));
        some_facts := some_facts || jsonb_build_object(named.key, jsonb_build_object(
            'keyed', encode(sha256(secret || convert_to(named.value, 'UTF8')), 'hex')
        ));
    END LOOP;
    SELECT * INTO head FROM operations.audit_head FOR UPDATE;
    head.entry := head.entry + 1;
    head.hash := operations.audit_hash(
        head.hash, head.entry, written_at, an_actor, an_action, a_subject, some_facts, session_user, signed, a_request
    );
    INSERT INTO operations.audit_entry (
        id, at, actor, action, subject, facts, written_by, signatures, request_id, nonce, hash
    ) VALUES (
        head.entry, written_at, an_actor, an_action, a_subject, some_facts, session_user, signed, a_request, a_nonce,
        head.hash
    );
    UPDATE operations.audit_head h SET entry = head.entry, hash = head.hash;
    INSERT INTO operations.audit_value (entry_id, name, person, key, value)
    SELECT head.entry, key, coalesce(a_person, a_subject), decode(keys ->> key, 'hex'), value
    FROM jsonb_each_text(personal) WHERE value IS NOT NULL;
    RETURN head.entry;
END $$;

-- Whether an act has the signatures that it needs. The signer trips the stop switch by itself.
CREATE FUNCTION operations.is_signed(an_action text, a_subject text, a_request bigint, a_nonce text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT NOT operations.is_checked()
        OR NOT EXISTS (SELECT FROM operations.act WHERE kind = an_action)
        OR (session_user = 'meterai_signer' AND an_action = 'sealing.stop')
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

-- Erases the values of a person, here and in what officers signed. The chain stays whole.
CREATE FUNCTION operations.erase_audit_values(a_person text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
DECLARE
    erased integer;
BEGIN
    UPDATE operations.audit_value SET key = NULL, value = NULL, erased_at = clock_timestamp()
    WHERE person = a_person AND erased_at IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    UPDATE operations.officer_signature s SET signed_text = ''
    FROM operations.release_request r
    WHERE r.person = a_person AND s.request_id = r.id AND (r.done_at IS NOT NULL OR r.withdrawn_at IS NOT NULL);
    UPDATE operations.release_request SET facts = '{}'
    WHERE person = a_person AND (done_at IS NOT NULL OR withdrawn_at IS NOT NULL);
    RETURN erased;
END $$;

-- Notes that a head stands outside. It must be one of the chain's.
CREATE FUNCTION operations.note_head_sent(an_entry bigint, a_hash bytea, a_place text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
    INSERT INTO operations.audit_head_sent (entry, hash, place, sent_at)
    SELECT id, hash, a_place, clock_timestamp() FROM operations.audit_entry WHERE id = an_entry AND hash = a_hash
    ON CONFLICT DO NOTHING;
$$;

-- Throwing the switch makes nothing worse. Its release needs two officers.
CREATE FUNCTION operations.throw_switch(a_name text, why text, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
    UPDATE operations.switch SET thrown = true, reason = why, changed_at = at WHERE name = a_name;
$$;
CREATE FUNCTION operations.release_switch(a_name text, why text, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    IF NOT operations.use_release('sealing.resume', a_name, jsonb_build_object('reason', why)) THEN
        RAISE EXCEPTION 'two officers have not released the switch' USING ERRCODE = 'OF007';
    END IF;
    UPDATE operations.switch SET thrown = false, reason = why, changed_at = at WHERE name = a_name;
END $$;
CREATE OR REPLACE FUNCTION operations.trip_sealing_stop(why text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
BEGIN
    UPDATE operations.switch SET thrown = true, reason = why, changed_at = at
    WHERE name = 'sealing_stopped' AND NOT thrown;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM operations.write_audit(
        'signer', 'sealing.stop', 'sealing_stopped', jsonb_build_object('reason', why), at
    );
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION operations.audit_hash, operations.signatures_of, operations.may_write_audit,
    operations.is_signed, operations.write_audit, operations.erase_audit_values, operations.note_head_sent,
    operations.throw_switch, operations.release_switch, operations.trip_sealing_stop FROM PUBLIC;
REVOKE INSERT ON operations.audit_entry FROM meterai_app;
REVOKE INSERT, UPDATE ON operations.switch FROM meterai_app;
GRANT EXECUTE ON FUNCTION operations.trip_sealing_stop TO meterai_signer;
GRANT EXECUTE ON FUNCTION operations.write_audit, operations.erase_audit_values, operations.note_head_sent,
    operations.throw_switch, operations.release_switch TO meterai_app;
GRANT SELECT ON operations.audit_head, operations.audit_head_sent, operations.audit_value
    TO meterai_app, meterai_reader;
