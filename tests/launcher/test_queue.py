"""The waiting room of a service as a newcomer starts it: nobody waits, operators steer, gates go on alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

import asyncpg
import msgspec
import pytest

from meterai.cli.operator.queue import everybody_in_line
from meterai.cli.refusal_texts import refusal_text
from meterai.kernel.refusals import Refusal
from meterai.kit.child_processes import processes_in
from meterai.kit.installation import owner_url
from meterai.kit.installation_secrets import Secrets
from meterai.kit.settings import Settings
from meterai.status_page.probe.browser import Browser
from meterai.status_page.probe.journey import Journey
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import BypassFacts, OperatorFacts, decode_facts
from meterai.waiting_room.files.public_log import read_entries
from meterai.waiting_room.files.published_documents import Status
from simulator.rehearsal.victims import command_of
from tests.running_service import RunningService, parent_of, running_service

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def own() -> Iterator[RunningService]:
    """Beside it the status page, whose probe buys."""
    two = {"METERAI_GATE_PROCESSES": "2", "METERAI_QUEUE_PROCESSES": "2"}
    probe = {"METERAI_PROBE": "on", "METERAI_STATUS_PAGE": "on", "METERAI_PROBE_SECONDS": "10"}
    with running_service(two | probe) as running:
        yield running


def status_of(own: RunningService) -> Status:
    return published_documents.decode((own.data / "queue/casn/public/status.json").read_bytes(), Status)


def until(own: RunningService, state: str, seconds: float = 20) -> Status:
    deadline = time.monotonic() + seconds
    while (status := status_of(own)).state != state:
        assert time.monotonic() < deadline, status
        time.sleep(0.05)
    return status


def queue_command(own: RunningService, *words: str) -> Any:
    """`meterai queue ... --json` of an operator."""
    command = [sys.executable, "-m", "meterai.cli", "queue", *words, "--json", "--data", str(own.data)]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout)


def wishes(own: RunningService) -> tuple[object, object]:
    """Whether people are to wait when it is crowded, and whether always."""
    [view] = queue_command(own, "status")
    return view["is_on"], view["always_in_line"]


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def join(own: RunningService, contact: str) -> str:
    """The link of a new ticket."""
    body = urlencode({"kontak": contact}).encode()
    request = Request(f"{own.addresses.gate}/antre/casn", data=body, headers={"Origin": own.addresses.gate})
    with pytest.raises(HTTPError) as told:
        build_opener(_Stays).open(request, timeout=10)
    found = re.search(r"/antre/casn/t/[A-Za-z0-9_-]{128}", told.value.headers["location"])
    assert found, told.value.headers["location"]
    return own.addresses.gate + found[0]


async def ask_database(own: RunningService, statement: str) -> list[Any]:
    connection = await asyncpg.connect(owner_url(Settings(data=own.data)))
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


def told_by_status_page(own: RunningService) -> dict[str, Any]:
    """`status.json`, once the probe went through."""
    deadline = time.monotonic() + 60
    while True:
        path = own.data / "status" / "status.json"
        told: dict[str, Any] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
        if (run := told.get("probe")) and not run["failure"]:
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.2)


def test_in_development_the_probe_buys_through_to_the_verdict(own: RunningService) -> None:
    told = told_by_status_page(own)
    assert told["probe"]["reach"] == "stamped"
    assert told["probe"]["steps"][-1]["step"] == "verify"
    seen = {one["component"]: one["health"] for one in told["components"]}
    assert seen["payments"] == seen["stamping"] == seen["verification"] == "up"


def test_nobody_waits_in_a_new_service(own: RunningService) -> None:
    assert until(own, "direct").waiting == 0
    with urlopen(f"{own.addresses.gate}/antre/casn", timeout=10) as page:
        assert page.status == 200


def test_what_an_operator_does_is_in_force_within_two_seconds_and_in_the_public_log(
    own: RunningService,
) -> None:
    until(own, "direct")
    halted = queue_command(own, "halt", "--event", "casn", "--because", "uji coba")
    assert halted["status"]["state"] == "halted"
    assert halted["obeyed_after_s"] < 2.5
    queue_command(own, "announce", "--event", "casn", "--id", "Sebentar", "--en", "A moment")
    assert status_of(own).note.en == "A moment"
    [view] = queue_command(own, "status")
    assert view["note"] == {"id": "Sebentar", "en": "A moment"}
    queue_command(own, "cap", "120", "--event", "casn", "--because", "uji coba")
    queue_command(own, "resume", "--event", "casn", "--because", "selesai")
    assert status_of(own).state != "halted"
    assert status_of(own).rate <= 120
    assert status_of(own).note.en == "A moment", "until the operator takes it away"
    queue_command(own, "announce", "--event", "casn")
    assert status_of(own).note.en == ""
    log = own.data / "queue/casn/public/log/entries.jsonl"
    told = [decode_facts(entry.what, entry.facts) for _, entry in read_entries(log)]
    acts = [facts.action for facts in told if isinstance(facts, OperatorFacts)]
    assert acts == ["halt", "announce", "cap", "resume", "announce"]


@pytest.mark.long
def test_an_operator_may_tell_what_the_site_bears_and_the_audit_understands_it(own: RunningService) -> None:
    until(own, "direct")
    queue_command(own, "cap", "--event", "casn", "--because", "uji coba")
    told = queue_command(own, "expect", "1500", "--event", "casn", "--because", "bench journey: 25 a second")
    assert told["status"]["rate"] == 1500, "at once, not in minutes from the floor"
    command = [sys.executable, "-m", "meterai.cli", "queue", "expect", "99999999", "--event", "casn"]
    command += ["--because", "salah ketik", "--data", str(own.data)]
    refused = subprocess.run(command, capture_output=True, timeout=60)
    assert refused.returncode == 1
    assert b"(queue.cap_above_policy)" in refused.stderr
    queue_command(own, "cap", "120", "--event", "casn", "--because", "uji coba")
    assert status_of(own).rate == 120, "a cap holds"
    command[command.index("99999999")] = "130"
    refused = subprocess.run(command, capture_output=True, timeout=60)
    assert refused.returncode == 1
    assert b"(queue.expect_above_cap)" in refused.stderr
    log = own.data / "queue/casn/public/log/entries.jsonl"
    told_facts = [decode_facts(entry.what, entry.facts) for _, entry in read_entries(log)]
    acts = [(one.action, one.value) for one in told_facts if isinstance(one, OperatorFacts)]
    assert acts[-2:] == [("expect", "1500"), ("cap", "120")]


def test_an_act_without_a_reason_is_refused(own: RunningService) -> None:
    """In the public log it would fail every audit from then on."""
    log = own.data / "queue/casn/public/log/entries.jsonl"
    before = log.read_bytes()
    command = [sys.executable, "-m", "meterai.cli", "queue", "halt", "--event", "casn", "--because", " "]
    done = subprocess.run([*command, "--data", str(own.data)], capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"Say why with --because" in done.stderr
    assert b"(queue.reason_missing)" in done.stderr
    assert status_of(own).state != "halted"
    assert log.read_bytes().count(b"halt") == before.count(b"halt")


def test_without_the_database_the_gates_give_tickets_and_show_the_wait_page(own: RunningService) -> None:
    queue_command(own, "on", "--always", "--event", "casn", "--because", "uji coba")
    until(own, "open")
    for process in processes_in(own.data / "postgres" / "data", program="postgres"):
        if parent_of(process) == own.launcher.pid:
            os.kill(process, signal.SIGSTOP)
            break
    else:
        raise AssertionError("no database was found")
    try:
        link = join(own, "ani@contoh.id")
        with urlopen(link, timeout=10) as page:
            assert page.status == 200
            assert len(page.read()) <= 14 * 1024
    finally:
        os.kill(process, signal.SIGCONT)


async def test_while_people_wait_the_probe_orders_and_cancels_and_no_figure_counts_it(
    own: RunningService,
) -> None:
    """As in production. The probe of the status page rests meanwhile: there is one account."""
    told_by_status_page(own)
    queue_command(own, "on", "--always", "--event", "casn", "--because", "uji coba")
    until(own, "open")
    join(own, "budi@contoh.id")
    [status] = [one for one in own.children() if "meterai.processes.status" in command_of(one.pid)]
    os.kill(status.pid, signal.SIGSTOP)
    await ask_database(own, "UPDATE customers.probe SET reach = 'unpaid'")
    stock = "SELECT sum(debits_pending) FROM ledger.account WHERE kind = 'seller_stock'"
    held = await ask_database(own, stock)

    async def pause(_: float) -> None:
        await ask_database(
            own,
            """UPDATE sales.orders SET created_at = created_at - interval '2 minutes',
                   placed_at = placed_at - interval '2 minutes' WHERE probe IS NOT NULL""",
        )

    browser = Browser(own.addresses.site)
    secret = Secrets(own.data).probe_secret
    await pause(0)
    try:
        run = await Journey(browser, secret, reach="unpaid", now=datetime.now(UTC), pause=pause).play()
    finally:
        await browser.close()
        os.kill(status.pid, signal.SIGCONT)
    assert run.failure is None
    assert run.steps[-1].step == "cancel"
    assert await ask_database(own, stock) == held, "the stamp is free again"
    orders = await ask_database(own, "SELECT state FROM sales.orders WHERE probe = 'unpaid'")
    assert [one["state"] for one in orders] == ["cancelled"]
    counted = await ask_database(
        own,
        """SELECT sum(orders) AS orders, max(stamps_sold) AS sold, max(stamps_made) AS made
           FROM operations.sample""",
    )
    assert dict(counted[0]) == {"orders": 0, "sold": 0, "made": 0}
    with urlopen(f"{own.addresses.site}/api/v1/status", timeout=10) as answer:
        assert msgspec.json.decode(answer.read())["figures"]["median_minutes_to_stamp"] is None
    until_logged(own, "probe")


def until_logged(own: RunningService, why: str) -> None:
    """Waits until the public log has one purchase without a place, for this reason."""
    log = own.data / "queue/casn/public/log/entries.jsonl"
    deadline = time.monotonic() + 10
    while True:
        facts = [decode_facts(entry.what, entry.facts) for _, entry in read_entries(log)]
        if [one.why for one in facts if isinstance(one, BypassFacts)] == [why]:
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.everyday("wish1")
@pytest.mark.parametrize("wish", [("on", "--always"), ("off",), ("on",)])
def test_after_a_crowd_for_which_all_stood_in_line_the_queue_is_as_the_operator_wished(
    own: RunningService, wish: tuple[str, ...]
) -> None:
    queue_command(own, *wish, "--event", "casn", "--because", "uji coba")
    before = wishes(own)
    with everybody_in_line(own.data, "casn", "a crowd"):
        assert wishes(own) == (True, True)
    assert wishes(own) == before == (wish[0] == "on", "--always" in wish)


def test_a_crowd_whose_event_is_not_here_is_told_where_it_can_be_played(own: RunningService) -> None:
    refused = pytest.raises(Refusal, match=r"queue\.not_the_crowds")
    with refused as found, everybody_in_line(own.data, "cpns", "a crowd"):
        pass
    assert "with the shipped events" in refusal_text(found.value.code, found.value.facts)


IN_LINE_FOR_LONG = """if True:
    import pathlib, sys, time
    from meterai.cli.operator.queue import everybody_in_line
    with everybody_in_line(pathlib.Path(sys.argv[1]), "casn", "a crowd"):
        print("in line", flush=True)
        time.sleep(60)
"""


@pytest.mark.long
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
def test_the_queue_is_put_back_when_a_crowd_is_ended_by_a_signal(
    own: RunningService, sign: signal.Signals
) -> None:
    queue_command(own, "on", "--event", "casn", "--because", "uji coba")
    command = ["env", f"--default-signal={sign.name}", sys.executable, "-c", IN_LINE_FOR_LONG, str(own.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdout is not None
        assert crowd.stdout.readline() == "in line\n"
        assert wishes(own) == (True, True)
        crowd.send_signal(sign)
        crowd.send_signal(sign)
        assert crowd.wait(30) == 128 + sign
    assert wishes(own) == (True, False)
