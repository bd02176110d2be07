-- Organisations suspend, resume and close those right below them, through the API (docs/partners.md).

-- Who set the state last. None: officers, or it was never changed. Only officers resume what officers suspended.
ALTER TABLE partners.organisation ADD COLUMN state_set_by uuid REFERENCES partners.organisation;

CREATE OR REPLACE FUNCTION partners.set_state(of_organisation uuid, becomes text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(of_organisation);
BEGIN
    IF o.state = 'closed' AND becomes <> 'closed' THEN PERFORM partners.refuse('PA001', 'it is closed'); END IF;
    UPDATE partners.organisation SET state = becomes, state_set_by = NULL WHERE id = of_organisation;
END $$;

-- PA001 it is closed · PA008 it does not stand right below · PA009 officers suspended it
CREATE FUNCTION partners.set_state_below(of_organisation uuid, by_parent uuid, becomes text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o partners.organisation := partners.hold(of_organisation);
BEGIN
    IF o.parent_id <> by_parent OR by_parent = ledger.organisation('issuer') THEN
        PERFORM partners.refuse('PA008', 'it does not stand right below');
    END IF;
    IF o.state = becomes THEN RETURN; END IF;
    IF o.state = 'closed' THEN PERFORM partners.refuse('PA001', 'it is closed'); END IF;
    IF o.state = 'suspended' AND o.state_set_by IS NULL THEN
        PERFORM partners.refuse('PA009', 'officers suspended it');
    END IF;
    UPDATE partners.organisation SET state = becomes, state_set_by = by_parent WHERE id = of_organisation;
END $$;

REVOKE EXECUTE ON FUNCTION partners.set_state FROM meterai_site;
REVOKE ALL ON FUNCTION partners.set_state_below FROM PUBLIC;
GRANT EXECUTE ON FUNCTION partners.set_state_below TO meterai_site;
