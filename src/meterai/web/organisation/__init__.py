"""Pages of an organisation: its stock, the monthly statement, receipts of blocks."""
