"""Crowd and load: people who use the service through its doors only. Nothing of the product imports this."""
