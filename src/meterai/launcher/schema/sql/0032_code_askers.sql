-- By what right a code was asked for. Each kind of asker has a count of its own for a contact, of which a network
-- gets a part: what strangers ask for does not shut out the person whose contact it is.
CREATE DOMAIN customers.asker AS text CHECK (VALUE IN ('stranger', 'called', 'known'));
ALTER TABLE customers.code ADD COLUMN asker customers.asker NOT NULL DEFAULT 'stranger';

DROP FUNCTION customers.ask_for_code;
-- A code for a contact and the message that brings it, unless too many were asked for since `since`: for the
-- contact by this kind of asker, of these from the asking address, or from the address for whatever contacts.
-- The contact is locked until the end, so that parallel requests for it count each other.
CREATE FUNCTION customers.ask_for_code(
    code uuid, contact_kind text, contact_value text, who text, mac bytea, asking bytea, at timestamptz,
    since timestamptz, until timestamptz, contact_max bigint, network_max bigint, address_max bigint, topic text,
    message jsonb,
    OUT by_contact bigint, OUT contact_since timestamptz, OUT by_network bigint, OUT network_since timestamptz,
    OUT by_address bigint, OUT address_since timestamptz
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('customers.code ' || contact_value, 0));
    SELECT count(*), min(created_at),
            count(*) FILTER (WHERE address_mac = asking), min(created_at) FILTER (WHERE address_mac = asking)
        INTO by_contact, contact_since, by_network, network_since FROM customers.code
        WHERE kind = contact_kind AND value = contact_value AND asker = who AND created_at > since;
    SELECT count(*), min(created_at) INTO by_address, address_since FROM customers.code
        WHERE address_mac = asking AND created_at > since;
    IF by_contact < contact_max AND by_network < network_max AND by_address < address_max THEN
        INSERT INTO customers.code (id, kind, value, asker, code_mac, address_mac, created_at, expires_at)
            VALUES (code, contact_kind, contact_value, who, mac, asking, at, until);
        INSERT INTO jobs.outbox (topic, payload, available_at, created_at) VALUES (topic, message, at, at);
    END IF;
END $$;
