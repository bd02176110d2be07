"""An evening on which a payment gateway dies, in a real browser: `script/evening` (docs/an-evening.md)."""
