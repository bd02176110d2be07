"""Closes business dates: the ledger takes nothing more for them, and a signed statement sums them up."""
