-- The last rights of the role that all processes shared. Afterwards launcher/schema/migrate.py drops it.
REVOKE ALL ON ALL TABLES IN SCHEMA customers FROM meterai_app;
REVOKE ALL ON SCHEMA customers FROM meterai_app;
GRANT USAGE ON SCHEMA customers TO meterai_site, meterai_worker, meterai_operator;
GRANT SELECT ON customers.customer TO meterai_site, meterai_worker, meterai_operator;
GRANT SELECT, INSERT ON customers.organisation TO meterai_operator;
REVOKE SELECT (id, kind, value, asker, purpose, attempts, created_at, expires_at, used_at) ON customers.code
    FROM meterai_controller;

-- Functions that run inside others, or for one process.
REVOKE ALL ON FUNCTION stamping.held_jobs, stamping.keep_stamped FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stamping.held_jobs TO meterai_worker;
CREATE OR REPLACE FUNCTION operations.may_write_audit(a_kind text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, operations, pg_temp AS $$
    SELECT session_user = current_user OR EXISTS (
        SELECT FROM operations.audit_writer w JOIN pg_roles r ON r.rolname = w.role
        WHERE w.kind = a_kind AND pg_has_role(session_user, r.oid, 'member')
    );
$$;
