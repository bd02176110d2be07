"""The command `meterai-partner`."""
