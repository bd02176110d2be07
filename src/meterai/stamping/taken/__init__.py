"""Serial numbers that a partner takes first and stamps later, as clients on the wire do."""
