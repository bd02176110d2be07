"""The gate: joins, the wait page, the status. A door of its own that needs nothing behind it."""
