"""The clients and networks that limits count. One client with IPv6 has more addresses than can be counted."""

from __future__ import annotations

import ipaddress
from socket import AF_INET6, inet_pton

_SITE_BYTES = 6
"""A /48 is the most that a customer gets (RFC 6177). A /64 alone has 2^64 addresses."""
_BLOCKS = ((8, 3.0), (_SITE_BYTES, 1.0), (4, 0.01))
"""Blocks of IPv6 in bytes, and what one person in it counts. A /64 is one household or one phone; a /32 is
what a provider gets, who may have millions of customers (RIPE-738)."""


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


def blocks_of(address: str) -> tuple[tuple[str, float], ...]:
    """The blocks of an address, and what one person in each counts: the /24 of IPv4; a /64, /48 and /32."""
    network = network_of(address)
    if "." in network or network == "?":
        return ((network, 1.0),)
    packed = inet_pton(AF_INET6, address.partition("%")[0])
    return tuple((f"{packed[:size].hex()}/{8 * size}", weight) for size, weight in _BLOCKS)
