-- A person may choose the place of a stamp on one file of a bundle. Then the place that was proposed is kept here.
ALTER TABLE stamping.bundle_file ADD COLUMN proposed jsonb;

GRANT UPDATE (proposed) ON stamping.bundle_file TO meterai_site;
