"""Pages of an order: check, pay, the order page, quota, money."""
