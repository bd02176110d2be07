"""Accounts and transfers in rupiah and stamps: double entry, append-only, reserve then post or void."""
