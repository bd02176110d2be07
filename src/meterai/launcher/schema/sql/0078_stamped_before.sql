-- Whether a released file carried stamps of an earlier order: others may have added to it in between.
CREATE OR REPLACE VIEW verification.released AS
    SELECT r.serial, r.sha256, r.released_at, r.pages AS document_pages, r.version,
        NOT EXISTS (SELECT 1 FROM stamping.release later
                    WHERE later.serial = r.serial AND later.version > r.version) AS current,
        EXISTS (SELECT 1 FROM stamping.document d
                WHERE d.id = r.document_id
                  AND d.inspection -> 'notices' ? 'pdf.notice.stamped_already') AS stamped_before
    FROM stamping.release r;
