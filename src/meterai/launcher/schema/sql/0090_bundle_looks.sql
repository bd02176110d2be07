-- What the jail saw under the place that a rule gives the stamp of a file.
ALTER TABLE stamping.bundle_file ADD COLUMN looked jsonb;

GRANT UPDATE (looked) ON stamping.bundle_file TO meterai_site;
