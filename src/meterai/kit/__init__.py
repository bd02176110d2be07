"""Technical parts without domain words: database, settings, PDF jail, outbox, object store, HTTP, logs."""
