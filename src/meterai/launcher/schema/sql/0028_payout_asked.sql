-- Since when a payout may be known to its provider although no answer has said so. A provider forgets the id of a
-- request after a day (Midtrans: 24 hours), and would pay it once more.
ALTER TABLE sales.refund ADD COLUMN asked_since timestamptz;
UPDATE sales.refund SET asked_since = created_at WHERE channel = 'payout' AND state = 'payable' AND attempts > 0;
