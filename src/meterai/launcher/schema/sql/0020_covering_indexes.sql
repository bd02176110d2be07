-- What `meterai check` compares of every document, job and release is answered by indexes alone
-- (docs/decisions/0012): a tenth of the bytes of their tables.

CREATE INDEX document_by_customer_new ON stamping.document (customer_id, created_at DESC)
    INCLUDE (id, organisation_id);
DROP INDEX stamping.document_by_customer;
ALTER INDEX stamping.document_by_customer_new RENAME TO document_by_customer;

CREATE UNIQUE INDEX job_one_per_document_new ON stamping.job (document_id) INCLUDE (id)
    WHERE state <> 'refused';
DROP INDEX stamping.job_one_per_document;
ALTER INDEX stamping.job_one_per_document_new RENAME TO job_one_per_document;

CREATE INDEX release_by_document_new ON stamping.release (document_id) INCLUDE (serial, version);
DROP INDEX stamping.release_by_document;
ALTER INDEX stamping.release_by_document_new RENAME TO release_by_document;
