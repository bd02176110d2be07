"""The payment gateways in use: which one takes a new payment, and which one has an earlier one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.ports import Channel, PaymentGateway
from meterai.sales.prices import gateway_cost

log = structlog.get_logger(__name__)


class Gateways:
    """The gateways that the settings name, in order of preference."""

    def __init__(self, gateways: Sequence[PaymentGateway]) -> None:
        self._gateways = tuple(gateways)
        self._by_name = {gateway.name: gateway for gateway in gateways}

    def __iter__(self) -> Iterator[PaymentGateway]:
        return iter(self._gateways)

    @property
    def channels(self) -> list[Channel]:
        """How people can pay, in the order in which pages offer it."""
        return [channel for channel in Channel if any(channel in one.costs for one in self)]

    def find(self, name: str) -> PaymentGateway | None:
        """The gateway of this name; None when the settings name no such gateway."""
        return self._by_name.get(name)

    def named(self, name: str) -> PaymentGateway:
        """The gateway that has a payment, by the name stored with it.

        Raises: Refusal UNAVAILABLE `gateway.unavailable` when the settings don't name it any more.
        """
        gateway = self.find(name)
        if gateway is None:
            log.error("gateway_not_in_settings", gateway=name)
            raise Refusal(Kind.UNAVAILABLE, "gateway.unavailable", reason="not_in_settings", sent=False)
        return gateway

    def choose(self, channel: Channel, amount: int, *, but: frozenset[str] = frozenset()) -> PaymentGateway:
        """The gateway for a new payment of `amount` rupiah.

        Those in trouble come last. Then the cheapest for that amount comes first, then the order of the
        settings. `but`: names of gateways that are left out.

        Raises: Refusal INVALID `payment.no_channel` when none of them offers the channel.
        """
        able = [one for one in self if channel in one.costs and one.name not in but]
        if not able:
            raise Refusal(Kind.INVALID, "payment.no_channel")
        return min(able, key=lambda one: (not one.is_healthy, gateway_cost(one.costs[channel], amount)))

    def another(self, channel: Channel, amount: int, *, but: frozenset[str]) -> PaymentGateway | None:
        """The gateway for a payment that those named in `but` did not open; None: no other is healthy."""
        try:
            found = self.choose(channel, amount, but=but)
        except Refusal:
            return None
        return found if found.is_healthy else None

    def is_healthy(self, channel: Channel) -> bool:
        """Whether a gateway that is not in trouble offers the channel."""
        return any(channel in one.costs and one.is_healthy for one in self)
