"""User names and passwords of clients, for the wire: only for organisations that switch it on."""
