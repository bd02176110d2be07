-- How often the links of an order were ended: its token is made from that too.
ALTER TABLE sales.orders ADD COLUMN token_round integer NOT NULL DEFAULT 0;
