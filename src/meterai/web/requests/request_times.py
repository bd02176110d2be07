"""The time of requests as Prometheus reads it: from a request's last byte to the start of its answer."""

from __future__ import annotations

from typing import Final

from meterai.kit.measures import seconds

REQUESTS = seconds("http_request", "Time of requests, by what they are for.", "group", "status")
DOOR: Final = "/masuk"
"""Part of the addresses at which people come in from the line."""
_GROUPS: Final = {
    **dict.fromkeys(
        ("beli", "hentikan", "kuota", "p", "pembayaran", "pengembalian", "pesanan", "uang"), "orders"
    ),
    **dict.fromkeys(("saya", "undangan"), "account"),
    "antre": "line",
    "api": "api",
    "periksa": "verification",
    "wire": "wire",
}
"""By the first part of an address without language. Others are `pages`."""


def group_of(path: str) -> str:
    """What a request is for: one of a few words, whatever the address is."""
    if path.startswith("/api/v1/verifications"):
        return "verification"
    if DOOR in path:
        return "line"
    return _GROUPS.get(path[1:].partition("/")[0], "pages")


def observe(path: str, status: int, took_s: float) -> None:
    """Notes one answer."""
    REQUESTS.labels(group_of(path), f"{status // 100}xx").observe(took_s)
