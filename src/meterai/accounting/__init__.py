"""Follows the money after a sale: pay-outs, bank statements, differences, closed days, the books."""
