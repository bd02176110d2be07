-- Owners of an organisation make clients of the API, add keys and end them, in a fresh session (docs/partners.md). Officers
-- set networks and caps, change scopes and revoke (0105).
-- PM001 to PM003: no session, no fresh one, no owner · PC004 no such client · PC005 a key that is known · PC006 enough keys
-- or clients · PC007 no such key

CREATE FUNCTION partners.add_own_key(
    of_client uuid, new_key uuid, jwk jsonb, print text, at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF 5 <= (SELECT count(*) FROM partners.client_key k WHERE k.client_id = of_client AND (k.ends_at IS NULL OR k.ends_at > at))
    THEN PERFORM partners.refuse('PC006', 'enough keys'); END IF;
    INSERT INTO partners.client_key (id, client_id, public_key, thumbprint, added_at)
        VALUES (new_key, of_client, jwk, print, at) ON CONFLICT (thumbprint) DO NOTHING;
    IF NOT FOUND THEN PERFORM partners.refuse('PC005', 'a known key'); END IF;
END $$;

CREATE FUNCTION partners.make_own_client(
    token bytea, of_organisation uuid, new_client uuid, of_name text, of_scopes text[], new_key uuid, jwk jsonb, print text,
    at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    IF 20 <= (SELECT count(*) FROM partners.client c WHERE c.organisation_id = of_organisation AND c.revoked_at IS NULL)
    THEN PERFORM partners.refuse('PC006', 'enough clients'); END IF;
    INSERT INTO partners.client (id, organisation_id, name, scopes, created_at)
        VALUES (new_client, of_organisation, of_name, of_scopes, at);
    PERFORM partners.add_own_key(new_client, new_key, jwk, print, at);
    PERFORM partners.audit_member(of_organisation, 'client_add', jsonb_build_object(
        'client', new_client, 'name', of_name, 'scopes', to_jsonb(of_scopes), 'key', print, 'by', owner), at);
END $$;

CREATE FUNCTION partners.give_own_client_key(
    token bytea, of_organisation uuid, to_client uuid, new_key uuid, jwk jsonb, print text, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    PERFORM FROM partners.client c
        WHERE c.id = to_client AND c.organisation_id = of_organisation AND c.revoked_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN PERFORM partners.refuse('PC004', 'no such client'); END IF;
    PERFORM partners.add_own_key(to_client, new_key, jwk, print, at);
    PERFORM partners.audit_member(of_organisation, 'key_add',
        jsonb_build_object('client', to_client, 'key', print, 'by', owner), at);
END $$;

CREATE FUNCTION partners.end_own_client_key(token bytea, of_organisation uuid, old_key uuid, at timestamptz)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    UPDATE partners.client_key k SET ends_at = at FROM partners.client c
        WHERE k.id = old_key AND c.id = k.client_id AND c.organisation_id = of_organisation
            AND (k.ends_at IS NULL OR k.ends_at > at);
    IF NOT FOUND THEN PERFORM partners.refuse('PC007', 'no such key'); END IF;
    PERFORM partners.audit_member(of_organisation, 'key_end', jsonb_build_object('key', old_key, 'by', owner), at);
END $$;

REVOKE ALL ON FUNCTION partners.add_own_key, partners.make_own_client, partners.give_own_client_key,
    partners.end_own_client_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.make_own_client, partners.give_own_client_key, partners.end_own_client_key
    TO meterai_site;
