"""What people saw is compared with the server; each kind of difference is named."""

from __future__ import annotations

import json

from chaos.checkers import broken_in
from chaos.journal import ServerView, differences, unfinished
from simulator.rehearsal.crowd import Entry

SERVER = ServerView(
    orders={"A-1": "completed", "A-2": "paid"},
    files={"A-1": frozenset({"f1"})},
    settled=frozenset({"r1", "r2"}),
    refunds=frozenset(),
)
AT_GATEWAY = {"r1": "settlement", "r2": "settlement", "r3": "pending"}


def entry(order: str, *digests: str, paid: bool = True) -> Entry:
    return Entry(came=1, left=2, order=order, link="", reference="r", paid=paid, digests=digests)


def test_what_the_server_knows_is_no_difference() -> None:
    assert differences([entry("A-1", "f1"), entry("A-2"), entry("", paid=False)], SERVER) == []
    assert unfinished([entry("A-1", "f1")], SERVER, AT_GATEWAY) == []


def test_lost_orders_wrong_files_and_files_that_came_twice_are_named() -> None:
    found = differences([entry("A-9"), entry("A-1", "f1"), entry("A-1", "f1"), entry("A-2", "f2")], SERVER)
    assert found == [
        "order A-9 was acknowledged and is gone",
        "order A-2: file f2 was downloaded and is not the server's",
        "file f1 came 2 times",
    ]


def test_money_without_an_end_and_bookings_without_money_are_named() -> None:
    assert unfinished([entry("A-2")], SERVER, {"r1": "settlement", "r4": "refund"}) == [
        "order A-2 was paid and is paid",
        "payment r2 was booked without money",
        "payment r4 came and was not booked",
    ]


def test_a_refund_is_an_end() -> None:
    refunded = ServerView(orders=SERVER.orders, files={}, settled=SERVER.settled, refunds=frozenset({"A-2"}))
    assert unfinished([entry("A-2")], refunded, AT_GATEWAY) == []


def test_broken_invariants_are_named_and_no_report_is_no_approval() -> None:
    holds = {"id": "I1", "ok": True, "violations": []}
    broken = {"id": "I5", "ok": False, "violations": ["payment 1: credited twice"]}
    assert broken_in(json.dumps({"invariants": [holds]})) == []
    assert broken_in(json.dumps({"invariants": [holds, broken]})) == ["I5: payment 1: credited twice"]
    assert broken_in("nothing runs") == ["check: nothing runs"]
