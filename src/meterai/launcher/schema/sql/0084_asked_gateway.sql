-- When the poller last asked the gateway about a payment: people whose money is not found see it.
ALTER TABLE sales.payment ADD COLUMN asked_at timestamptz;
CREATE INDEX payment_asked ON sales.payment (asked_at) WHERE asked_at IS NOT NULL;
GRANT UPDATE (asked_at) ON sales.payment TO meterai_worker;
