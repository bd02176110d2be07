-- When the newest whole copy was made (docs/backup.md). Until the first one: when this table was.
CREATE TABLE operations.last_backup (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    made_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO operations.last_backup DEFAULT VALUES;

-- The owner's role makes copies, and writes it.
GRANT SELECT ON operations.last_backup TO meterai_site, meterai_operator, meterai_reader;
