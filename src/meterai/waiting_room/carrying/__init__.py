"""How hosts without a common folder share a line: each has its own, and NATS carries what is written."""
