-- Versions of a release after its first, found by themselves: `meterai check` looks at each of them, twice.
CREATE INDEX release_later ON stamping.release (serial) INCLUDE (document_id) WHERE version > 1;
