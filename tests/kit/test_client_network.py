"""Limits count clients by IPv4 address, or by the /48 of an IPv6 address."""

from __future__ import annotations

import pytest

from meterai.kit.http.client_network import caller_of, network_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:1::1", "2001:db8:1:2::ffff"),
        ("2001:db8:1::1", "2001:0DB8:0001:0:0:0:0:2%eth0"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("192.0.2.1", "::ffff:c000:201"),
        ("", "unix:"),
    ],
)
def test_these_are_one_caller(one: str, other: str) -> None:
    assert caller_of(one) == caller_of(other)
    assert network_of(one) == network_of(other)


@pytest.mark.parametrize(
    ("one", "other", "is_one_network"),
    [
        ("192.0.2.1", "192.0.2.2", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("2e2e:2e2e:2e2e::1", "2e2e:2e2e:2e2f::1", False),
        ("192.0.2.1", "2001:db8::192.0.2.1", False),
    ],
)
def test_these_are_two_callers(one: str, other: str, *, is_one_network: bool) -> None:
    assert caller_of(one) != caller_of(other)
    assert (network_of(one) == network_of(other)) is is_one_network
