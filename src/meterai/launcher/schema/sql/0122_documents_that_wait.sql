-- Uploaded documents of serial numbers that wait for their stamp are kept, however long that takes. The document of one
-- that was given back goes as other uploads do.

ALTER TABLE stamping.taken_serial
    DROP CONSTRAINT taken_serial_document_id_fkey,
    ADD CONSTRAINT taken_serial_document_id_fkey FOREIGN KEY (document_id) REFERENCES stamping.document ON DELETE SET NULL;

-- Names of documents whose last job ended before (0091), and those of documents that stayed with a partner.
CREATE OR REPLACE FUNCTION stamping.forget_old(before timestamptz, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ids uuid[];
BEGIN
    before := least(before, clock_timestamp() - interval '30 days');
    ids := ARRAY(SELECT d.id FROM stamping.document d
        WHERE d.forgotten_at IS NULL AND d.created_at < before
            AND EXISTS (SELECT FROM stamping.job j WHERE j.document_id = d.id)
            AND NOT EXISTS (SELECT FROM stamping.job j
                WHERE j.document_id = d.id AND (j.ended_at >= before) IS NOT FALSE)
            AND NOT EXISTS (SELECT FROM stamping.time_stamp_owed t
                WHERE t.document_id = d.id AND t.next_attempt_at < 'infinity')
            AND NOT EXISTS (SELECT FROM stamping.taken_serial t JOIN stamping.serial s ON s.serial = t.serial
                WHERE t.document_id = d.id AND s.state = 'unstamped'));
    PERFORM stamping.forget(ids, at);
    UPDATE stamping.bundle_file f SET path = 'dokumen-' || left(f.id::text, 8) || '.pdf', refusal_facts = '{}'
        FROM stamping.bundle b WHERE b.id = f.bundle_id AND b.created_at < before AND f.document_id IS NULL
            AND f.path NOT LIKE 'dokumen-________.pdf';
    UPDATE stamping.taken_serial t SET name = 'dokumen.pdf', request_key = NULL
        FROM stamping.serial s WHERE s.serial = t.serial
            AND coalesce(t.returned_at, t.used_at, s.released_at) < before
            AND (t.name <> 'dokumen.pdf' OR t.request_key IS NOT NULL);
    RETURN cardinality(ids);
END $$;
