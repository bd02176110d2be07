"""Signs of trouble: what officers see first, and what they do about it."""
