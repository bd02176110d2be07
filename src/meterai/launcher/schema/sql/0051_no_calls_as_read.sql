-- Orders are placed and settled in a transaction that locks the order first. These functions wrote an order only if it
-- was still as it had been read; nothing calls them any more. Dropping them is safe: no other function uses them, they
-- hold no data, and processes of the release before, which called them, are stopped while a release is put in place.
DROP FUNCTION sales.place_as_read;
DROP FUNCTION sales.settle_as_read;
