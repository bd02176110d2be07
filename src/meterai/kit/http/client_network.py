"""From where requests come, as limits count them: who has IPv6 has more addresses than can be counted."""

from __future__ import annotations

import ipaddress

_SITE_BYTES = 6
"""A /48, the most that a customer is given (RFC 6177): a /64 alone has 2^64 addresses."""


def caller_of(address: str) -> str:
    """An IPv4 address, also one written as IPv6; of another IPv6 address its /48. What is neither is one."""
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
    """The caller's network, which many share: the /24 of an IPv4 address, the /48 of an IPv6 address."""
    caller = caller_of(address)
    return caller.rpartition(".")[0] or caller
