"""The twin of the certification authority's revocation service: CRLs (RFC 5280) and OCSP (RFC 6960)."""
