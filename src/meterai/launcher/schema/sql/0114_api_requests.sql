-- What clients of the API asked for lately, and how much by day (docs/partners.md).

-- The last requests, for seven days: no body, no query, no personal data. Processes of the site write them in batches, so
-- the last second of one that ends may be missing.
CREATE TABLE partners.api_request (
    id uuid PRIMARY KEY,               -- the request's own id, as its answer had it
    organisation_id uuid NOT NULL,
    client_id uuid NOT NULL,
    at timestamptz NOT NULL,
    method text NOT NULL,
    path text NOT NULL,                -- with {names} in the place of ids
    status smallint NOT NULL,
    code text,                         -- of its problem
    milliseconds integer NOT NULL
);
CREATE INDEX api_request_by_organisation ON partners.api_request (organisation_id, id DESC);
CREATE INDEX api_request_by_time ON partners.api_request (at);

-- Requests and stamps by client and day (of Jakarta), for 400 days.
CREATE TABLE partners.api_usage (
    client_id uuid NOT NULL,
    day date NOT NULL,
    requests bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    stamps bigint NOT NULL DEFAULT 0,  -- of days that are over: client_stamps has the others
    PRIMARY KEY (client_id, day)
);
CREATE INDEX api_usage_by_day ON partners.api_usage (day);

-- Stamps that clients ordered or passed on today, a row for each order: no order waits for another one.
CREATE TABLE partners.client_stamps (
    client_id uuid NOT NULL REFERENCES partners.client,
    at timestamptz NOT NULL,
    pieces bigint NOT NULL CHECK (pieces > 0)
);
CREATE INDEX client_stamps_by_client ON partners.client_stamps (client_id, at);
CREATE INDEX client_stamps_by_time ON partners.client_stamps (at);

CREATE OR REPLACE FUNCTION partners.spend(of_client uuid, some_pieces bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c partners.client;
BEGIN
    SELECT * INTO c FROM partners.client WHERE id = of_client;
    IF NOT FOUND OR some_pieces < 1 THEN RAISE EXCEPTION 'no such client' USING ERRCODE = 'PC003'; END IF;
    PERFORM partners.spend_in(of_client, 'hour', date_trunc('hour', at), some_pieces, c.stamps_per_hour_max, 'PC001');
    PERFORM partners.spend_in(of_client, 'day', date_trunc('day', at, 'Asia/Jakarta'), some_pieces,
        c.stamps_per_day_max, 'PC002');
    INSERT INTO partners.client_stamps VALUES (of_client, at, some_pieces);
END $$;

-- Adds up the stamps of days that are over, and deletes what is too old. Gives how many rows went.
CREATE FUNCTION partners.clean_up_requests(at timestamptz, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone integer;
    more integer;
BEGIN
    WITH over AS (
        DELETE FROM partners.client_stamps s USING (
            SELECT o.ctid FROM partners.client_stamps o
            WHERE o.at < date_trunc('day', clean_up_requests.at, 'Asia/Jakarta')
            LIMIT most FOR UPDATE SKIP LOCKED
        ) old WHERE s.ctid = old.ctid RETURNING s.client_id, (s.at AT TIME ZONE 'Asia/Jakarta')::date AS day, s.pieces
    ), added AS (
        INSERT INTO partners.api_usage AS u (client_id, day, stamps)
        SELECT client_id, day, sum(pieces) FROM over GROUP BY client_id, day
        ON CONFLICT (client_id, day) DO UPDATE SET stamps = u.stamps + EXCLUDED.stamps
    ) SELECT count(*) INTO gone FROM over;
    DELETE FROM partners.api_request WHERE id IN (
        SELECT r.id FROM partners.api_request r WHERE r.at < clean_up_requests.at - interval '7 days' LIMIT most
    );
    GET DIAGNOSTICS more = ROW_COUNT;
    gone := gone + more;
    DELETE FROM partners.api_usage u WHERE (u.client_id, u.day) IN (
        SELECT client_id, day FROM partners.api_usage
        WHERE day < (clean_up_requests.at AT TIME ZONE 'Asia/Jakarta')::date - 400 LIMIT most
    );
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN gone + more;
END $$;

REVOKE ALL ON FUNCTION partners.clean_up_requests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.clean_up_requests TO meterai_worker;
GRANT SELECT, INSERT ON partners.api_request TO meterai_site;
GRANT SELECT, INSERT, UPDATE (requests, refused) ON partners.api_usage TO meterai_site;
GRANT SELECT ON partners.client_stamps, partners.client_spending TO meterai_site;
GRANT SELECT ON partners.api_request, partners.api_usage, partners.client_stamps TO meterai_operator, meterai_reader;
