-- What a register that was restored from an older copy has lost (docs/backup.md). `meterai restore` writes it.

-- Between these moments stamps may have been released that the register does not know.
CREATE TABLE stamping.register_gap (
    lost_from timestamptz NOT NULL,
    lost_until timestamptz NOT NULL,
    CHECK (lost_until >= lost_from)
);
-- Uses of a key that its counter tells of and no counted attempt does (I8).
CREATE TABLE stamping.forgotten_use (
    key_id text NOT NULL,
    uses bigint NOT NULL CHECK (uses > 0),
    found_at timestamptz NOT NULL
);
CREATE TRIGGER register_gap_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON stamping.register_gap
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER forgotten_use_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON stamping.forgotten_use
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
GRANT SELECT, INSERT ON stamping.register_gap, stamping.forgotten_use TO meterai_app;
GRANT SELECT ON stamping.register_gap, stamping.forgotten_use TO meterai_reader;
GRANT SELECT ON stamping.forgotten_use TO meterai_signer;

CREATE VIEW verification.register_gap AS SELECT lost_from, lost_until FROM stamping.register_gap;
GRANT SELECT ON verification.register_gap TO meterai_app, meterai_reader, meterai_verifier;
