"""The clients and networks that limits count. One client with IPv6 has more addresses than can be counted."""

from __future__ import annotations

import ipaddress

_SITE_BYTES = 6
"""A /48 is the most that a customer gets (RFC 6177). A /64 alone has 2^64 addresses."""


def caller_of(address: str) -> str:
    """The client at an address: an IPv4 address, also one written as IPv6, or the /48 of an IPv6 address.

    All texts that are not an address count as one client.
    """
    if ":" not in address and address.count(".") == 3:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return "?"
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return parsed.packed[:_SITE_BYTES].hex()


def network_of(address: str) -> str:
    """The client's network, which many share: the /24 of an IPv4 address, the /48 of an IPv6 address."""
    caller = caller_of(address)
    return caller.rpartition(".")[0] or caller
