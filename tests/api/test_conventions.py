"""What every operation does in the same way: problems, keys, pages, limits, headers."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import pytest
from litestar import Request, Response, get, post
from msgspec import Meta

from meterai.api.access.caller import Caller
from meterai.api.conventions.ids import Prefix, id_of, write_id
from meterai.api.conventions.once import Once
from meterai.api.conventions.operations import operation
from meterai.api.conventions.paging import PAGE, Cursor, Limit, Page, page_of, read_cursor
from meterai.api.conventions.problems import problem_response
from meterai.api.conventions.router import api_router
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.idempotency import KEPT, RUNNING_MAX, forget_answers
from meterai.web.site import build_site
from tests.api.partner import Partner, Tokens, caller_of, code_of, json_of
from tests.web.running_site import OFFER, RunningSite

URL = "/api/v1/notes"
ROWS = [uuid.uuid4() for _ in range(5)]


class NoteOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note to write."""

    text: Annotated[str, Meta(min_length=1, max_length=100)]
    copies: Annotated[int, Meta(ge=1, le=9)] = 1


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A written note."""

    id: str
    text: str
    by: str


class Desk:
    """What the handlers of this test did."""

    def __init__(self) -> None:
        self.written: dict[uuid.UUID, str] = {}
        self.trouble: BaseException | None = None
        self.gate: asyncio.Event | None = None


DESK = Desk()


@post(URL, opt=operation(scope="stamps:write", refuses={"note.unwanted": Kind.CONFLICT}), status_code=201)
async def write_note(data: NoteOrder, caller: Caller, once: Once) -> Response[Note]:
    """Writes a note."""
    if DESK.gate:
        await DESK.gate.wait()
    DESK.written[once.id] = data.text
    if DESK.trouble:
        raise DESK.trouble
    id = write_id(Prefix.STAMP, once.id)
    note = Note(id=id, text=data.text, by=write_id(Prefix.ORGANISATION, caller.organisation_id))
    return Response(note, headers={"Location": f"{URL}/{id}"})


@get(URL, opt=operation(scope="stamps:read"))
async def list_notes(
    request: Request[Any, Any, Any], caller: Caller, limit: Limit = PAGE, cursor: Cursor = ""
) -> Response[Page[str]]:
    """Lists notes."""
    after = read_cursor(cursor, uuid.UUID)
    rows = ROWS[ROWS.index(after) + 1 :] if after else ROWS
    return page_of(request, rows[: limit + 1], limit=limit, show=str, place=lambda row: row)


@get(
    URL + "/{note_id:str}",
    opt=operation(
        scope=None,
        cors=True,
        deprecated_at=datetime(2026, 1, 1, tzinfo=UTC),
        sunset_at=datetime(2027, 1, 1, tzinfo=UTC),
        successor="http://situs/baru",
    ),
)
async def read_note(note_id: str) -> dict[str, str]:
    """Reads a note."""
    return {"id": str(id_of(Prefix.STAMP, note_id))}


@pytest.fixture
def partner(running: RunningSite, tokens: Tokens) -> Partner:
    DESK.__init__()  # type: ignore[misc]
    site = build_site(
        running.app,
        offer=OFFER,
        more_routes=[api_router([write_note, list_notes, read_note])],
        problem=problem_response,
    )
    return tokens.partner(site, caller_of(uuid.uuid4(), "stamps:write", "stamps:read"))


async def test_a_request_with_a_key_is_done_once_and_its_answer_is_given_again(
    running: RunningSite, partner: Partner
) -> None:
    order = {"text": "lunas"}
    first = await partner.post(URL, order, key="a")
    assert first.status == 201
    assert "idempotency-replayed" not in first.headers
    again = await partner.post(URL, order, key="a")
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert list(DESK.written.values()) == ["lunas"]
    assert code_of(await partner.post(URL, {"text": "lain"}, key="a")) == (422, "api.key_reused")
    for key in ("", "é", "x" * 256, '"'):
        assert code_of(await partner.post(URL, order, key=key)) == (400, "api.key_missing")

    worker = running.line.database.worker
    assert await forget_answers(worker, running.line.now + KEPT) == 0
    assert await forget_answers(worker, running.line.now + KEPT + timedelta(seconds=1)) == 1
    assert (await partner.post(URL, order, key="a")).body != first.body


async def test_a_key_names_one_request_of_one_client(
    running: RunningSite, partner: Partner, tokens: Tokens
) -> None:
    other = tokens.partner(partner.site, caller_of(uuid.uuid4()))
    assert (await partner.post(URL, {"text": "a"}, key="k")).status == 201
    answer = await other.post(URL, {"text": "b"}, key="k")
    assert (answer.status, json_of(answer)["text"]) == (201, "b")


async def test_a_request_that_runs_refuses_its_repeat_and_one_that_died_is_taken_over(
    running: RunningSite, partner: Partner
) -> None:
    DESK.gate = asyncio.Event()
    first = asyncio.create_task(partner.post(URL, {"text": "a"}, key="k"))
    while not await running.line.database.owner.fetchval("SELECT count(*) FROM jobs.keyed_request"):
        await asyncio.sleep(0.01)
    assert code_of(await partner.post(URL, {"text": "a"}, key="k")) == (409, "api.key_running")
    running.line.now += RUNNING_MAX
    DESK.gate.set()
    taken_over = await partner.post(URL, {"text": "a"}, key="k")
    assert (await first).body == taken_over.body, "both made the same thing"
    assert len(DESK.written) == 1


async def test_a_request_that_was_refused_or_failed_may_come_again_with_its_key_and_id(
    partner: Partner,
) -> None:
    for DESK.trouble, code in (
        (Refusal(Kind.CONFLICT, "api.key_running"), (409, "api.key_running")),
        (RuntimeError(), (500, "server.fault")),
    ):
        assert code_of(await partner.post(URL, {"text": "a"}, key="k")) == code
    DESK.trouble = None
    answer = await partner.post(URL, {"text": "a"}, key="k")
    assert (answer.status, len(DESK.written)) == (201, 1)


async def test_a_body_that_does_not_fit_is_refused_with_the_field(partner: Partner) -> None:
    for body, at in (
        ({"text": "a", "copies": "2"}, "body.copies"),
        ({"text": "a", "copies": 10}, "body.copies"),
        ({"text": ""}, "body.text"),
        ({"text": "a", "stray": 1}, "body"),
        ([], "body"),
        ({}, "body"),
    ):
        answer = await partner.post(URL, body)
        assert code_of(answer) == (422, "api.invalid")
        assert [one["at"] for one in json_of(answer)["errors"]] == [at]
    assert DESK.written == {}


async def test_bodies_that_cannot_be_read_are_refused(partner: Partner) -> None:
    assert code_of(await partner.post(URL, b"{")) == (400, "api.body_unreadable")
    assert code_of(await partner.post(URL, b'{"text": "\xff"}')) == (400, "api.body_unreadable")
    assert code_of(await partner.post(URL, b" " * (1 << 19))) == (413, "api.body_too_large")
    huge = await partner.post(URL, b"{}", content_length=str(100 << 20))
    assert code_of(huge) == (413, "api.body_too_large")
    for headers in ({"content_type": "text/plain"}, {"content_encoding": "gzip"}):
        assert code_of(await partner.post(URL, b"{}", **headers)) == (415, "api.media_type")
    assert DESK.written == {}


async def test_a_list_comes_in_pages(partner: Partner) -> None:
    seen, address = [], f"{URL}?limit=2"
    while address:
        page = await partner.get(address)
        seen += json_of(page)["data"]
        link = page.headers.get("link", "")
        assert bool(link) == bool(json_of(page)["next_cursor"])
        address = link.removeprefix("<http://situs").partition(">")[0]
        assert not link or "limit=2" in address
    assert seen == [str(row) for row in ROWS]
    for query in ("limit=0", "limit=201", "limit=x", "limit=1&limit=2", "stray=1", "cursor=%20"):
        assert code_of(await partner.get(f"{URL}?{query}")) == (422, "api.invalid"), query
    assert code_of(await partner.get(f"{URL}?cursor=abcd")) == (404, "api.cursor")


async def test_without_a_token_or_its_scope_nothing_is_done(partner: Partner, tokens: Tokens) -> None:
    answer = await Partner(partner.site, "").post(URL, b"x" * 999)
    assert code_of(answer) == (401, "access.no_token")
    assert answer.headers["www-authenticate"] == "Bearer"
    reader = tokens.partner(partner.site, caller_of(uuid.uuid4(), "stamps:read"))
    assert code_of(await reader.post(URL, {"text": "a"})) == (403, "access.scope")


async def test_answers_say_how_many_requests_are_left(
    running: RunningSite, partner: Partner, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.app.settings = msgspec.structs.replace(running.app.settings, api_requests_per_minute=3)
    monkeypatch.setattr("meterai.api.conventions.rate_limits.time.monotonic", lambda: 1000.0)
    one = tokens.partner(partner.site, caller_of(uuid.uuid4(), "stamps:read"))
    first = await one.get(URL)
    assert first.headers["ratelimit-policy"] == '"client";q=3;w=60'
    assert first.headers["ratelimit"] == '"client";r=2;t=20'
    await one.get(f"{URL}?limit=0")
    assert (await one.get(URL)).headers["ratelimit"] == '"client";r=0;t=60'
    refused = await one.get(URL)
    assert code_of(refused) == (429, "api.too_many")
    assert refused.headers["retry-after"] == "20"
    assert refused.headers["ratelimit"].startswith('"client";r=0;')
    assert (await partner.get(URL)).status == 200, "others have their own"


async def test_an_operation_that_ends_says_so_and_pages_of_other_sites_may_read_it(partner: Partner) -> None:
    stranger = Partner(partner.site, "")
    id = uuid.uuid4()
    answer = await stranger.get(f"{URL}/{write_id(Prefix.STAMP, id)}")
    assert json_of(answer) == {"id": str(id)}
    unknown = await stranger.get(f"{URL}/{write_id(Prefix.DOCUMENT, id)}")
    assert code_of(unknown) == (404, "api.unknown_id")
    for one in (answer, unknown):
        assert one.headers["deprecation"] == "@1767225600"
        assert one.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
        assert one.headers["link"] == '<http://situs/baru>; rel="deprecation"'
        assert one.headers["access-control-allow-origin"] == "*"
        assert one.headers["cross-origin-resource-policy"] == "cross-origin"
    asked = await stranger.send("OPTIONS", f"{URL}/x", headers={"origin": "https://elsewhere"})
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, "*")
    assert asked.headers["access-control-allow-methods"] == "GET"


async def test_the_type_of_a_problem_leads_to_a_page_in_both_languages(partner: Partner) -> None:
    problem = json_of(await partner.get(f"{URL}?limit=0"))
    assert problem["type"] == "http://situs/api/problems/api.invalid"
    address = problem["type"].removeprefix("http://situs")
    for prefix, said in (("", "tidak sesuai skemanya"), ("/en", "does not fit its schema")):
        page = await partner.get(prefix + address)
        assert page.status == 200
        assert said in page.text
        assert "<code>api.invalid</code>" in page.text
    assert code_of(await partner.get("/api/problems/api.stray")) == (404, "api.not_found")
