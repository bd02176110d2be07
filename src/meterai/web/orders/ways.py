"""The ways to pay that pages offer, in groups: QRIS, wallets, virtual accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from meterai.sales.gateways import Gateways
from meterai.sales.ports import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to pay. `works`: it can be chosen."""

    channel: Channel
    works: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WayGroup:
    """Ways that stand together. `kind`: `qris`, `wallet` or `va`."""

    kind: str
    ways: Sequence[Way]


def ways_to_pay(gateways: Gateways, *, is_large: bool) -> list[WayGroup]:
    """The ways that the gateways have; for a large order virtual accounts alone.

    A way whose gateways are all in trouble can't be chosen while another one works.
    """
    channels = [one for one in gateways.channels if one.is_virtual_account or not is_large]
    working = {channel for channel in channels if gateways.is_healthy(channel)} or set(channels)
    channels.sort(key=lambda channel: _KINDS.index(_kind(channel)))
    return [
        WayGroup(kind=kind, ways=[Way(channel=one, works=one in working) for one in group])
        for kind, group in groupby(channels, key=_kind)
    ]


def first_working(groups: Sequence[WayGroup]) -> Channel | None:
    """The way that is chosen at first; None: none is offered."""
    return next((way.channel for group in groups for way in group.ways if way.works), None)


_KINDS = ("qris", "wallet", "va")


def _kind(channel: Channel) -> str:
    if channel.is_virtual_account:
        return "va"
    return "wallet" if channel.is_wallet else "qris"
