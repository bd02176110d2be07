-- User names and passwords of clients, for the wire (docs/wire.md, "Access"; decision 0043). They count only while the
-- organisation has the wire on. Officers do it by signature (`client.wire` and its neighbours), owners in a fresh session.
-- PM001 to PM003: no session, no fresh one, no owner · PC004 no such client · PW001 the wire is off · PW002 enough logins
-- PW003 the user name is taken · PW004 no such login
INSERT INTO operations.act VALUES
    ('client.wire', '{duty,keys}', 1),
    ('client.login_add', '{duty,keys}', 1),
    ('client.login_end', '{duty,keys,treasurer}', 1);

-- When an organisation had the wire on. The audit trail says which officer or owner it was.
CREATE TABLE partners.wire_access (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    on_at timestamptz NOT NULL,
    on_by text NOT NULL CHECK (on_by IN ('owner', 'officer')),
    off_at timestamptz CHECK (off_at >= on_at),
    off_by text CHECK (off_by IN ('owner', 'officer')),
    CHECK ((off_at IS NULL) = (off_by IS NULL))
);
CREATE UNIQUE INDEX wire_access_on ON partners.wire_access (organisation_id) WHERE off_at IS NULL;

CREATE TABLE partners.login (
    id uuid PRIMARY KEY,
    client_id uuid NOT NULL REFERENCES partners.client,
    user_name text NOT NULL CHECK (user_name ~ '^[A-Za-z0-9][A-Za-z0-9._@+-]{2,99}$'),
    password_digest bytea NOT NULL CHECK (length(password_digest) = 32),  -- SHA-256; we make the passwords, 128 random bits
    made_at timestamptz NOT NULL,
    used_at timestamptz,                             -- the last time that it got a token, to the minute
    ended_at timestamptz
);
CREATE UNIQUE INDEX login_by_user ON partners.login (lower(user_name)) WHERE ended_at IS NULL;
CREATE INDEX login_by_client ON partners.login (client_id);

-- Switches the wire on or off. False: it is so already.
CREATE FUNCTION partners.switch_wire(of_organisation uuid, to_on boolean, who text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_on THEN
        INSERT INTO partners.wire_access (organisation_id, on_at, on_by) VALUES (of_organisation, at, who)
            ON CONFLICT (organisation_id) WHERE off_at IS NULL DO NOTHING;
    ELSE
        UPDATE partners.wire_access w SET off_at = greatest(at, w.on_at), off_by = who
            WHERE w.organisation_id = of_organisation AND w.off_at IS NULL;
    END IF;
    RETURN FOUND;
END $$;

-- Gives a client a user name. At most `most` of a client count at one time.
CREATE FUNCTION partners.add_login(
    to_client uuid, new_login uuid, of_user text, digest bytea, most integer, at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c partners.client;
BEGIN
    SELECT * INTO c FROM partners.client WHERE id = to_client AND revoked_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN PERFORM partners.refuse('PC004', 'no such client'); END IF;
    IF NOT EXISTS (SELECT FROM partners.wire_access w WHERE w.organisation_id = c.organisation_id AND w.off_at IS NULL)
    THEN PERFORM partners.refuse('PW001', 'the wire is off'); END IF;
    IF most <= (SELECT count(*) FROM partners.login l WHERE l.client_id = to_client AND l.ended_at IS NULL)
    THEN PERFORM partners.refuse('PW002', 'enough logins'); END IF;
    INSERT INTO partners.login (id, client_id, user_name, password_digest, made_at)
        VALUES (new_login, to_client, of_user, digest, at)
        ON CONFLICT (lower(user_name)) WHERE ended_at IS NULL DO NOTHING;
    IF NOT FOUND THEN PERFORM partners.refuse('PW003', 'the user name is taken'); END IF;
END $$;

-- Ends a login at once. Gives its client.
CREATE FUNCTION partners.end_login(of_user text, at timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_client uuid;
BEGIN
    UPDATE partners.login l SET ended_at = at WHERE lower(l.user_name) = lower(of_user) AND l.ended_at IS NULL
        RETURNING l.client_id INTO of_client;
    IF NOT FOUND THEN PERFORM partners.refuse('PW004', 'no such login'); END IF;
    RETURN of_client;
END $$;

CREATE FUNCTION partners.switch_own_wire(token bytea, of_organisation uuid, to_on boolean, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    IF partners.switch_wire(of_organisation, to_on, 'owner', at) THEN
        PERFORM partners.audit_member(of_organisation, CASE WHEN to_on THEN 'wire_on' ELSE 'wire_off' END,
            jsonb_build_object('by', owner), at);
    END IF;
END $$;

CREATE FUNCTION partners.add_own_login(
    token bytea, of_organisation uuid, to_client uuid, new_login uuid, of_user text, digest bytea, most integer,
    at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    IF NOT EXISTS (SELECT FROM partners.client c WHERE c.id = to_client AND c.organisation_id = of_organisation)
    THEN PERFORM partners.refuse('PC004', 'no such client'); END IF;
    PERFORM partners.add_login(to_client, new_login, of_user, digest, most, at);
    PERFORM partners.audit_member(of_organisation, 'login_add',
        jsonb_build_object('client', to_client, 'login', new_login, 'user', of_user, 'by', owner), at);
END $$;

CREATE FUNCTION partners.end_own_login(token bytea, of_organisation uuid, of_user text, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner uuid := partners.owner_of_session(token, of_organisation, at);
BEGIN
    IF NOT EXISTS (SELECT FROM partners.login l JOIN partners.client c ON c.id = l.client_id
        WHERE lower(l.user_name) = lower(of_user) AND l.ended_at IS NULL AND c.organisation_id = of_organisation)
    THEN PERFORM partners.refuse('PW004', 'no such login'); END IF;
    PERFORM partners.end_login(of_user, at);
    PERFORM partners.audit_member(of_organisation, 'login_end',
        jsonb_build_object('user', of_user, 'by', owner), at);
END $$;

REVOKE ALL ON FUNCTION partners.switch_wire, partners.add_login, partners.end_login, partners.switch_own_wire,
    partners.add_own_login, partners.end_own_login FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.switch_wire, partners.add_login, partners.end_login TO meterai_operator;
GRANT EXECUTE ON FUNCTION partners.switch_own_wire, partners.add_own_login, partners.end_own_login TO meterai_site;
GRANT SELECT ON partners.wire_access TO meterai_site, meterai_operator, meterai_reader;
GRANT SELECT ON partners.login TO meterai_site;
GRANT UPDATE (used_at) ON partners.login TO meterai_site;
GRANT SELECT (id, client_id, user_name, made_at, used_at, ended_at) ON partners.login TO meterai_operator, meterai_reader;
