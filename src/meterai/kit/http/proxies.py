"""The proxies in front of us, and the client address that they report (X-Forwarded-For)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from socket import AF_INET, AF_INET6, inet_pton

from meterai.kit.formats.comma_list import listed
from meterai.kit.settings import Settings

HERE = ("127.0.0.1", "::1")
_MAPPED = bytes(10) + b"\xff\xff"
"""The prefix of an IPv4 address that is written as IPv6 (RFC 4291 section 2.5.5.2)."""
_WITH_PORT = re.compile(r"([0-9.]+):\d+|\[([^]]+)\](?::\d+)?")


def trusted_addresses(settings: Settings) -> list[str]:
    """The addresses and networks of proxies that we trust: this machine's, and those in the settings.

    IPv4 addresses are added as IPv6 too, as sockets for both families report them (RFC 4291 section 2.5.5.2).
    uvicorn does not treat them as equal.
    """
    told = [*HERE, *listed(settings.trusted_proxies)]
    networks = [network for one in told if (network := ip_network(one)).version == 4]
    return told + [f"::ffff:{one.network_address}/{96 + one.prefixlen}" for one in networks]


class Proxies:
    """Trusted proxies, by the same rules as uvicorn's for the site.

    `trusted`: their addresses and networks. Raises: ValueError for a text that is neither.
    """

    def __init__(self, trusted: Sequence[str] = HERE) -> None:
        networks = [ip_network(one) for one in trusted]
        self._hosts = frozenset(one.network_address.packed for one in networks if one.num_addresses == 1)
        self._networks = [one for one in networks if one.num_addresses > 1]

    def caller(self, peer: str, forwarded_for: str) -> str:
        """The client address of a request that came from `peer` (empty: a Unix socket).

        It is the last address in the header that is not a trusted proxy's. Anybody may have written the ones
        before it.
        """
        if not forwarded_for or (peer and not self._is_trusted(peer)):
            return peer
        hops = [_without_port(hop.strip()) for hop in forwarded_for.split(",")]
        return next((hop for hop in reversed(hops) if not self._is_trusted(hop)), hops[0])

    def _is_trusted(self, text: str) -> bool:
        packed = _packed(text)
        if packed is None:
            return False
        return packed in self._hosts or any(ip_address(packed) in network for network in self._networks)


def _without_port(hop: str) -> str:
    found = _WITH_PORT.fullmatch(hop)
    return (found[1] or found[2]) if found else hop


def _packed(text: str) -> bytes | None:
    """The 4 or 16 bytes of an address; None for any other text.

    Each join has another address: the C library reads one in 1 us, `ipaddress` in 6.
    """
    try:
        if ":" not in text:
            return inet_pton(AF_INET, text)
        packed = inet_pton(AF_INET6, text.partition("%")[0])
    except (OSError, ValueError):
        return None
    return packed.removeprefix(_MAPPED)
