-- Drafts and cancelled orders are cleaned up by their age, without looking at all the orders that were paid.

CREATE INDEX order_given_up ON sales.orders (created_at) WHERE state IN ('draft', 'cancelled');
