"""Follows the money after a sale: what gateways pay out, what arrives at the bank, and where they differ."""
