-- A document that was made of photos: what was chosen for each, in their order. The photos themselves are
-- the pages of upload_object. Until a person has confirmed the result, the choices may change.
ALTER TABLE stamping.document ADD COLUMN photos jsonb NOT NULL DEFAULT '[]';

GRANT UPDATE (photos, upload_object, upload_bytes, differences) ON stamping.document TO meterai_site;
