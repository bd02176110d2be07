"""A twin of a time-stamp authority (RFC 3161, RFC 5816): real tokens by the development PKI, quickly."""

from sandbox.tsa.authority import TimeStampAuthority

__all__ = ["TimeStampAuthority"]
