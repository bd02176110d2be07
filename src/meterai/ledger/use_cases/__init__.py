"""What the ledger does by itself; sales and stamping post their own transfers through `ledger.store`."""
