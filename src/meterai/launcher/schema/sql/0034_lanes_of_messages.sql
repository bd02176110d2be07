-- Each topic of the outbox is found by itself: what piles up in one costs the others nothing.
DROP INDEX jobs.outbox_due;
CREATE INDEX outbox_due ON jobs.outbox (topic, available_at);

-- Messages have a topic for each kind of address, and codes topics of their own. Which of those that wait are codes
-- is not known: they go with the others.
UPDATE jobs.outbox SET topic = 'message.' || (payload ->> 'to_kind') WHERE topic = 'message.send';
