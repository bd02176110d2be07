DROP FUNCTION customers.ask_for_code;
-- A code for a contact and the message that brings it, unless too many were asked for since `since`: for the
-- contact by this kind of asker, of these from the asking address, or from the address for whatever contacts.
-- The contact is locked until the end, so that parallel requests for it count each other.
-- `macs` and `messages` are those of a short code and of a long one. The long one is taken where somebody may be
-- guessing, by what was typed into codes since `tried_since` that were never used (each at most `code_tries` times):
-- into this contact's, by anybody but the known; or, for a stranger, into strangers' codes asked for from this
-- address. So is it where many of these are open still.
-- A stranger gets none while more than `behind_min` of the topic have been due since before `behind_since`.
CREATE FUNCTION customers.ask_for_code(
    code uuid, contact_kind text, contact_value text, who text, macs bytea[], asking bytea, at timestamptz,
    since timestamptz, until timestamptz, contact_max bigint, network_max bigint, address_max bigint,
    tried_since timestamptz, code_tries integer, contact_tries bigint, address_tries bigint, address_open bigint,
    behind_since timestamptz, behind_min bigint, topic text, messages jsonb[],
    OUT by_contact bigint, OUT contact_since timestamptz, OUT by_network bigint, OUT network_since timestamptz,
    OUT by_address bigint, OUT address_since timestamptz, OUT is_behind boolean
) LANGUAGE plpgsql AS $$
DECLARE
    n integer := 1;
BEGIN
    is_behind := false;
    PERFORM pg_advisory_xact_lock(hashtextextended('customers.code ' || contact_value, 0));
    SELECT count(*), min(created_at),
            count(*) FILTER (WHERE address_mac = asking), min(created_at) FILTER (WHERE address_mac = asking)
        INTO by_contact, contact_since, by_network, network_since FROM customers.code
        WHERE kind = contact_kind AND value = contact_value AND asker = who AND created_at > since;
    SELECT count(*), min(created_at) INTO by_address, address_since FROM customers.code
        WHERE address_mac = asking AND created_at > since;
    IF by_contact >= contact_max OR by_network >= network_max OR by_address >= address_max THEN RETURN; END IF;
    is_behind := who = 'stranger' AND EXISTS (
        SELECT FROM jobs.outbox o WHERE o.topic = ask_for_code.topic AND o.available_at < behind_since
        OFFSET behind_min);
    IF is_behind THEN RETURN; END IF;
    IF who <> 'known' AND EXISTS (
        SELECT FROM customers.code
        WHERE kind = contact_kind AND value = contact_value AND asker <> 'known' AND used_at IS NULL
            AND created_at > tried_since
        HAVING sum(least(attempts, code_tries)) >= contact_tries
    ) OR who = 'stranger' AND EXISTS (
        SELECT FROM customers.code
        WHERE address_mac = asking AND asker = 'stranger' AND used_at IS NULL AND created_at > tried_since
        HAVING sum(least(attempts, code_tries)) >= address_tries
            OR count(*) FILTER (WHERE created_at > since) >= address_open
    ) THEN n := 2; END IF;
    INSERT INTO customers.code (id, kind, value, asker, code_mac, address_mac, created_at, expires_at)
        VALUES (code, contact_kind, contact_value, who, macs[n], asking, at, until);
    INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES (topic, messages[n], at, at);
END $$;
