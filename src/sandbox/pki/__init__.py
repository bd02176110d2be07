"""The development PKI and its counter for certificate requests."""
