"""What production refuses among the settings, for every process and every command.

`from_environment` asks it. What a part of the service needs besides, `production.py` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

from meterai.kit import database_urls
from meterai.kit.formats.comma_list import listed, named_values

if TYPE_CHECKING:  # settings.py asks this module
    from meterai.kit.settings import Settings

_BY_HTTPS: Final = (
    "gateway_url",
    "snap_url",
    "payout_url",
    "whatsapp_url",
    "public_url",
    "gate_url",
    "status_url",
    "adapter_service",
)
_WIDEST_IPV4, _WIDEST_IPV6 = 8, 20
"""The shortest prefixes of a network of proxies. No operator of proxies has a wider one."""
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses that are written as IPv6 (RFC 4291 section 2.5.5.2)."""


def unsafe_settings(settings: Settings) -> Iterator[tuple[str, str]]:
    """The settings by which secrets, money or people's data would be unprotected on a network, each with what
    is wrong. Values are not repeated: an address may hold a password.
    """
    for name in _BY_HTTPS:
        if is_open_http(getattr(settings, name)):
            yield name, "production takes http to this machine only; give an https address"
    if any(map(is_open_http, named_values(settings.settlement_reports).values())):
        yield "settlement_reports", "production takes http to this machine only; give https addresses"
    if not (settings.public_url or settings.tls_certificate or is_loopback(settings.host)):
        yield (
            "public_url",
            "without it people would be led to us by http; give the https address that people see",
        )
    for name in (*database_urls.SETTINGS, database_urls.POOLER):
        if not _is_checked_database(getattr(settings, name)):
            yield (
                name,
                "production talks to a database on another machine only with sslmode=verify-full in its "
                "address, and sslrootcert=FILE (docs/first-start.md)",
            )
    if not all(
        urlsplit(one).scheme == "tls" or is_loopback(urlsplit(one).hostname or "")
        for one in listed(settings.nats_url)
    ):
        yield "nats_url", "production reaches NATS on another machine by TLS only; give tls:// addresses"
    if settings.partner_sandbox == "on":
        yield (
            "partner_sandbox",
            "production has no sandbox for partners: its stamps would be genuine; run one on its own data",
        )
    if _trusts_strangers(settings.trusted_proxies):
        yield (
            "trusted_proxies",
            "these networks hold strangers, whose X-Forwarded-For would be believed; name the addresses of "
            "your own proxies",
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_open_http(url: str) -> bool:
    """Whether an address leads to another machine by plain HTTP."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _is_checked_database(url: str) -> bool:
    """Whether an address reaches this machine alone, or demands that the server's certificate is checked."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    lists = [parts.netloc.rpartition("@")[2], *query.get("host", []), *query.get("hostaddr", [])]
    hosts = [_without_port(host) for one in lists for host in one.split(",")]
    if (
        all(not host or host.startswith("/") or is_loopback(host) for host in hosts)
        and "service" not in query
    ):
        return True
    return set(query.get("sslmode", [])) == {"verify-full"}


def _without_port(host: str) -> str:
    host = unquote(host)
    return host.partition("]")[0].strip("[") if host.startswith("[") else host.partition(":")[0]


def _trusts_strangers(proxies: str) -> bool:
    named = [_unmapped(ip_network(one)) for one in listed(proxies)]
    fours = collapse_addresses(one for one in named if isinstance(one, IPv4Network))
    sixes = collapse_addresses(one for one in named if isinstance(one, IPv6Network))
    return any(one.prefixlen < _WIDEST_IPV4 for one in fours) or any(
        one.prefixlen < _WIDEST_IPV6 for one in sixes
    )


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """An IPv4 network that is written as IPv6, as IPv4. A wider one counts as all of IPv4."""
    if isinstance(network, IPv6Network) and network.overlaps(_MAPPED):
        first = int(network.network_address) & 0xFFFFFFFF
        return (
            IPv4Network((first, network.prefixlen - 96))
            if network.prefixlen >= 96
            else IPv4Network("0.0.0.0/0")
        )
    return network
