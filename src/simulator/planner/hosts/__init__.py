"""Which hosts a season needs, what they cost, and whether it bears the loss of one of them in each hour."""
