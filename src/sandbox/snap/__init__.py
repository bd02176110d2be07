"""A twin of a bank that speaks BI-SNAP over HTTP: QRIS, virtual accounts and signed notices.

Charges, faults and pages are those of `sandbox.gateway`; protocol and signatures are of its own.
"""
