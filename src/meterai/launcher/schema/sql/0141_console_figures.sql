-- The console shows officers what `use_cases.measure_service` and `use_cases.look_now` find. It reads no contact, no account and no message.
GRANT USAGE ON SCHEMA waiting_room, stamping, ledger, partners, accounting, jobs, customers TO meterai_console;
GRANT SELECT ON waiting_room.queue, waiting_room.to_log, waiting_room.log_entry, waiting_room.pass, waiting_room.promise, waiting_room.door,
    waiting_room.site_load TO meterai_console;
GRANT SELECT (id, number, state, flow, paid_at, closed_at) ON sales.orders TO meterai_console;
GRANT SELECT (id, order_id, document_id, state) ON sales.item TO meterai_console;
GRANT SELECT (id, order_id, gateway, transaction_id, state, created_at, expires_at, poll_at, settled_at, outcome) ON sales.payment
    TO meterai_console;
GRANT SELECT (state, named_at, created_at, pays_from, released_at, failure_code, needs_release, next_attempt_at) ON sales.refund
    TO meterai_console;
GRANT SELECT ON stamping.job, stamping.document, stamping.signing_key, stamping.time_stamp_owed TO meterai_console;
GRANT SELECT ON ledger.account TO meterai_console;
GRANT SELECT ON partners.wire_batch, partners.wire_batch_document TO meterai_console;
GRANT SELECT ON operations.followed, operations.switch, operations.retention_run, operations.last_backup, operations.release_request,
    operations.officer_signature TO meterai_console;
GRANT SELECT ON accounting.difference TO meterai_console;
GRANT SELECT (topic, available_at) ON jobs.outbox TO meterai_console;
GRANT SELECT ON customers.code_count TO meterai_console;
GRANT EXECUTE ON FUNCTION accounting.next_day, customers.codes_sent TO meterai_console;
