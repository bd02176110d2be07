"""The shipped nginx configuration, with the real nginx: files, gates behind it, and its limits."""

from __future__ import annotations

import contextlib
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from meterai.gate.http.server import IDLE_SECONDS
from meterai.kit.settings import Settings
from meterai.processes.site import server_config
from meterai.web.bundles.bundling import UPLOAD_BYTES_MAX
from meterai.web.requests.forms import DRAIN_BYTES_MAX, FILE_BYTES_MAX, FILES_MAX
from tests.gate.visitor import get, join, post, raw
from tests.players.nginx import SHIPPED, Nginx
from tests.players.queue_twin import GateProcess, Queue, schedule_from
from tests.ports import free_port

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="apt-get install nginx-light"),
]


class Front:
    """nginx with two gates behind it."""

    def __init__(self, queue: Queue, gates: list[GateProcess], nginx: Nginx) -> None:
        self.queue, self.gates, self.nginx, self.port = queue, gates, nginx, nginx.port


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    root = tmp_path_factory.mktemp("front")
    queue = Queue(root / "queue", schedule_from(time.time(), window_s=3_600))
    queue.status()
    with (
        GateProcess(queue.root, number=1) as first,
        GateProcess(queue.root, number=2) as second,
        Nginx(root / "nginx", queue.root, gates=(first.port, second.port)) as nginx,
    ):
        yield Front(queue, [first, second], nginx)


def test_a_poll_is_a_file_with_the_same_bytes_as_the_gate_gives(front: Front) -> None:
    theirs = get(front.port, "/antre/casn/d/status.json")
    ours = get(front.gates[0].port, "/antre/casn/d/status.json")
    assert theirs.body == ours.body
    assert theirs.status == 200
    for name in ("cache-control", "content-type", "access-control-allow-origin", "x-content-type-options"):
        assert theirs.headers[name] == ours.headers[name], name
    assert "set-cookie" not in theirs.headers


def test_a_new_status_is_seen_within_two_seconds(front: Front) -> None:
    for _ in range(3):
        status = front.queue.status()
        deadline = time.monotonic() + 2
        while (
            f'"sequence":{status.sequence},'.encode() not in get(front.port, "/antre/casn/d/status.json").body
        ):
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize(
    "path",
    [
        "/antre/casn/d/../../secret/keys.json",
        "/antre/casn/d/%2e%2e/%2e%2e/secret/keys.json",
        "/antre/casn/d/w/../../../secret/keys.json",
        "/antre/casn/d/gates/1/sequence",
        "/antre/casn/d/secret/keys.json",
        "/antre/..%2fcasn/d/status.json%2f..%2f..%2fsecret%2fkeys.json",
        "/antre/casn/d/status.json/",
        "/antre/casn/d/",
    ],
)
def test_nothing_but_published_documents_is_a_file(front: Front, path: str) -> None:
    answer = raw(front.port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer[9:12] in (b"400", b"404", b"503"), answer[:60]  # 503: at the site, which is not there
    assert b"chain" not in answer


def test_a_cache_on_the_way_keeps_packed_and_plain_documents_apart(front: Front) -> None:
    """Any cache may keep them (`public`), and auditors get them uncompressed."""
    packed = get(front.port, "/antre/casn/d/config.json", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["cache-control"].startswith("public")
    assert packed.headers["vary"].lower() == "accept-encoding"
    assert get(front.port, "/antre/casn/d/config.json").headers["vary"].lower() == "accept-encoding"


def test_documents_have_one_address_and_no_gate_is_asked_for_them(front: Front) -> None:
    for language in ("", "/en"):
        path = f"{language}/antre/casn/d/config.json"
        assert get(front.port, path).status == (404 if language else 200)
        assert get(front.gates[0].port, path).status == (404 if language else 200)


def test_where_nobody_answers_a_page_in_both_languages_comes_back_by_itself(front: Front) -> None:
    answer = get(front.port, "/casn")  # the site is not there
    assert answer.status == 503
    assert answer.headers["refresh"] == "15"
    assert answer.headers["retry-after"] == "15"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "uang Anda tidak hilang" in answer.text
    assert "your money are not lost" in answer.text


def test_what_was_sent_while_nobody_answers_is_not_said_to_be_sent_again(front: Front) -> None:
    """A page that reloads itself would ask for the address of a form, which usually has no page."""
    for path in ("/beli", "/casn/masuk/kontak", "/saya/masuk"):
        answer = post(front.port, path, {"kontak": "ani@contoh.id"})
        assert answer.status == 503
        assert "refresh" not in answer.headers
        assert "mencoba lagi sendiri" not in answer.text
        assert "kirim sekali lagi" in answer.text
        assert "send it once more" in answer.text
    for path in (
        "/casn/masuk",
        "/en/casn/masuk",
    ):  # the entrance has a page, and continues there with the ticket
        assert post(front.port, path, {"tiket": "x"}).headers["refresh"] == "15"


def test_nobody_makes_a_gate_look_dead_with_a_long_address(front: Front) -> None:
    """An answer with a head that is too long counts as a broken connection in nginx. It then leaves out
    that gate."""
    phones = [f"Mozilla/5.0 (Linux; Android 12; SM-{number})" for number in range(10)]
    for phone in phones:
        get(front.port, "/antre/casn/?" + "x" * 7_000, User_Agent=phone)
    assert {get(front.port, "/antre/casn", User_Agent=phone).status for phone in phones} == {200}


def test_while_no_gate_can_write_its_pages_go_on(front: Front) -> None:
    """A refusal is no failure of the gate. Otherwise nginx would leave out both gates, and all pages."""
    ticket = join(front.port, "sebelum@contoh.id").ticket
    usual = {}
    for gate in front.gates:
        limits = (0, resource.RLIM_INFINITY)
        usual[gate.process.pid] = resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, limits)
    try:
        for number in range(20):
            phone = f"Mozilla/5.0 (Linux; Android 10; SM-{number})"
            answer = join(front.port, f"penuh{number}@contoh.id", User_Agent=phone)
            assert answer.status == 503
            assert "Tiket belum bisa dibuat" in answer.text
            assert get(front.port, f"/antre/casn/t/{ticket}", User_Agent=phone).status == 200
    finally:
        for pid, limits in usual.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    deadline = time.monotonic() + 60
    while any(join(gate.port, "sesudah@contoh.id").status != 303 for gate in front.gates):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_join_passes_through_and_its_page_comes_back(front: Front) -> None:
    answer = join(front.port, "lewat@contoh.id", Origin=f"http://127.0.0.1:{front.port}")
    assert answer.status == 303
    page = get(front.port, answer.headers["location"], Accept_Encoding="gzip")
    assert page.status == 200
    assert page.headers["content-encoding"] == "gzip"
    assert len(page.body) < 9_000
    assert join(front.port, "jahat@contoh.id", Origin="https://jahat.contoh").status == 403


def test_one_person_stays_at_one_gate_and_a_village_is_spread(front: Front) -> None:
    phones = [f"Mozilla/5.0 (Linux; Android 10; SM-{number})" for number in range(40)]
    gates = {phone: join(front.port, "satu@contoh.id", User_Agent=phone).read.gate for phone in phones}
    again = {phone: join(front.port, "dua@contoh.id", User_Agent=phone).read.gate for phone in phones}
    assert gates == again
    assert set(gates.values()) == {1, 2}


def test_a_form_that_is_too_long_stops_at_nginx(front: Front) -> None:
    answer = post(front.port, "/antre/casn", {"kontak": "x" * 10_000})
    assert answer.status == 413
    assert "terlalu besar" in answer.text


def test_a_gate_without_the_queue_s_disk_tells_nobody_that_a_ticket_s_page_does_not_exist(
    front: Front, tmp_path: Path
) -> None:
    ticket = join(front.port, "disk@contoh.id").ticket
    with (
        GateProcess(tmp_path / "not-mounted", number=3) as lost,
        Nginx(tmp_path / "nginx", front.queue.root, gates=(lost.port, front.gates[0].port)) as nginx,
    ):
        alone = get(lost.port, f"/en/antre/casn/t/{ticket}")
        assert alone.status == 502
        assert "Your place is in the ticket and is not lost" in alone.text
        phones = [f"Mozilla/5.0 (Linux; Android 13; SM-{number})" for number in range(20)]
        pages = [get(nginx.port, f"/antre/casn/t/{ticket}", User_Agent=phone) for phone in phones]
        joins = [join(nginx.port, f"disk{n}@contoh.id", User_Agent=phone) for n, phone in enumerate(phones)]
    assert {page.status for page in pages} == {200}
    assert {answer.status for answer in joins} == {303}


class Reading(BaseHTTPRequestHandler):
    """A site that reads the request."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


class Answering(Reading):
    """A site that answers before it has read anything."""

    def do_POST(self) -> None:
        self.close_connection = True
        self.send_response(200, "taken")
        self.send_header("content-length", "0")
        self.end_headers()


class LeadingOn(Reading):
    """A site that redirects everybody to a very long address."""

    def do_GET(self) -> None:
        self.send_response(303)
        self.send_header("location", "/beli?" + "x" * 8_000)
        self.send_header("content-length", "0")
        self.end_headers()


def serving(site: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_every_form_that_the_site_reads_comes_to_it_and_a_longer_one_is_told_in_both_languages(
    tmp_path: Path,
) -> None:
    about = 1 << 20  # what a form adds to its files
    site = serving(Answering)
    with site, Nginx(tmp_path / "nginx", tmp_path, site=site.server_port) as nginx:
        for size in (FILES_MAX * FILE_BYTES_MAX + about, UPLOAD_BYTES_MAX + about, DRAIN_BYTES_MAX + about):
            assert sent_of(nginx.port, size).startswith(b"HTTP/1.1 200 taken"), size
        told = sent_of(nginx.port, 2 * DRAIN_BYTES_MAX)
        site.shutdown()
    head, _, page = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"text/html; charset=utf-8" in head
    assert "terlalu besar" in page.decode()
    assert "send fewer files at a time" in page.decode()


def test_every_head_of_an_answer_has_room(tmp_path: Path) -> None:
    site = serving(LeadingOn)
    with site, Nginx(tmp_path / "nginx", tmp_path, site=site.server_port) as nginx:
        answer = get(nginx.port, "/casn")
        site.shutdown()
    assert (answer.status, len(answer.headers["location"])) == (303, 8_006)


def sent_of(port: int, size: int) -> bytes:
    """The answer to a form of `size` bytes before any of them is sent."""
    return raw(port, f"POST /beli HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())


def with_one_of(folder: Path, what: str) -> tuple[ThreadingHTTPServer, Nginx]:
    """Starts a site, and nginx before it with a limit of one for each address.

    nginx runs behind a load balancer: the address is the one in X-Forwarded-For.
    """
    site = serving(Reading)
    nginx = Nginx(folder / "nginx", folder, site=site.server_port)
    config = folder / "nginx" / "nginx.conf"
    text = re.sub(rf"limit_conn {what} \d+;", f"limit_conn {what} 1;", config.read_text())
    text = re.sub(r"# (set_real_ip_from|real_ip_header|real_ip_recursive) ", r"\1 ", text)
    config.write_text(text.replace("10.0.0.5", "127.0.0.1"))
    return site, nginx


def test_who_has_too_many_connections_to_the_site_gets_the_page_that_comes_back(tmp_path: Path) -> None:
    """With a limit of one, the second is too many."""
    site, nginx = with_one_of(tmp_path, "connections")
    with site, nginx, socket.create_connection(("127.0.0.1", nginx.port), 10) as slow:
        slow.sendall(b"POST /beli HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n1234")
        deadline = time.monotonic() + 60
        while (answer := get(nginx.port, "/beli")).status == 200:
            assert time.monotonic() < deadline
        slow.sendall(b"5678")
        site.shutdown()
    assert (answer.status, answer.headers["refresh"]) == (503, "15")
    assert "your money are not lost" in answer.text


def test_all_addresses_of_a_phone_are_one_and_logs_tell_no_ticket_of_who_is_refused(tmp_path: Path) -> None:
    site, nginx = with_one_of(tmp_path, "connections")

    def ask(address: str) -> int:
        path = "/en/antre/casn/t/RAHASIA?lepas=RAHASIA"
        return get(nginx.port, path, X_Forwarded_For=address, Referer="http://x/p/RAHASIA").status

    with site, nginx, socket.create_connection(("127.0.0.1", nginx.port), 10) as slow:
        head = b"POST /beli HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 2001:db8:1::5\r\n"
        slow.sendall(head + b"Content-Length: 8\r\n\r\n1234")
        deadline = time.monotonic() + 60
        while get(nginx.port, "/beli", X_Forwarded_For="2001:db8:1:0:a:b:c:d").status == 200:
            assert time.monotonic() < deadline
        for neighbour in ("2001:db8:1:2::5", "2001:db8:2::5", "192.0.2.7"):
            assert get(nginx.port, "/beli", X_Forwarded_For=neighbour).status == 200
        assert ask("2001:db8:1::6") == 503
        assert ask("192.0.2.8") == 503  # no gate is there
        slow.sendall(b"5678")
        site.shutdown()
    failed = (tmp_path / "nginx" / "failed.log").read_text()
    assert "RAHASIA" not in failed + (tmp_path / "nginx" / "error.log").read_text()
    refused, unreachable = failed.splitlines()[-2:]
    assert re.search(r" 503 GET /en/antre from=2001:db8:1::6 .* limit_conn=REJECTED$", refused)
    assert re.search(
        r" 503 GET /en/antre from=192.0.2.8 upstream=127.0.0.1:9 upstream_status=502 ", unreachable
    )


def with_few_posts(folder: Path) -> tuple[ThreadingHTTPServer, Nginx]:
    """The same, where an address may send four forms at once and one a minute afterwards."""
    site, nginx = with_one_of(folder, "connections_of_nobody")
    config = folder / "nginx" / "nginx.conf"
    text = config.read_text().replace("zone=posts:16m rate=50r/s", "zone=posts:16m rate=1r/m")
    config.write_text(text.replace("zone=posts burst=1000", "zone=posts burst=3"))
    return site, nginx


def test_forms_of_one_network_are_limited_wherever_they_go_and_pages_and_others_are_not(
    tmp_path: Path,
) -> None:
    site, nginx = with_few_posts(tmp_path)

    def send(path: str, address: str) -> int:
        return post(nginx.port, path, {"a": "b"}, X_Forwarded_For=address).status

    with site, nginx:
        doors = ("/beli", "/en/periksa", "/api/v1/verifications", "/saya/masuk", "/pesanan/M1/batal", "/uang")
        statuses = [send(path, "198.51.100.4") for path in doors]
        assert statuses == [200] * 4 + [503] * 2
        assert send("/beli", "2001:db8:1::5") == 200
        assert get(nginx.port, "/beli", X_Forwarded_For="198.51.100.4").status == 200
        for _ in range(6):
            assert send("/api/v1/gateways/midtrans/notices", "198.51.100.4") == 200
        site.shutdown()
    failed = (tmp_path / "nginx" / "failed.log").read_text()
    assert re.search(r" POST /pesanan from=198.51.100.4 .* limit_req=REJECTED ", failed)


def test_slow_forms_of_one_network_take_the_connections_of_nobody_else(tmp_path: Path) -> None:
    """With a limit of one form at a time."""
    site, nginx = with_one_of(tmp_path, "posting")
    with site, nginx, socket.create_connection(("127.0.0.1", nginx.port), 10) as slow:
        head = b"POST /beli HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.4\r\n"
        slow.sendall(head + b"Content-Length: 8\r\n\r\n1234")
        deadline = time.monotonic() + 60
        while post(nginx.port, "/periksa", {"a": "b"}, X_Forwarded_For="198.51.100.4").status == 200:
            assert time.monotonic() < deadline
        assert post(nginx.port, "/periksa", {"a": "b"}, X_Forwarded_For="198.51.100.9").status == 200
        assert get(nginx.port, "/beli", X_Forwarded_For="198.51.100.4").status == 200
        slow.sendall(b"5678")
        site.shutdown()


def test_slow_readers_fill_neither_the_disk_of_nginx_nor_the_memory_of_the_site(tmp_path: Path) -> None:
    """With a limit of one download."""
    site, nginx = with_one_of(tmp_path, "downloads")
    with site, nginx, socket.create_connection(("127.0.0.1", nginx.port), 10) as slow:
        slow.sendall(b"GET /pesanan/M1/unduh/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n1234")
        for path in ("/en/pesanan/M2/unduh/2", "/saya/dokumen/1/unduh", "/en/saya/banyak/1/hasil.zip"):
            deadline = time.monotonic() + 60
            while (answer := get(nginx.port, path)).status == 200:
                assert time.monotonic() < deadline
            assert (answer.status, answer.headers["refresh"]) == (503, "15"), path
        for path in ("/pesanan/M1", "/pesanan/M1/dokumen", "/beli"):
            assert get(nginx.port, path).status == 200, path
        slow.sendall(b"5678")
        site.shutdown()
    (megabytes,) = re.findall(r"proxy_max_temp_file_size (\d+)m;", SHIPPED.read_text())
    assert 1.2 * FILE_BYTES_MAX < int(megabytes) << 20 < 2 * FILE_BYTES_MAX, "a stamped file, whole"


def test_nginx_ends_its_connections_before_the_site_and_the_gates_do() -> None:
    """Otherwise a form meets a closed connection, and its data and files are lost."""
    shipped = SHIPPED.read_text()
    upstreams = dict(re.findall(r"upstream (\w+) \{(.*?)\n    \}", shipped, re.S))
    kept = {
        name: int(told[1]) if (told := re.search(r"keepalive_timeout (\d+)s;", text)) else 60
        for name, text in upstreams.items()
    }
    assert kept["site"] + 5 <= server_config(Settings(), None).timeout_keep_alive
    assert kept["gates"] + 5 <= IDLE_SECONDS


def ten_times_as_hasty(folder: Path, site: int) -> Nginx:
    """The configuration with every time limit cut to a tenth, so that the test is quick."""
    nginx = Nginx(folder / "nginx", folder, site=site)
    config = folder / "nginx" / "nginx.conf"
    config.write_text(re.sub(r"(?<=_timeout )(\d+)s", r"\g<1>00ms", config.read_text()))
    return nginx


def test_while_the_site_is_cut_off_people_are_told_within_seconds(tmp_path: Path) -> None:
    """The site's machine neither accepts nor refuses connections, because its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent, contextlib.ExitStack() as taken:
        for _ in range(3):
            one = taken.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(silent.getsockname())
        with ten_times_as_hasty(tmp_path, silent.getsockname()[1]) as nginx:
            began = time.monotonic()
            answer = get(nginx.port, "/beli")
    assert (answer.status, answer.headers["refresh"]) == (503, "15")
    assert time.monotonic() - began < 5


def test_a_phone_that_loses_the_network_in_the_middle_of_a_file_goes_on(tmp_path: Path) -> None:
    site = serving(Reading)
    nginx = ten_times_as_hasty(tmp_path, site.server_port)
    with site, nginx, socket.create_connection(("127.0.0.1", nginx.port), 10) as phone:
        phone.sendall(b"POST /beli HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n1234")
        time.sleep(2)
        phone.sendall(b"5678")
        assert phone.recv(4096).startswith(b"HTTP/1.1 200")
        site.shutdown()


def test_a_dead_gate_is_noticed_by_nobody(front: Front) -> None:
    phones = [f"Mozilla/5.0 (Linux; Android 11; SM-{number})" for number in range(20)]
    front.gates[0].stop(signal.SIGKILL)
    try:
        answers = [join(front.port, f"{n}@contoh.id", User_Agent=phone) for n, phone in enumerate(phones)]
        assert {answer.status for answer in answers} == {303}
        assert {answer.read.gate for answer in answers} == {2}
    finally:
        front.gates[0].start()


def test_the_file_as_it_is_shipped_is_accepted_with_a_certificate(tmp_path: Path) -> None:
    """The file keeps its TLS lines. Only names and folders are filled in."""
    text = SHIPPED.read_text()
    assert text.count("http2 on;") == 1
    assert re.findall(r"listen (\d.*;)", text) == re.findall(r"listen \[::\]:(.*;)", text), "IPv6 too"
    config = filled_in(tmp_path)
    if not Path("/proc/net/if_inet6").exists():
        config.write_text(re.sub(r"^\s*listen \[::\].*\n", "", config.read_text(), flags=re.M))
    nginx = shutil.which("nginx") or ""
    told = subprocess.run(
        [nginx, "-t", "-e", "stderr", "-c", config], capture_output=True, text=True, timeout=20
    )
    assert told.returncode == 0, told.stderr
    assert re.search(r"syntax is ok", told.stderr)
    assert "warn" not in told.stderr.replace("running with super-user", "")


def filled_in(folder: Path) -> Path:
    """Writes the shipped file with a certificate, a name and folders of its own."""
    certificate, key = self_signed(folder)
    text = SHIPPED.read_text()
    for shipped, here in (
        ("/etc/ssl/METERAI.EXAMPLE.pem", str(certificate)),
        ("/etc/ssl/private/METERAI.EXAMPLE.key", str(key)),
        ("METERAI.EXAMPLE", "meterai.example"),
        ("/var/log/nginx", str(folder)),
        ("/run/nginx.pid", str(folder / "nginx.pid")),
        ("user www-data;", ""),
    ):
        assert shipped in text
        text = text.replace(shipped, here)
    config = folder / "nginx.conf"
    config.write_text(text)
    return config


OURS = b"Host: meterai.example\r\n"


def test_an_unknown_host_gets_no_answer_and_another_name_no_certificate(tmp_path: Path) -> None:
    config, ports = filled_in(tmp_path), {"80": free_port(), "443": free_port()}
    text = re.sub(r"^\s*listen \[::\].*\n", "", config.read_text(), flags=re.M)
    config.write_text(re.sub(r"listen (\d+)", lambda found: f"listen 127.0.0.1:{ports[found[1]]}", text))
    trusting = ssl.create_default_context(cafile=tmp_path / "site.pem")
    trusting.check_hostname = False  # names stand in the common name here
    nginx = shutil.which("nginx") or ""
    running = subprocess.Popen([nginx, "-e", "stderr", "-c", config, "-g", "daemon off;"])
    try:
        wait_until_listening(ports["80"])
        assert answer_to(ports["80"], OURS).startswith(b"HTTP/1.1 301 ")
        assert answer_to(ports["443"], OURS, trusting).startswith(b"HTTP/1.1 503 ")
        for unknown in (b"Host: lain.example\r\n", b"Host: 127.0.0.1\r\n", b""):
            assert answer_to(ports["80"], unknown) == b""
            assert answer_to(ports["443"], unknown, trusting) == b""
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            answer_to(ports["443"], OURS, trusting, asks_for="lain.example")
    finally:
        running.terminate()
        running.wait(20)


def wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 10):
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answer_to(
    port: int, host: bytes, tls: ssl.SSLContext | None = None, *, asks_for: str = "meterai.example"
) -> bytes:
    """What comes until the server ends the connection. `host`: the header, or none; `asks_for`: as in TLS."""
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        wire = tls.wrap_socket(plain, server_hostname=asks_for) if tls else plain
        wire.sendall(b"GET /casn HTTP/1.0\r\n%b\r\n" % host)
        found = b""
        with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
            while piece := wire.recv(65_536):
                found += piece
        return found


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meterai.example")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    certificate_path, key_path = folder / "site.pem", folder / "site.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kind = serialization.PrivateFormat.PKCS8
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()))
    return certificate_path, key_path
