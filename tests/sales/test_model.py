"""Prices and life cycles: pure rules."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterai.kernel.refusals import Refusal
from meterai.sales.adapters.midtrans import Midtrans
from meterai.sales.adapters.snap.gateway import OF_QRIS, OF_TRANSFERS
from meterai.sales.bank_account import read_bank_account
from meterai.sales.model import (
    ITEM_MOVES,
    ORDER_MOVES,
    PAYMENT_MOVES,
    REFUND_MOVES,
    ItemState,
    OrderState,
    OrderTransition,
    PaymentState,
    RefundState,
    next_order_state,
)
from meterai.sales.prices import gateway_cost, vat_within
from meterai.texts.states import STATES


@given(fee=st.integers(0, 1_000_000), basis_points=st.integers(0, 10_000))
def test_the_vat_of_a_price_is_rounded_to_the_nearest_rupiah(fee: int, basis_points: int) -> None:
    vat = vat_within(fee, basis_points)
    assert 0 <= vat <= fee
    assert abs(vat - Fraction(fee * basis_points, 10_000 + basis_points)) <= Fraction(1, 2)


def test_the_vat_of_today_is_248_rupiah_in_a_fee_of_2500() -> None:
    assert vat_within(2500, 1100) == 248


def test_half_a_rupiah_of_vat_is_rounded_up() -> None:
    assert vat_within(3, 10_000 // 5) == 1  # 3 * 2000 / 12000 = 0.5


@given(amount=st.integers(1, 10_000_000))
def test_the_gateway_never_keeps_more_than_was_paid(amount: int) -> None:
    for cost in (*Midtrans.costs.values(), OF_QRIS, OF_TRANSFERS):
        assert 0 < gateway_cost(cost, amount) <= amount


def test_an_illegal_move_is_a_bug_not_a_refusal() -> None:
    with pytest.raises(AssertionError, match="order: place in completed"):
        next_order_state(OrderState.COMPLETED, OrderTransition.PLACE)


@pytest.mark.parametrize(
    ("moves", "states", "start"),
    [
        (ORDER_MOVES, OrderState, {OrderState.DRAFT}),
        (ITEM_MOVES, ItemState, {ItemState.WAITING}),
        (PAYMENT_MOVES, PaymentState, {PaymentState.CREATING}),
        (REFUND_MOVES, RefundState, {RefundState.NEEDS_ACCOUNT, RefundState.PAYABLE}),
    ],
)
def test_every_state_can_be_reached(moves: dict, states: type, start: set) -> None:  # type: ignore[type-arg]
    reached = set(start)
    for _ in states:
        reached |= {after for (before, _), after in moves.items() if before in reached}
    assert reached == set(states)


def test_a_person_is_told_something_in_every_state() -> None:
    named = [
        *(f"order.{state}" for state in OrderState),
        *(f"item.{state}" for state in ItemState),
        *(f"payment.{state}" for state in PaymentState),
        *(f"refund.{state}" for state in RefundState),
    ]
    assert [name for name in named if name not in STATES] == []


@pytest.mark.parametrize(
    "number", ["1234567890", " 1234-567.890 ", "1234\u2013567\u2011890", "\u202a12345 67890\u202c\u200b"]
)
def test_an_account_is_read_as_people_paste_it(number: str) -> None:
    account = read_bank_account("bni", number, " Sri\u200b  Wahyuni\u202c")
    assert (account.number, account.holder) == ("1234567890", "Sri Wahyuni")


@pytest.mark.parametrize(
    ("number", "holder", "code"),
    [
        ("12345", "Sri", "refund.account_unreadable"),
        ("1" * 21, "Sri", "refund.account_unreadable"),
        ("+62 812 3456 7890", "Sri", "refund.account_unreadable"),
        ("\u0661\u0662\u0663\u0664\u0665\u0666", "Sri", "refund.account_unreadable"),
        ("123456", "S", "refund.holder_missing"),
        ("123456", "S" * 71, "refund.holder_missing"),
        ("123456", "S\x00ri", "refund.holder_missing"),
    ],
)
def test_what_is_no_account_is_refused_at_each_edge(number: str, holder: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_bank_account("bni", number, holder)
    assert caught.value.code == code
    assert read_bank_account("bni", "1" * 6, "Sr").number == "1" * 6
    assert read_bank_account("bni", "1" * 20, "S" * 70).number == "1" * 20
