"""The statuses that phones read, against rules and log."""
