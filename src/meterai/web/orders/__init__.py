"""The order's journey: check, pay, the order page, quota, money."""
