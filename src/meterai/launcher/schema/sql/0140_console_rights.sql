-- What the console needs: it signs officers in, shows samples of the service, and writes news. Like every process it has rights of its own alone.
GRANT USAGE ON SCHEMA operations, news, sales TO meterai_console;
GRANT SELECT ON operations.officer, operations.act, operations.installation, operations.sample, operations.invariant_run
    TO meterai_console;
GRANT SELECT ON sales.event TO meterai_console;
GRANT EXECUTE ON FUNCTION operations.is_checked, operations.write_audit TO meterai_console;
GRANT SELECT ON news.incident, news.incident_update, news.announcement, news.apology, news.message_count, news.message
    TO meterai_console;
GRANT INSERT ON news.incident, news.incident_update, news.announcement TO meterai_console;
GRANT UPDATE (severity, components, state, ended_at, next_update_at) ON news.incident TO meterai_console;
GRANT UPDATE (ends_at) ON news.announcement TO meterai_console;
GRANT EXECUTE ON FUNCTION news.apology_figures, news.publish_apology, news.add_messages, news.message_states, news.affected_customers,
    news.affected_messages TO meterai_console;
INSERT INTO operations.audit_writer (role, kind)
SELECT 'meterai_console', kind FROM operations.audit_writer
WHERE role = 'meterai_operator' AND kind IN ('incident', 'announcement', 'news');
