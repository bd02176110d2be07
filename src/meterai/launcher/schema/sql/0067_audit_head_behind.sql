-- For measuring: the time of the oldest entry of the audit trail that no head outside covers. NULL: there is none.
CREATE FUNCTION operations.audit_head_behind() RETURNS timestamptz LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT at FROM operations.audit_entry
    WHERE id > coalesce((SELECT max(entry) FROM operations.audit_head_sent), 0) ORDER BY id LIMIT 1;
$$;
REVOKE ALL ON FUNCTION operations.audit_head_behind FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operations.audit_head_behind TO meterai_site;
