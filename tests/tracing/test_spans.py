"""Spans: how they stand in each other, what they may say, and that there are none while traces are off."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from meterai.api.routes import ROUTES as API_ROUTES
from meterai.console.app import ROUTES as CONSOLE_ROUTES
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.tracing import facts, requests, spans
from meterai.kit.tracing.spans import Done, continue_from, current_traceparent, root, span
from meterai.kit.tracing.traceparents import Traceparent, read_traceparent
from meterai.web.site import _routes

OTHERS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECOND = "00-11111111111111111111111111111111-2222222222222222-01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        OTHERS.upper(),
        OTHERS[:-1],
        OTHERS + "-more",
        "ff" + OTHERS[2:],
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        OTHERS + "\n",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333١-01",
    ],
)
def test_a_header_that_is_none_is_not_read(text: str) -> None:
    assert read_traceparent(text) is None


def test_a_header_is_read_and_written() -> None:
    found = read_traceparent(OTHERS)
    assert found == Traceparent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert str(found) == OTHERS
    unrecorded = read_traceparent(OTHERS[:-2] + "00")
    assert unrecorded is not None
    assert not unrecorded.is_recorded
    assert str(unrecorded)[-2:] == "00"
    assert read_traceparent("01" + OTHERS[2:-2] + "03-what later versions add") == found


def test_spans_stand_in_each_other_across_processes_and_tasks(ended: list[Done]) -> None:
    async def work() -> None:
        with span("part", pieces=2):
            await asyncio.sleep(0)

    async def request() -> str:
        with root("GET", kind="server", link=OTHERS):
            await asyncio.gather(work(), work())
            return current_traceparent()

    told = asyncio.run(request())
    assert current_traceparent() == ""
    with continue_from(told), span("later"):
        pass
    first, second, whole, later = ended
    assert (whole.parent_id, whole.kind, whole.links) == ("", "server", [tuple(OTHERS.split("-")[1:3])])
    assert told == f"00-{whole.trace_id}-{whole.span_id}-01"
    assert {one.trace_id for one in ended} == {whole.trace_id} != {OTHERS.split("-")[1]}
    assert {one.parent_id for one in (first, second, later)} == {whole.span_id}
    assert len({one.span_id for one in ended}) == 4
    assert whole.began_ns <= first.began_ns <= first.ended_ns <= whole.ended_ns


def test_an_error_is_named_by_its_type_and_a_refusal_by_its_code(ended: list[Done]) -> None:
    for error in (ValueError("budi@contoh.id"), Refusal(Kind.BUSY, "jail.busy", name="surat budi.pdf")):
        with pytest.raises(type(error)), root("GET"):
            raise error
    assert [(one.error, one.facts) for one in ended] == [("ValueError", {}), ("", {"code": "jail.busy"})]
    assert "budi" not in repr(ended)


def test_work_on_several_things_is_linked_to_the_trace_of_each(ended: list[Done]) -> None:
    with spans.span_of_many("stamp", [OTHERS, None, SECOND]), spans.span_of_one("prepare", SECOND):
        pass
    prepare, together = ended
    assert sorted(together.links) == sorted(tuple(one.split("-")[1:3]) for one in (OTHERS, SECOND))
    assert f"00-{prepare.trace_id}-{prepare.parent_id}-01" == SECOND
    assert prepare.links == [(together.trace_id, together.span_id)]
    ended.clear()
    with spans.span_of_many("stamp", [OTHERS, None]), spans.span_of_one("prepare", OTHERS):
        pass
    prepare, alone = ended
    assert f"00-{alone.trace_id}-{alone.parent_id}-01" == OTHERS
    assert (prepare.parent_id, prepare.links, alone.links) == (alone.span_id, [], [])
    ended.clear()
    with spans.span_of_many("stamp", [OTHERS]), spans.span_of_one("prepare", None), span("jail"):
        pass
    assert [one.name for one in ended] == ["stamp"], "of another order's trace it is no part"


def test_the_signer_s_spans_come_back_to_the_one_that_asked(ended: list[Done]) -> None:
    with root("stamp"):
        spans.send_to(None)  # as in the signer, which has no collector
        with spans.collected(current_traceparent()) as found, span("signer", asked="SealSerials"):
            pass
        assert ended == []
        spans.take_over(found, "signer")
    with spans.collected("") as none, span("signer"):
        pass
    assert none == []
    signer, stamp = ended
    assert (signer.role, signer.parent_id, signer.trace_id) == ("signer", stamp.span_id, stamp.trace_id)


def test_only_the_asked_share_of_requests_begins_a_trace(ended: list[Done]) -> None:
    spans.send_to(ended.append, share=0)
    with continue_from(OTHERS), root("GET"), span("part"):
        assert current_traceparent() == ""
    spans.send_to(ended.append, share=0.5)
    for _ in range(200):
        with root("GET"):
            pass
    assert 40 < len(ended) < 160


def test_while_traces_are_off_nothing_is_made() -> None:
    assert root("GET", link=OTHERS) is continue_from(OTHERS) is span("part") is spans.NOTHING
    assert spans.span_of_many("stamp", [OTHERS]) is spans.span_of_one("stamp", OTHERS) is spans.NOTHING
    assert spans.span_of_caller("db") is spans.NOTHING

    async def app(scope: object, receive: object, send: object) -> None:
        pass

    assert requests.traced(app) is app


def test_while_traces_are_off_no_process_loads_a_library_for_them() -> None:
    script = """if True:
        import sys
        from meterai.processes import console, signer, site, worker
        from meterai.kit.tracing.switch import traces
        with traces("", 100, "site"):
            print([name for name in sys.modules if name.startswith(("opentelemetry", "google.protobuf"))])
        """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_no_fact_but_those_of_the_list_leaves() -> None:
    assert facts.NAMES.keys() == facts.Facts.__annotations__.keys()
    typed = {"contact": "budi", "service": "budi@contoh.id", "task": "surat budi.pdf", "code": "x" * 61}
    assert facts.sendable({**typed, "topic": "+6281234567890", "asked": "0081 2345", "route": "/p/a b"}) == {}
    left = {"service": "midtrans", "status": 200, "route": "/pesanan/{number}/unduh/{position:int}"}
    assert list(facts.sendable(left).values()) == list(left.values())


def test_every_route_of_site_and_console_may_be_named() -> None:
    console = {path for handler in CONSOLE_ROUTES for path in handler.paths}
    for route in {one.path_format for one in _routes(API_ROUTES).routes} | console:
        assert facts.sendable({"route": route}), route


async def test_a_request_is_named_by_its_route_and_never_by_its_address(ended: list[Done]) -> None:
    async def app(scope: dict[str, object], receive: object, send: requests.ASGIApp) -> None:
        if scope["path"] != "/unknown/budi":
            scope["path_template"] = "/p/{token}"
        await send({"type": "http.response.start", "status": 302})

    async def send(message: object) -> None:
        pass

    for path, method in (("/p/secret", "GET"), ("/unknown/budi", "BUDI"), ("/api/v1/x", "POST")):
        headers = [(b"traceparent", OTHERS.encode())]
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await requests.traced(app)(scope, None, send)
    page, unknown, program = ended
    assert (page.name, page.facts, page.links) == (
        "GET /p/{token}",
        {"method": "GET", "route": "/p/{token}", "status": 302},
        [],
    )
    assert (unknown.name, unknown.facts) == ("OTHER", {"method": "OTHER", "status": 302})
    assert program.links, "a program's own trace is named beside ours"
    assert program.trace_id != program.links[0][0]


def test_lines_of_the_log_name_their_trace() -> None:
    script = f"""if True:
        import logging, structlog
        from meterai.kit.logging import set_up_logging
        from meterai.kit.tracing import spans
        set_up_logging('INFO')
        log = structlog.get_logger('x')
        log.info('before')
        spans.send_to(lambda done: None)
        with spans.continue_from({OTHERS!r}), spans.span('part'):
            log.info('within', to='budi@contoh.id')
            logging.getLogger('asyncio').error('of a library')
        log.info('after')
        """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    of_trace = OTHERS.split("-")[1]
    assert [(line["event"], line.get("trace_id")) for line in lines] == [
        ("before", None),
        ("within", of_trace),
        ("of a library", of_trace),
        ("after", None),
    ]
    assert "budi" not in done.stderr
