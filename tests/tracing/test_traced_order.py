"""The whole service with traces on: one trace from a payment to its stamp, and a collector that dies."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from contextlib import suppress

import pytest

from tests.ports import free_port
from tests.running_service import RunningService, running_service
from tests.stamp_buyers import Bought, buy
from tests.tracing.receiver import Received, Receiver, receiver
from tests.waiting import until

pytestmark = [pytest.mark.journey, pytest.mark.long]

ACCOUNT = {"bank": "bca", "rekening": "9876543210", "pemilik": "Mallory Wahyuni"}
WHOLE = {"meterai-site", "meterai-worker", "meterai-signer"}
NAME = re.compile(
    r"(GET|POST)( /[a-z0-9{}_/-]*)?|OTHER|db [A-Za-z_.]+|call (midtrans|tsa)|ask signer|signer|jail|use key"
    r"|settle payment|stamp|record ends|read input|prepare seal|check seal|send message"
)
FACT = re.compile(r"[A-Za-z][A-Za-z0-9_.:]*|/[a-z0-9{}_/-]*", re.A)


def test_an_order_has_one_trace_and_a_dead_collector_stops_nobody() -> None:
    port = free_port()
    with running_service({"METERAI_TRACES_URL": f"http://127.0.0.1:{port}"}) as service:
        with receiver(port) as kept:
            began = time.perf_counter()
            siti = buy(service.data, "siti.traced")
            seconds = time.perf_counter() - began
            type_secrets(service, siti)
            stamping = trace_of_stamp(kept)
            until(lambda: any("/rekening" in span.name for span in kept.spans))
        begin_and_parts(stamping)
        nothing_leaves(kept.spans, service, siti)
        began = time.perf_counter()
        buy(service.data, "budi.traced")
        assert time.perf_counter() - began < 2 * seconds + 1
        time.sleep(1.5)  # the next try of each process to send
        told = [line for line in lines_of(service) if line["event"] == "traces_not_sent"]
    assert 1 <= len(told) <= 2, "site and worker, each once a minute"
    assert {line["reason"] for line in told} == {"ConnectionRefusedError"}


def trace_of_stamp(kept: Receiver) -> Sequence[Received]:
    """The spans of the trace in which the stamp was made, when all have arrived."""

    def found() -> list[Received]:
        ids = {span.trace_id for span in kept.spans if span.name == "stamp"}
        spans = [span for span in kept.spans if span.trace_id in ids]
        return spans if {span.role for span in spans} == WHOLE else []

    return until(found)


def begin_and_parts(spans: Sequence[Received]) -> None:
    """The trace begins with the gateway's notice, and each part of the work stands where it was done."""
    by_id = {span.span_id: span for span in spans}
    (first,) = [span for span in spans if span.parent_id not in by_id]
    assert (first.role, first.parent_id) == ("meterai-site", "")
    assert first.name == "POST /api/v1/payments/midtrans/notices"

    def above(name: str) -> list[str]:
        (span,) = [one for one in spans if name in (one.name, one.facts.get("meterai.jail.task"))]
        names = []
        while span.parent_id:
            span = by_id[span.parent_id]
            names.append(f"{span.role.removeprefix('meterai-')}: {span.name}")
        return names

    settling = ["worker: settle payment", f"site: {first.name}"]
    assert above("call midtrans") == settling
    assert above("prepare_seal") == ["worker: prepare seal", "worker: stamp", *settling]
    assert above("light_check") == ["worker: check seal", "worker: stamp", *settling]
    sealing = ["signer: signer", "worker: ask signer", "worker: stamp", *settling]
    assert above("use key") == above("call tsa") == sealing


def type_secrets(service: RunningService, bought: Bought) -> None:
    """Sends what nobody else may read to the site, in addresses and in forms."""
    page = f"{service.addresses.site}/pesanan/{bought.number}"
    form = urllib.parse.urlencode(ACCOUNT).encode()
    for address, body in (
        (bought.link, None),
        (f"{service.addresses.site}/siti.traced@contoh.id?kode=siti.traced", None),
        (f"{page}/rekening", form),
    ):
        request = urllib.request.Request(address, body, {"Origin": service.addresses.site})
        with suppress(urllib.error.HTTPError):  # the form is refused, and there is no such page
            urllib.request.urlopen(request).close()


def nothing_leaves(spans: Sequence[Received], service: RunningService, bought: Bought) -> None:
    """Spans have names and facts of the lists, and nothing of what the person typed or owns."""
    for span in spans:
        assert NAME.fullmatch(span.name), span.name
        for value in span.facts.values():
            assert isinstance(value, int) or FACT.fullmatch(value), value
    text = "".join(span.text for span in spans)
    token = bought.link.rpartition("/")[2]
    assert len(token) >= 16
    marks = ["siti.traced", "contoh", bought.number, bought.reference, token, *ACCOUNT.values()]
    assert [mark for mark in marks if mark in text] == []
    assert "midtrans" in text, "a mark would be found"


def lines_of(service: RunningService) -> list[dict[str, object]]:
    """What site and worker logged."""
    logs = [service.data / "logs" / f"{role}.log" for role in ("site", "worker")]
    return [json.loads(line) for log in logs for line in log.read_text().splitlines() if line.startswith("{")]
