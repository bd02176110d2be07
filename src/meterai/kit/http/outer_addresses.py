"""Keeps calls to addresses that strangers name away from our own networks (SSRF).

The address is checked when the socket for it is opened. Nothing resolves the name again after that, so a name
that changes what it points to (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""IPv4 addresses as hosts without IPv4 reach them (RFC 6052)."""

OpenSocket = Callable[[Any], socket.socket]
"""Opens a socket for an answer of `getaddrinfo`; aiohttp calls it a socket factory."""


class InnerAddress(OSError):
    """The address belongs to our machine, or to a network that the internet does not reach."""

    def __init__(self) -> None:
        super().__init__("an inner address")


def is_outer(address: str) -> bool:
    """Whether an address belongs to a host of the internet. An IPv4 address inside an IPv6 one counts."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        inside = _ipv4_inside(parsed)
        if inside is None:
            return parsed in _GLOBAL_UNICAST and parsed.is_global
        parsed = inside
    return parsed.is_global and not parsed.is_multicast


def _ipv4_inside(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    tunnelled = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnelled


def guarded_sockets(*, loopback_is_outer: bool) -> OpenSocket:
    """Makes what opens sockets to outer addresses only. It raises `InnerAddress` for others."""

    def open_socket(info: Any) -> socket.socket:
        family, kind, protocol, _, (host, *_rest) = info
        is_allowed = loopback_is_outer and ip_address(host.partition("%")[0]).is_loopback
        if not is_allowed and not is_outer(host):
            raise InnerAddress
        return socket.socket(family, kind, protocol)

    return open_socket
