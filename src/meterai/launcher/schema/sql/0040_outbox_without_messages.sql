-- What waits in the outbox, for who checks the tables: of documents whose stamps are paid the whole row. Codes and
-- the texts of messages are for whom they are sent to.
CREATE VIEW jobs.waiting AS
    SELECT id, topic, attempts, available_at, created_at,
        CASE WHEN topic IN ('sales.stamp_item_paid', 'stamping.released', 'stamping.refused') THEN payload END AS payload
    FROM jobs.outbox;
REVOKE SELECT ON jobs.outbox FROM meterai_reader;
GRANT SELECT ON jobs.waiting TO meterai_reader;
