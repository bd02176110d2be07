"""Commands that need no right on the service: verify, plan, audit, demonstrate."""
