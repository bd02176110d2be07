"""Several payment gateways: which one takes a payment, and which one has it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import structlog

from meterai.kernel.refusals import Refusal
from meterai.sales.gateways import Gateways
from meterai.sales.ports import Channel
from meterai.sales.prices import ChannelCost
from tests.sales.fake_gateway import FakeGateway


def gateway(name: str, **costs: ChannelCost) -> FakeGateway:
    """A gateway with a price list of its own."""
    made = FakeGateway()
    made.name = name
    prices: Mapping[Channel, ChannelCost] = {Channel(channel): cost for channel, cost in costs.items()}
    made.costs = prices
    return made


SHARE, FLAT = ChannelCost(basis_points=70), ChannelCost(flat=700)


def test_the_cheapest_healthy_gateway_for_the_sum_is_chosen() -> None:
    dear, cheap = gateway("dear", qris=SHARE), gateway("cheap", qris=FLAT)
    gateways = Gateways([dear, cheap])
    assert gateways.choose(Channel.QRIS, 1_000_000) is cheap
    assert gateways.choose(Channel.QRIS, 10_000) is dear
    assert gateways.choose(Channel.QRIS, 100_000) is dear, "they cost the same: the settings decide"
    cheap.in_trouble = True
    assert gateways.choose(Channel.QRIS, 1_000_000) is dear
    dear.in_trouble = True
    assert gateways.choose(Channel.QRIS, 1_000_000) is cheap, "in trouble both"
    assert gateways.choose(Channel.QRIS, 1_000_000, but=frozenset({"cheap"})) is dear


def test_pages_offer_what_any_gateway_has() -> None:
    gateways = Gateways([gateway("one", va_bni=FLAT), gateway("two", qris=SHARE, va_bni=FLAT)])
    assert gateways.channels == [Channel.QRIS, Channel.VA_BNI]
    with pytest.raises(Refusal, match=r"payment\.no_channel"):
        gateways.choose(Channel.QRIS, 1, but=frozenset({"two"}))
    two = gateways.named("two")
    assert isinstance(two, FakeGateway)
    two.in_trouble = True
    assert (gateways.is_healthy(Channel.QRIS), gateways.is_healthy(Channel.VA_BNI)) == (False, True)


def test_a_gateway_that_the_settings_no_longer_name_is_said() -> None:
    gateways = Gateways([gateway("one", qris=SHARE)])
    with structlog.testing.capture_logs() as logs, pytest.raises(Refusal, match=r"gateway\.unavailable"):
        gateways.named("two")
    assert [(entry["event"], entry["gateway"]) for entry in logs] == [("gateway_not_in_settings", "two")]
