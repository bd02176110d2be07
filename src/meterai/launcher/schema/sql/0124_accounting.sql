-- Accounting: what happens to money after a sale (docs/architecture.md). Tables bring their own grants.
CREATE SCHEMA IF NOT EXISTS accounting;
GRANT USAGE ON SCHEMA accounting TO meterai_site, meterai_worker, meterai_operator, meterai_reader;
