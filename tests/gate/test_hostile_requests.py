"""A gate answers the next person, whatever it was sent before."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import httptools
import pytest

from meterai.gate.http import server as http_server
from meterai.gate.http.published_files import SENDING_MAX
from meterai.gate.http.responses import head, respond
from meterai.gate.http.server import (
    IDLE_SECONDS,
    PIPELINED_MAX,
    REQUEST_SECONDS,
    UNREAD_SECONDS,
    Request,
    Server,
)
from meterai.kit.http.listening import connections_within_limits
from meterai.kit.http.network_limits import Answer, NetworkLimits
from meterai.kit.http.request_parser import RequestParser
from tests.gate.visitor import get, join, post, raw
from tests.players.queue_twin import GateProcess, Queue, schedule_from

NO_TICKET = "/antre/casn/t/" + "A" * 128
HOST = b"Host: x\r\n"
ASKED = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLED = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(autouse=True)
def still_there(gate: GateProcess) -> object:
    """Checks after every test that the gate gives a ticket."""
    yield
    assert join(gate.port, f"{os.urandom(6).hex()}@contoh.id").status == 303


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /antre/casn HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /antre/casn HTTP/1.1\r\n" + HOST + b"".join(b"H%d: x\r\n" % n for n in range(3_000)) + b"\r\n",
        b"POST /antre/casn HTTP/1.1\r\n" + HOST + FORM + b"Content-Length: 9000\r\n\r\n" + b"k" * 9_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET /antre/casn/d/status.json HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
        b"GET /antre/casn/d/status.json HTTP/1.1\r\n" + HOST + b"X: a\nContent-Length: 3\r\n\r\n",
        b"POST /antre/casn HTTP/1.1\r\n"
        + HOST
        + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /antre/casn HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"POST /antre/casn HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"GET /antre/casn HTTP/1.1\r\n\r\n",
        b"GET /antre/casn HTTP/1.1\r\nHost: \r\n\r\n",
        b"GET /antre/casn/d/status.json HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /antre/casn/d/status.json HTTP/1.1\r\nHost: x/y\r\n\r\n",
        b"GET /antre/casn HTTP/1.0\r\nX-Host: x\r\n\r\n",
    ],
    ids=[
        "head",
        "target",
        "many",
        "body",
        "tls",
        "zeros",
        "nul",
        "bare-lf",
        "smuggled",
        "negative",
        "two-lengths",
        "no-host",
        "empty-host",
        "two-hosts",
        "odd-host",
        "no-host-1.0",
    ],
)
def test_what_is_no_request_of_a_person_ends_the_connection(gate: GateProcess, request_bytes: bytes) -> None:
    answer = raw(gate.port, request_bytes)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 "), answer[:80]


@pytest.mark.parametrize(
    "path",
    [
        "/antre/casn/d/../../secret/keys.json",
        "/antre/casn/d/..%2f..%2fsecret%2fkeys.json",
        "/antre/casn/d/%2e%2e/%2e%2e/secret/keys.json",
        "/antre/casn/d/w/../../../secret/keys.json",
        "/antre/casn/d//etc/passwd",
        "/antre/casn/d/w/1.close.json/../../config.json",
        "/antre/casn/d/status.json%00.json",
        "/antre/casn/../casn/secret/keys.json",
        "/antre/../casn/secret/keys.json",
        "/antre/casn/d/gates/1/sequence",
    ],
)
def test_only_published_documents_have_an_address(gate: GateProcess, path: str) -> None:
    answer = raw(gate.port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 "), answer[:60]
    assert b"chain" not in answer
    assert b"root:" not in answer


def test_requests_in_one_packet_are_answered_in_their_order(gate: GateProcess) -> None:
    body = b"kontak=pipa%40contoh.id"
    packet = (
        b"GET /antre/casn/d/status.json HTTP/1.1\r\n" + HOST + b"\r\n"
        b"POST /antre/casn HTTP/1.1\r\n" + HOST + FORM + b"Content-Length: %d\r\n\r\n" % len(body) + body
        + b"GET /antre/_/sehat HTTP/1.1\r\n" + HOST + b"\r\n"
        b"GET /nowhere HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    )  # fmt: skip
    lines = [line for line in raw(gate.port, packet).split(b"\r\n") if b"HTTP/1.1 " in line]
    assert [line[line.index(b"HTTP/1.1") + 9 :][:3] for line in lines] == [b"200", b"303", b"200", b"404"]


@pytest.mark.parametrize("form", [b"kontak=jawa%40contoh.id", b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"])
@pytest.mark.parametrize("is_split", [True, False])
def test_a_request_that_offers_another_protocol_is_one_like_any_other(
    gate: GateProcess, form: bytes, is_split: bool
) -> None:
    """Java's client sends this where there is no TLS. Its body never counts as the next request."""
    offer = HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    assert raw(gate.port, b"GET /antre/casn HTTP/1.1\r\n" + offer + b"\r\n").startswith(b"HTTP/1.1 200 ")
    head = b"POST /antre/casn HTTP/1.1\r\n" + offer + FORM + b"Content-Length: %d\r\n\r\n" % len(form)
    answer = raw(gate.port, head, form) if is_split else raw(gate.port, head + form)
    status = b"303" if form.startswith(b"kontak") else b"422"
    assert answer.startswith(b"HTTP/1.1 %b " % status), answer[:60]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize(
    ("version", "header", "ends"),
    [
        (b"1.1", b"Connection:close", True),
        (b"1.1", b"Connection: TE, close", True),
        (b"1.1", b"Connection: Keep-Alive", False),
        (b"1.0", b"Connection: Keep-Alive", True),
        (b"1.0", b"X: y", True),
    ],
)
@pytest.mark.parametrize("path", [b"/antre/casn", b"/nowhere", b"/antre/casn/d/status.json"])
def test_a_connection_ends_as_was_asked_and_its_last_answer_says_so(
    gate: GateProcess, version: bytes, header: bytes, ends: bool, path: bytes
) -> None:
    """An HTTP/1.0 client reads until the connection ends, unless the answer says that it stays open."""
    asked = b"GET %b HTTP/%b\r\n%b\r\nHost: x\r\n\r\n" % (path, version, header)
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as connection:
        connection.sendall(asked)
        found = connection.recv(65_536)
        while b"\r\n\r\n" not in found:
            found += connection.recv(65_536)
        connection.settimeout(5 if ends else 0.3)
        try:
            while piece := connection.recv(65_536):
                found += piece
            has_ended = True
        except TimeoutError:
            has_ended = False
    assert (has_ended, b"\r\nconnection: close\r\n" in found) == (ends, ends)


@pytest.mark.parametrize(
    "body",
    [
        b"kontak=\xff\xfe\xc3\x28",
        b"kontak=%ff%fe%c3%28",
        b"&&&==&kontak",
        b"=" * 500,
        b"%",
        b"kontak=" + b"9" * 8_000,
        b"&".join(b"f%d=1" % n for n in range(900)),
        b"kontak=a%0d%0aX:+1%40b.id",
        b"\x00" * 50,
    ],
)
def test_a_form_of_rubbish_is_answered_with_the_form(gate: GateProcess, body: bytes) -> None:
    head = b"POST /antre/casn HTTP/1.1\r\n" + HOST + FORM + b"Connection: close\r\n"
    answer = raw(gate.port, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 422 "), answer[:80]


@pytest.mark.parametrize(
    "path", ["/antre/casn/t/", "/antre/casn/t/%ff", "/antre/casn/t/" + "A" * 128, "/antre/%00"]
)
@pytest.mark.parametrize("cookie", ["antre_casn=" + "A" * 128, "antre_casn=\xff\xfe", "=;=;;;antre_casn"])
def test_rubbish_in_addresses_and_cookies_is_refused(gate: GateProcess, path: str, cookie: str) -> None:
    answer = raw(
        gate.port,
        f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode("latin-1"),
    )
    assert answer[9:12] in (b"403", b"404", b"422"), answer[:60]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_find_nothing(gate: GateProcess, method: str) -> None:
    answer = raw(gate.port, f"{method} /antre/casn HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer[9:12] in (b"400", b"404"), answer[:60]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://jahat.contoh"},
    ],
)
@pytest.mark.parametrize("path", ["/antre/casn", "/antre/casn/tiket"])
def test_the_form_of_another_site_takes_no_place(
    gate: GateProcess, path: str, headers: dict[str, str]
) -> None:
    answer = post(gate.port, path, {"kontak": "ani@contoh.id", "tiket": "x"}, **headers)
    assert answer.status == 403
    assert "tidak datang dari halaman kami" in answer.text
    assert "set-cookie" not in answer.headers


def test_every_answer_to_people_carries_the_headers_of_safety(gate: GateProcess, queue: Queue) -> None:
    for path in ("/antre/casn", "/antre/none", "/antre/casn/d/status.json", "/antre/casn/tantangan"):
        headers = get(gate.port, path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
    assert queue.slug == "casn"


class _Pages:
    """Answers every request with a page of 10 kB, and counts them."""

    def __init__(self) -> None:
        self.ready: dict[bytes, bytes] = {}
        self.ready_for_strangers: dict[bytes, bytes] = {}
        self.answered = 0
        self.last: Request | None = None

    def handle(self, request: Request) -> bytes | None:
        self.answered += 1
        self.last = request
        return respond(200, b"x" * 10_000)


@pytest.mark.parametrize(
    ("headers", "is_ready"),
    [
        (b"", True),
        (b"Connection: keep-alive\r\n", True),
        (b"Connection:keep-alive, close\r\n", False),
        (b"Connection: keep-alive\r\nConnection: close\r\n", False),
        (b"Upgrade: h2c\r\nConnection: upgrade\r\n", False),
        (b"Upgrade-Insecure-Requests: 1\r\nReferer: http://x/\xe9\r\nDNT:\t1\r\n", True),
    ],
)
async def test_a_browser_gets_what_is_ready_without_the_parser(headers: bytes, is_ready: bool) -> None:
    """Waiting people ask for such answers again and again."""
    pages = _Pages()
    pages.ready[b"/x"] = respond(200, b"ready")
    connection = Server(pages).connect()
    connection.connection_made(_Wire())
    connection.data_received(b"GET /x HTTP/1.1\r\n" + headers + b"Host: x\r\n\r\n")
    assert (pages.answered == 0) is is_ready


async def test_polls_are_counted_whether_their_answer_was_ready_or_made() -> None:
    pages = _Pages()
    pages.ready[b"/antre/casn/d/status.json"] = respond(200, b"{}")
    server = Server(pages)
    connection = server.connect()
    connection.connection_made(_Wire())
    for condition in (b"", b"If-None-Match: x\r\n"):
        connection.data_received(
            b"GET /antre/casn/d/status.json HTTP/1.1\r\n" + condition + b"Host: x\r\n\r\n"
        )
    connection.data_received(b"GET /antre/casn HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (server.polls, server.ready_answers, server.made_answers) == (2, 1, 2)


class _Whole:
    """How the full parser reads a head: the number of requests, and the body."""

    def __init__(self) -> None:
        self.requests, self.body = 0, b""

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.requests += 1

    def go_on(self, data: bytes) -> None:
        self.body += data


def _is_one_plain_request(data: bytes) -> bool:
    told = _Whole()
    parser = RequestParser(told)
    try:
        parser.feed_data(data)
    except httptools.HttpParserError:
        return False
    return (told.requests, told.body) == (1, b"") and parser.should_keep_alive()


def test_nothing_is_answered_at_once_that_the_full_parser_refuses_or_reads_otherwise() -> None:
    """A proxy may read it in a third way. Then one person's request would be answered to another."""
    pages = _Pages()
    pages.ready[b"/x"] = respond(200, b"ready")
    gate = Server(pages).connect()
    head = b"Host: x\r\nX-Y: a b\r\nConnection: keep-alive\r\nDNT: 1\r\n\r\n"
    assert gate._ready(b"GET /x HTTP/1.1\r\n" + head)
    odd = [b"%c" % value for value in range(256)] + [
        b"\r\n", b"\r\n\r\n", b"\n\n", b"\nContent-Length: 9", b"\rContent-Length: 9",
        b"\r\nContent-Length : 9", b"\r\n\x0bContent-Length: 9", b"\r\nTransfer-Encoding\t:chunked",
        b"\r\nContent-Length\0: 9", b"\r\nword", b"\r\nGET /x HTTP/1.1",
        b"\r\n\r\nGET /x HTTP/1.1\r\nHost: x",
    ]  # fmt: skip
    changed = [
        head[:at] + one + head[at + gone :] for at in range(len(head) + 1) for one in odd for gone in (0, 1)
    ]
    taken = [one for one in changed if gate._ready(b"GET /x HTTP/1.1\r\n" + one)]
    assert len(taken) > 1_000
    assert [one for one in taken if not _is_one_plain_request(b"GET /x HTTP/1.1\r\n" + one)] == []


async def test_a_header_on_several_lines_is_read_as_if_it_stood_in_one() -> None:
    """Each proxy on the way may add a line of its own."""
    pages = _Pages()
    listening = await asyncio.get_running_loop().create_server(Server(pages).connect, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    lines = "X-Forwarded-For: 1.1.1.1", "x-forwarded-for: 2.2.2.2", "Cookie: a=1", "Cookie: b=2"
    writer.write("\r\n".join(("GET / HTTP/1.1", "Host: x", *lines, "Connection: close", "", "")).encode())
    await asyncio.wait_for(reader.read(), 5)
    assert pages.last is not None
    assert pages.last.header(b"x-forwarded-for") == b"1.1.1.1, 2.2.2.2"
    assert pages.last.header(b"cookie") == b"a=1; b=2"
    writer.close()
    listening.close()


async def test_a_cookie_in_many_lines_counts_once() -> None:
    """A proxy forwards the cookie parts of HTTP/2 in this form (RFC 9113 8.2.3)."""
    pages = _Pages()
    listening = await asyncio.get_running_loop().create_server(Server(pages).connect, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    crumbs = [f"Cookie: c{n}={'x' * 150}" for n in range(40)]
    writer.write("\r\n".join(("GET / HTTP/1.1", "Host: x", *crumbs, "Connection: close", "", "")).encode())
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 200 ")
    writer.close()
    listening.close()


async def test_who_sends_one_byte_a_second_is_cut_off() -> None:
    """Slowloris: the time runs from the first byte of a request, not from the last."""
    server = Server(_Pages())
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server.connect, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    await asyncio.sleep(0.05)
    begun = server.now
    for second in range(1, int(REQUEST_SECONDS) + 2):
        writer.write(b"X")
        await asyncio.sleep(0.01)
        server.now = begun + second
        for connection in [c for c in server.connections if c.is_overdue(server.now)]:
            connection.abort()
    await asyncio.sleep(0.05)
    assert not server.connections
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    listening.close()


@pytest.mark.parametrize("begun", [b"X: ", b"X", b"Transfer-Encoding: chunked\r\n\r\n5;"], ids=len)
async def test_who_never_ends_a_line_is_cut_off_before_it_fills_the_memory(begun: bytes) -> None:
    """The parser reports a header when it is complete. Until then it copies the whole header for each
    further piece."""
    server = Server(_Pages())
    listening = await asyncio.get_running_loop().create_server(server.connect, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n" + begun)
    sent = 0
    for _ in range(500):
        writer.write(b"a" * 10_000)
        sent += 10_000
        await asyncio.sleep(0.002)
        if not server.connections:
            break
    assert not server.connections
    assert sent < 200_000
    writer.close()
    listening.close()


async def test_an_idle_connection_stays_a_minute_and_no_longer() -> None:
    server = Server(_Pages())
    listening = await asyncio.get_running_loop().create_server(server.connect, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    await asyncio.sleep(0.05)
    (connection,) = server.connections
    assert not connection.is_overdue(server.now + 60)
    assert connection.is_overdue(server.now + IDLE_SECONDS + 1)
    writer.close()
    listening.close()


async def test_where_all_connections_are_taken_the_quiet_ones_make_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A crowd in line keeps its connections between two looks. Newcomers must not be turned away."""
    monkeypatch.setattr(http_server, "MAKES_ROOM_FOR", 2)
    server = Server(_Pages(), connections_max=4)
    listening = await asyncio.get_running_loop().create_server(server.connect, "127.0.0.1", 0)
    address = listening.sockets[0].getsockname()
    begun = server.now
    people = []
    for second, said in enumerate((b"GET / HTTP/1.1\r\n", ASKED, ASKED, b"")):
        server.now = begun + second
        reader, writer = await asyncio.open_connection(*address)
        writer.write(said)
        await asyncio.sleep(0.05)
        people.append((reader, writer))
    server.now = begun + 4  # the last one came a second ago
    await asyncio.sleep(0.05)

    newcomer, asking = await asyncio.open_connection(*address)
    asking.write(ASKED)
    assert (await newcomer.readline()).startswith(b"HTTP/1.1 200 ")
    for reader, _ in people[1:3]:  # they got their answer, and were closed after it
        assert (await asyncio.wait_for(reader.read(), 1)).endswith(b"x" * 10_000)
    for reader, writer in (people[0], people[3]):
        writer.write(b"Host: x\r\n\r\n" if reader is people[0][0] else ASKED)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")

    server.now = begun + 5  # nobody has been quiet for long
    kept = set(server.connections)
    for _ in range(2):
        reader, writer = await asyncio.open_connection(*address)
        people.append((reader, writer))
        await asyncio.sleep(0.05)
    assert kept < server.connections
    assert len(server.connections) == 4
    assert await asyncio.wait_for(reader.read(), 1) == b"", "as many as there may be"
    for _, writer in [*people, (newcomer, asking)]:
        writer.close()
    listening.close()


async def test_who_asks_on_and_on_and_never_reads_is_not_read_either() -> None:
    pages = _Pages()
    listening = await asyncio.get_running_loop().create_server(Server(pages).connect, "127.0.0.1", 0)
    with socket.create_connection(listening.sockets[0].getsockname()) as connection:
        connection.setblocking(False)
        sent = 0
        for _ in range(2_000):
            try:
                connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
                sent += 10
            except (BlockingIOError, ConnectionError):  # not read any more, or cut off
                break
            await asyncio.sleep(0)
        assert 0 < pages.answered < 2_000
        assert sent < 20_000
    listening.close()


class _Documents(_Pages):
    """Answers with a file of 10 MB."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.write_bytes(bytes(10_000_000))
        self._path = path
        self.sending: set[asyncio.Task[None]] = set()

    def handle(self, request: Request) -> bytes | None:
        self.sending.add(asyncio.create_task(self._send(request)))
        return None

    async def _send(self, request: Request) -> None:
        with self._path.open("rb") as file:
            await request.answer_with_file(head(200, 10_000_000), file, 10_000_000)


async def test_who_asks_for_a_long_document_and_never_reads_is_cut_off(tmp_path: Path) -> None:
    documents = _Documents(tmp_path / "entries")
    server = Server(documents)
    listening = await asyncio.get_running_loop().create_server(server.connect, "127.0.0.1", 0)
    with socket.create_connection(listening.sockets[0].getsockname()) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.2)
        (sending,) = server.connections
        assert not sending.is_overdue(server.now + IDLE_SECONDS - 1)
        assert sending.is_overdue(server.now + IDLE_SECONDS + 1)
        sending.abort()
        await asyncio.sleep(0.05)
        assert all(task.done() for task in documents.sending), "the file is closed"
    listening.close()


def test_of_long_documents_so_many_are_on_their_way_at_once(gate: GateProcess, queue: Queue) -> None:
    queue.folder.window_ids(77).parent.mkdir(exist_ok=True)
    queue.folder.window_ids(77).write_bytes(bytes(8_000_000))
    asked = b"GET /antre/casn/d/w/77.ids HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as opened:
        for _ in range(SENDING_MAX):
            one = opened.enter_context(socket.create_connection(("127.0.0.1", gate.port)))
            one.sendall(asked)
            one.settimeout(10)
            assert one.recv(12) == b"HTTP/1.1 200"
        refused = get(gate.port, "/antre/casn/d/w/77.ids")
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")


def test_more_connections_than_files_are_usual_leave_the_gate_alive(tmp_path: Path) -> None:
    """1,024 is the usual limit. Without a free descriptor a gate could not write its files, and ended."""
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as opened:
        resource.setrlimit(resource.RLIMIT_NOFILE, (450, hard))
        try:
            gate = opened.enter_context(GateProcess(queue.root))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(600):
            opened.enter_context(socket.create_connection(("127.0.0.1", gate.port)))
        time.sleep(1.5)
        assert gate.process.poll() is None
        assert join(gate.port, "ani@contoh.id").status == 303


@pytest.mark.parametrize(
    ("hard", "connections"), [(500, 100), (1_024, 624), (20_400, 20_000), (resource.RLIM_INFINITY, 20_000)]
)
def test_where_the_machine_allows_few_files_there_are_fewer_connections(
    monkeypatch: pytest.MonkeyPatch, hard: int, connections: int
) -> None:
    most = 20_400 if hard == resource.RLIM_INFINITY else hard  # -1, and 2**64 - 1 from Python 3.15 on
    limits = [(min(most, 1_024), hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda which, told: limits.append(told))
    assert connections_within_limits(20_000) == connections
    assert limits[-1][0] == min(most, 20_400)


def test_where_the_machine_allows_too_few_files_to_serve_anybody_nothing_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A browser asks for several things at once. With one connection it would get half of them."""
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 256))
    monkeypatch.setattr(resource, "setrlimit", lambda which, told: None)
    with pytest.raises(OSError, match="256 files open here"):
        connections_within_limits(20_000)


async def test_more_requests_at_once_than_anybody_sends_end_the_connection() -> None:
    pages = _Pages()
    listening = await asyncio.get_running_loop().create_server(Server(pages).connect, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * (PIPELINED_MAX + 1))
    assert b"400 Bad Request" in await asyncio.wait_for(reader.read(), 5)
    writer.close()
    listening.close()


def test_a_village_behind_one_address_gets_its_places() -> None:
    """Carrier NAT: 3,000 people at once, and 50 a second from then on, without any proof of work."""
    limits = NetworkLimits()
    assert {limits.take("114.122.7.9", 0) for _ in range(3_000)} == {Answer.WELCOME}
    assert {limits.take("114.122.7.200", 60 + n / 50) for n in range(5_000)} == {Answer.WELCOME}


async def test_requests_that_never_end_give_way_to_who_comes() -> None:
    """All places are taken by beginnings of requests, and by empty lines (RFC 9112 2.2)."""
    now = 100.0
    server = Server(_Pages(), connections_max=20)
    server.now = now
    held = []
    for number in range(20):
        connection = server.connect()
        connection.connection_made(_Wire())
        connection.data_received(b"GET /x HTTP/1.1\r\nHo" if number % 2 else b"\r\n")
        held.append(connection)
    for _ in range(3):
        server.now += 1
        for connection in held[::2]:
            connection.data_received(b"\r\n")
    assert server.make_room()
    for connection in held[::2]:
        server.connections.discard(connection)
    fresh = [server.connect() for _ in range(10)]
    for connection in fresh:
        connection.connection_made(_Wire())
        connection.data_received(b"GET /x HTTP/1.1\r\nHo")
    server.now += 1
    assert server.make_room(), "the oldest beginnings"
    assert all(connection in server.connections for connection in fresh)


async def test_who_reads_nothing_gives_way_to_who_comes() -> None:
    """All places are taken by clients that asked for more than their connections accept."""
    server = Server(_Pages(), connections_max=20)
    server.now = 100.0
    held = []
    for _ in range(20):
        connection = server.connect()
        connection.connection_made(_Wire())
        connection.data_received(ASKED * 50)
        held.append(connection)
        server.now += 0.1
    for connection in held:
        connection.pause_writing()
    server.now += UNREAD_SECONDS - 1
    assert not server.make_room(), "who reads slowly may go on"
    held[7].resume_writing()
    held[7].pause_writing()
    server.now += 2
    assert server.make_room()
    assert server.connections == {held[7]}, "it has read meanwhile"


class _Wire(asyncio.Transport):
    """A transport that accepts everything."""

    def write(self, data: object) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 1) if name == "peername" else default


def test_a_network_that_floods_is_asked_for_work_first_and_stopped_only_then() -> None:
    limits = NetworkLimits()
    answers = [limits.take("114.122.7.9", 0) for _ in range(40_000)]
    assert answers.index(Answer.WORK) == 3_000
    assert answers.index(Answer.LATER) == 30_000
    assert limits.take("114.122.8.9", 0) is Answer.WELCOME  # its neighbours feel nothing
    assert limits.take("114.122.7.9", 200) is Answer.WORK
    assert limits.take("114.122.7.9", 700) is Answer.WELCOME
