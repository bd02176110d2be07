"""A twin of a payment gateway: Midtrans Core API v2 and Iris payouts over HTTP, with pages on which one pays.

Knows nothing of the product: what both sides agree on is the gateway's public protocol. Faults by script.
"""
