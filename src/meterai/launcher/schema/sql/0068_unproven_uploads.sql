-- Uploads whose sender has proved no contact end an hour after their last use, and have quotas by network.
ALTER TABLE stamping.document ADD COLUMN network bytea;  -- keyed hash of the sender's address, until a contact is proven
CREATE INDEX document_unproven ON stamping.document (network) INCLUDE (input_bytes)
    WHERE customer_id IS NULL AND input_deleted_at IS NULL;

-- Ends a draft of nobody. Returns false for any other order.
CREATE FUNCTION sales.end_draft(of_order uuid, at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    o sales.orders := sales.hold(of_order);
BEGIN
    IF (o.state = 'draft' AND o.customer_id IS NULL) IS NOT TRUE THEN RETURN false; END IF;
    PERFORM sales.end_unpaid(o, 'cancelled', at, at);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION sales.end_draft FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sales.end_draft TO meterai_worker, meterai_operator;

-- `meterai purge` does what the worker does. A document with a job can't be deleted: the job refers to it.
GRANT UPDATE (network, retained_until) ON stamping.document TO meterai_site, meterai_worker, meterai_operator;
GRANT UPDATE (input_deleted_at), DELETE ON stamping.document TO meterai_worker, meterai_operator;
