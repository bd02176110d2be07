-- Test clients of the sandbox for partners (docs/partners.md, decision 0041). In a real installation officers register
-- clients (0105). In the sandbox the site may, for a member: its stamps are SPESIMEN.
-- SB001: not a sandbox · SB002: more test clients than an organisation may have

-- Whether this is a test installation. Its first start decided it for good (operations.environment).
CREATE FUNCTION partners.is_sandbox() RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM operations.environment e WHERE e.name = 'development')
$$;

CREATE FUNCTION partners.add_test_client(
    new_client uuid, of_organisation uuid, of_name text, of_scopes text[], new_key uuid, jwk jsonb, print text,
    at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT partners.is_sandbox() THEN PERFORM partners.refuse('SB001', 'not a sandbox'); END IF;
    PERFORM partners.hold(of_organisation);
    IF 10 <= (SELECT count(*) FROM partners.client c WHERE c.organisation_id = of_organisation AND c.revoked_at IS NULL)
    THEN PERFORM partners.refuse('SB002', 'too many clients'); END IF;
    INSERT INTO partners.client (id, organisation_id, name, scopes, created_at)
        VALUES (new_client, of_organisation, of_name, of_scopes, at);
    INSERT INTO partners.client_key (id, client_id, public_key, thumbprint, added_at)
        VALUES (new_key, new_client, jwk, print, at);
END $$;

-- Ends a test client for good. False: the organisation has no such client that counts.
CREATE FUNCTION partners.end_test_client(of_client uuid, of_organisation uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT partners.is_sandbox() THEN PERFORM partners.refuse('SB001', 'not a sandbox'); END IF;
    UPDATE partners.client c SET revoked_at = at
        WHERE c.id = of_client AND c.organisation_id = of_organisation AND c.revoked_at IS NULL;
    RETURN FOUND;
END $$;

-- Makes the customer of a session the first owner of an organisation below the sandbox's distributor. Others come by
-- invitation.
CREATE FUNCTION partners.own_test_organisation(token bytea, of_organisation uuid, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person uuid := partners.customer_of_session(token, at);
BEGIN
    PERFORM partners.lock_members(of_organisation);
    IF NOT partners.is_sandbox() OR NOT EXISTS (SELECT FROM partners.organisation o
        WHERE o.id = of_organisation AND o.parent_id = ledger.derived_id('organisation', 'sandbox'))
    THEN PERFORM partners.refuse('SB001', 'not a sandbox'); END IF;
    INSERT INTO partners.member (organisation_id, customer_id, role, added_at)
        SELECT of_organisation, person, 'owner', at
        WHERE NOT EXISTS (SELECT FROM partners.member m WHERE m.organisation_id = of_organisation);
END $$;

REVOKE ALL ON FUNCTION partners.is_sandbox, partners.add_test_client, partners.end_test_client,
    partners.own_test_organisation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.add_test_client, partners.end_test_client, partners.own_test_organisation
    TO meterai_site;
