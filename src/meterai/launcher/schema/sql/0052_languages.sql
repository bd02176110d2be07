-- The catalogues decide which languages there are (texts/locale); an ISO 639 code may be any of them.
ALTER DOMAIN customers.language DROP CONSTRAINT language_check;
ALTER DOMAIN customers.language ADD CONSTRAINT language_check CHECK (VALUE ~ '^[a-z]{2,3}$');
