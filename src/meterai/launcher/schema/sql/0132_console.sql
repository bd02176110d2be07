-- The console for officers (docs/console.md): its role, its sessions, and the names of roles.

-- One word for each role, in the officers file, in the console and here. treasurer became finance; duty and auditor
-- became admin. view, support and content are new.
UPDATE operations.act a SET roles = ARRAY(
    SELECT DISTINCT CASE r WHEN 'treasurer' THEN 'finance' WHEN 'duty' THEN 'admin' WHEN 'auditor' THEN 'admin' ELSE r END
    FROM unnest(a.roles) r ORDER BY 1);
UPDATE operations.officer o SET roles = ARRAY(
    SELECT DISTINCT CASE r WHEN 'treasurer' THEN 'finance' WHEN 'duty' THEN 'admin' WHEN 'auditor' THEN 'admin' ELSE r END
    FROM unnest(o.roles) r ORDER BY 1);

CREATE SCHEMA console;
CREATE TABLE console.session (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),  -- SHA-256 of what the cookie holds
    officer text NOT NULL,
    signed_in_by text NOT NULL,      -- passkey, totp; none: development without officers
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,    -- the last request, to the minute
    ended_at timestamptz,
    ended_by text                    -- the officer who ended it
);
CREATE INDEX session_open ON console.session (officer) WHERE ended_at IS NULL;
GRANT USAGE ON SCHEMA console TO meterai_console;
GRANT SELECT, INSERT, UPDATE ON console.session TO meterai_console;
INSERT INTO operations.audit_writer (role, kind) VALUES ('meterai_console', 'console');
