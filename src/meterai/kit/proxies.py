"""Proxies in front of us: whose word counts for whence a request comes (X-Forwarded-For)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from meterai.kit.settings import Settings, addresses_in

HERE = ("127.0.0.1", "::1")
_WITH_PORT = re.compile(r"([0-9.]+):\d+|\[([^]]+)\](?::\d+)?")


def trusted_addresses(settings: Settings) -> list[str]:
    """Addresses and networks of proxies that are believed: this machine's, and those in the settings.

    Those of IPv4 also as a socket for both families tells them (RFC 4291 2.5.5.2): uvicorn takes them apart.
    """
    told = [*HERE, *addresses_in(settings.trusted_proxies)]
    networks = [network for one in told if (network := ip_network(one)).version == 4]
    return told + [f"::ffff:{one.network_address}/{96 + one.prefixlen}" for one in networks]


class Proxies:
    """Proxies that are believed, as uvicorn believes them for the site.

    `trusted`: their addresses and networks. Raises: ValueError for what is neither.
    """

    def __init__(self, trusted: Sequence[str] = HERE) -> None:
        self._networks = [ip_network(one) for one in trusted]

    def caller(self, peer: str, forwarded_for: str) -> str:
        """The address of whoever sent a request that came from `peer` (empty: a Unix socket).

        That is the last one in the header that is no trusted proxy's: what stands before it, anybody may have
        written there.
        """
        if not forwarded_for or (peer and not self._is_trusted(peer)):
            return peer
        hops = [_without_port(hop.strip()) for hop in forwarded_for.split(",")]
        return next((hop for hop in reversed(hops) if not self._is_trusted(hop)), hops[0])

    def _is_trusted(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)


def _without_port(hop: str) -> str:
    found = _WITH_PORT.fullmatch(hop)
    return (found[1] or found[2]) if found else hop


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
