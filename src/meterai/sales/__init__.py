"""Orders, prices, payments, refunds, settlement."""
