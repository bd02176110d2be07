-- An upload without signatures is normalised when it is received; those bytes are stored and stamped.
ALTER TABLE stamping.document
    ADD COLUMN normalised boolean NOT NULL DEFAULT false, -- false: carries signatures, or was stored before this
    ADD COLUMN other_object text,           -- the normalised file for the other choice, whether others will sign
    ADD COLUMN other_bytes bigint,
    ADD COLUMN upload_object text,          -- the upload, where a person must compare pages
    ADD COLUMN upload_bytes bigint,
    ADD COLUMN differences jsonb NOT NULL DEFAULT '[]';   -- those pages

CREATE INDEX document_by_other ON stamping.document (other_object) WHERE other_object IS NOT NULL;
CREATE INDEX document_by_upload ON stamping.document (upload_object) WHERE upload_object IS NOT NULL;

GRANT UPDATE (normalised, other_object, other_bytes) ON stamping.document TO meterai_site, meterai_operator;
