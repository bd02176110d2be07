-- `meterai purge` deletes old pieces of broken uploads, as the worker does.
GRANT SELECT (file_id, created_at), DELETE ON stamping.upload_piece TO meterai_operator;
