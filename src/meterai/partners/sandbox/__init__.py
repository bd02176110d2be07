"""The sandbox for partners: test clients and the clock of an organisation. Production has none of it."""
