"""What every operation of the API does in the same way: docs/partners.md#conventions."""
