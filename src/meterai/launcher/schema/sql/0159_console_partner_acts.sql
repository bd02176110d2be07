-- What the console's acts on partners need: organisations are added; clients are registered, changed and ended.
GRANT USAGE ON SCHEMA partners TO meterai_console;
GRANT SELECT ON partners.client, partners.client_key TO meterai_console;
GRANT SELECT (organisation_id, valid_from, valid_until, created_at, signed_requests) ON partners.agreement
    TO meterai_console;
GRANT SELECT (id, client_id, user_name, made_at, used_at, ended_at) ON partners.login TO meterai_console;
GRANT INSERT ON partners.client, partners.client_key TO meterai_console;
GRANT UPDATE (scopes, networks, stamps_per_hour_max, stamps_per_day_max, revoked_at) ON partners.client TO meterai_console;
GRANT UPDATE (ends_at) ON partners.client_key TO meterai_console;
GRANT EXECUTE ON FUNCTION partners.add_organisation, partners.end_login TO meterai_console;
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_console', 'client'), ('meterai_console', 'partner')
    ON CONFLICT DO NOTHING;
