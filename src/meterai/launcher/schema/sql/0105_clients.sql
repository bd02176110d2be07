-- The clients of the API: programs of partners, with their keys (docs/partners.md). Officers register and end them.
INSERT INTO operations.act VALUES
    ('client.add', '{duty,keys}', 1),
    ('client.change', '{duty,keys}', 1),
    ('client.revoke', '{duty,keys,treasurer}', 1),
    ('client.key_add', '{duty,keys}', 1),
    ('client.key_end', '{duty,keys,treasurer}', 1);
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_operator', 'client');

CREATE TABLE partners.client (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES partners.organisation,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 40),
    networks inet[] NOT NULL DEFAULT '{}' CHECK (cardinality(networks) <= 100),  -- none: it may call from anywhere
    stamps_per_hour_max integer CHECK (stamps_per_hour_max > 0),
    stamps_per_day_max integer CHECK (stamps_per_day_max > 0),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX client_by_organisation ON partners.client (organisation_id);

-- Public keys. A client may have several, so that a new one can be used before the old one ends.
CREATE TABLE partners.client_key (
    id uuid PRIMARY KEY,
    client_id uuid NOT NULL REFERENCES partners.client,
    public_key jsonb NOT NULL,         -- a JWK (RFC 7517)
    thumbprint text NOT NULL UNIQUE,   -- RFC 7638; a key belongs to one client for good
    added_at timestamptz NOT NULL,
    ends_at timestamptz                -- nothing that it signs counts from then on
);
CREATE INDEX client_key_by_client ON partners.client_key (client_id);

-- Assertions that have got a token. Each counts once; the worker deletes those that have expired.
CREATE TABLE partners.used_assertion (
    client_id uuid NOT NULL REFERENCES partners.client,
    jti text NOT NULL CHECK (length(jti) BETWEEN 1 AND 200),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX used_assertion_by_end ON partners.used_assertion (expires_at);

-- The stamps that a client with a cap has spent by hour and by day (of Jakarta): ordered, or passed on.
CREATE TABLE partners.client_spending (
    client_id uuid NOT NULL REFERENCES partners.client,
    period text NOT NULL CHECK (period IN ('hour', 'day')),
    begins_at timestamptz NOT NULL,
    pieces bigint NOT NULL CHECK (pieces > 0),
    PRIMARY KEY (client_id, period, begins_at)
);
CREATE INDEX client_spending_by_time ON partners.client_spending (begins_at);

-- Counts `pieces` against the caps of a client, in the transaction that spends them. Locks the client's own rows only.
-- PC001 the hour's cap is reached, PC002 the day's; PC003 there is no such client.
CREATE FUNCTION partners.spend(of_client uuid, some_pieces bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c partners.client;
BEGIN
    SELECT * INTO c FROM partners.client WHERE id = of_client;
    IF NOT FOUND OR some_pieces < 1 THEN RAISE EXCEPTION 'no such client' USING ERRCODE = 'PC003'; END IF;
    PERFORM partners.spend_in(of_client, 'hour', date_trunc('hour', at), some_pieces, c.stamps_per_hour_max, 'PC001');
    PERFORM partners.spend_in(of_client, 'day', date_trunc('day', at, 'Asia/Jakarta'), some_pieces,
        c.stamps_per_day_max, 'PC002');
END $$;
CREATE FUNCTION partners.spend_in(
    of_client uuid, in_period text, since timestamptz, some_pieces bigint, most integer, refusal text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    spent bigint;
BEGIN
    IF most IS NULL THEN RETURN; END IF;
    INSERT INTO partners.client_spending AS s VALUES (of_client, in_period, since, some_pieces)
        ON CONFLICT (client_id, period, begins_at) DO UPDATE SET pieces = s.pieces + some_pieces
        RETURNING pieces INTO spent;
    IF spent > most THEN
        RAISE EXCEPTION 'the cap of the % is reached', in_period USING ERRCODE = refusal;
    END IF;
END $$;

-- Deletes what says nothing any more. Gives how many rows went.
CREATE FUNCTION partners.clean_up_clients(at timestamptz, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    assertions integer;
    spent integer;
BEGIN
    DELETE FROM partners.used_assertion WHERE (client_id, jti) IN (
        SELECT client_id, jti FROM partners.used_assertion WHERE expires_at < at - interval '5 minutes' LIMIT most
    );
    GET DIAGNOSTICS assertions = ROW_COUNT;
    DELETE FROM partners.client_spending WHERE (client_id, period, begins_at) IN (
        SELECT client_id, period, begins_at FROM partners.client_spending
        WHERE begins_at < at - interval '2 days' LIMIT most
    );
    GET DIAGNOSTICS spent = ROW_COUNT;
    RETURN assertions + spent;
END $$;

REVOKE ALL ON FUNCTION partners.spend, partners.spend_in, partners.clean_up_clients FROM PUBLIC;
GRANT SELECT ON partners.client, partners.client_key TO meterai_site, meterai_operator, meterai_reader;
GRANT SELECT ON partners.client_spending TO meterai_operator, meterai_reader;
GRANT INSERT ON partners.used_assertion TO meterai_site;
GRANT EXECUTE ON FUNCTION partners.spend TO meterai_site;
GRANT EXECUTE ON FUNCTION partners.clean_up_clients TO meterai_worker;
GRANT INSERT ON partners.client, partners.client_key TO meterai_operator;
GRANT UPDATE (name, scopes, networks, stamps_per_hour_max, stamps_per_day_max, revoked_at) ON partners.client
    TO meterai_operator;
GRANT UPDATE (ends_at) ON partners.client_key TO meterai_operator;
