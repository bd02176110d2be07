"""The story of a lost disk, and what must hold afterwards."""

from __future__ import annotations

import base64
import csv
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

import msgspec

from meterai.kit.installation_secrets import Secrets
from simulator.crowd.service import find_service
from tests.replays.lost_disk import LostDisk
from tests.stamp_buyers import judged
from tests.waiting import until

_PAID: Final = ("settlement", "capture")
_INTENTS: Final = """
    SELECT s.serial FROM stamping.document d JOIN stamping.job j ON j.document_id = d.id
    JOIN stamping.serial s ON s.job_id = j.id JOIN stamping.intent i ON i.serial = s.serial
    WHERE d.name = $1 || '.pdf'
"""
_DOCUMENTS: Final = """
    SELECT s.serial, s.state, d.name FROM stamping.serial s JOIN stamping.job j ON j.id = s.job_id
    JOIN stamping.document d ON d.id = j.document_id
"""
_ORDERS: Final = """
    SELECT p.reference, o.state FROM sales.payment p JOIN sales.orders o ON o.id = p.order_id
    WHERE p.reference = ANY ($1)
"""


def play(place: Path, *, people: int = 3) -> list[str]:
    """Plays it. Returns what was lost, in lines. Raises: AssertionError when a promise does not hold."""
    lost = LostDisk(place)
    try:
        lost.begin()
        lost.meterai("queue", "on", "--event", "casn", "--always", "--because", "last day")
        lost.buy("antre", "casn")
        under_way = _lose_while_all_goes_on(lost, people)
        said = lost.recover()
        assert under_way in said, "a serial number under way is listed"
        lost.start_service()
        return [*said.splitlines(), *_look_at_everything(lost, under_way)]
    finally:
        lost.end()


def _lose_while_all_goes_on(lost: LostDisk, people: int) -> str:
    """Four kinds of people buy while the disk is lost.

    `titip` has ordered when the followed files end, and pays in the lost seconds. `segel` has paid, and the
    document is being sealed: it is released in the lost seconds. `baru` comes in the lost seconds, so only
    the gateway knows of the payment. Others buy all the time.

    Returns the serial number of `segel`.
    """
    is_lost_from_here = threading.Event()
    is_ordered = threading.Event()

    def wait() -> None:
        is_ordered.set()
        assert is_lost_from_here.wait(120)

    lost.people(people)
    lost.someone("titip", before_paying=wait)
    assert is_ordered.wait(60)
    until(lambda: any(name.startswith("orang") for name in lost.bought))
    lost.pause("sandbox.tsa")
    lost.someone("segel")
    until(lambda: lost.rows(_INTENTS, "segel"))
    _until_followed(lost)
    lost.stop_following()
    lost.pause("sandbox.tsa", goes_on=True)
    is_lost_from_here.set()
    lost.someone("baru")
    until(lambda: {"titip", "segel", "baru"} <= lost.bought.keys())
    serial: str = lost.rows(_INTENTS, "segel")[0]["serial"]
    lost.lose()
    return serial


def _until_followed(lost: LostDisk) -> None:
    """Until the followed files are good for a moment after this one."""
    now = datetime.now(UTC)
    until(lambda: (good_for := lost.good_for) is not None and good_for > now)


def _look_at_everything(lost: LostDisk, under_way: str) -> Iterator[str]:
    good_for = lost.good_for
    assert good_for is not None
    seconds = (lost.lost_at - good_for).total_seconds()
    yield f"The followed files were good for a moment {seconds:.1f} s before the loss."
    unknown = list(_unknown_payments(lost))
    assert lost.bought["baru"].reference in unknown
    for reference in unknown:
        _refund_at_gateway(lost, reference)
    yield f"{len(unknown)} payments were known to the gateway only, and went back: {', '.join(unknown)}"
    until(lambda: not _unfinished(lost))
    lost_files = _judge_files(lost)
    assert {"titip", "segel", "baru"} <= set(lost_files)
    yield f"Of {len(lost.bought)} files that people had, the register does not know {len(lost_files)}."
    _see_that_no_serial_came_twice(lost, under_way)
    later = lost.buy("sesudah")
    assert judged(lost.data, later.content)[0] == "genuine"
    lost.meterai("check", "--all")
    yield "meterai check --all holds."


def _judge_files(lost: LostDisk) -> list[str]:
    """The names of files that the register lost. Every other one is genuine."""
    reasons = {name: judged(lost.data, one.content)[0] for name, one in lost.bought.items()}
    assert set(reasons.values()) <= {"genuine", "register.lost"}, reasons
    assert reasons["antre"] == "genuine"
    return [name for name, reason in reasons.items() if reason == "register.lost"]


def _see_that_no_serial_came_twice(lost: LostDisk, under_way: str) -> None:
    """The serial number of a file that a person has is unknown here, or on the same document."""
    theirs = {judged(lost.data, one.content)[1]: f"{name}.pdf" for name, one in lost.bought.items()}
    assert len(theirs) == len(lost.bought)
    found = {row["serial"]: row for row in lost.rows(_DOCUMENTS)}
    for serial in theirs.keys() & found.keys():
        assert found[serial]["name"] == theirs[serial]
    assert (found[under_way]["name"], found[under_way]["state"]) == ("segel.pdf", "released")
    again = [row for row in found.values() if row["name"] == "titip.pdf" and row["state"] == "released"]
    assert len(again) == 1, "the order that was paid in the lost seconds was stamped"
    assert again[0]["serial"] not in theirs


def _unfinished(lost: LostDisk) -> list[str]:
    """Payments that the gateway has money for, whose order is neither stamped nor refunded."""
    paid = [row["order_id"] for row in _gateway_list(lost) if row["transaction_status"] in _PAID]
    found = {row["reference"]: row["state"] for row in lost.rows(_ORDERS, paid)}
    return [reference for reference in paid if found.get(reference) != "completed"]


def _unknown_payments(lost: LostDisk) -> Iterator[str]:
    """What `meterai reconcile` finds at the gateway alone."""
    path = lost.place / "list.csv"
    path.write_bytes(_fetch_list(lost))
    said = lost.meterai("reconcile", str(path), "--json", may_judge=True)
    for one in msgspec.json.decode(said)["differences"]:
        if "we know no such payment" in one["what"]:
            yield one["reference"]


def _refund_at_gateway(lost: LostDisk, reference: str) -> None:
    """What an officer does in the gateway's dashboard."""
    amount = next(row["gross_amount"] for row in _gateway_list(lost) if row["order_id"] == reference)
    key = base64.b64encode(f"{Secrets(lost.data).gateway_server_key}:".encode()).decode()
    asked = Request(
        f"{find_service(lost.data).gateway}/v2/{reference}/refund",
        data=msgspec.json.encode({"refund_key": f"lost-{reference}", "amount": int(float(amount))}),
        headers={"Authorization": f"Basic {key}", "Content-Type": "application/json"},
    )
    with urlopen(asked) as answer:
        assert msgspec.json.decode(answer.read())["status_code"] == "200"


def _gateway_list(lost: LostDisk) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_fetch_list(lost).decode())))


def _fetch_list(lost: LostDisk) -> bytes:
    with urlopen(f"{find_service(lost.data).gateway}/_list.csv") as answer:
        content: bytes = answer.read()
    return content
