-- When a person confirmed the pages on which fields or comments look different.
ALTER TABLE stamping.document ADD COLUMN compared_at timestamptz;

GRANT UPDATE (compared_at) ON stamping.document TO meterai_site, meterai_operator;
