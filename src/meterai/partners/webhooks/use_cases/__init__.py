"""Use cases of events and webhooks: one public verb for each file."""
