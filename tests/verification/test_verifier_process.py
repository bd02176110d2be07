"""The verifier as a process of its own: it answers as the site does, and holds no secret."""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from meterai.jail.pool import JailPool
from meterai.kernel.clock import system_clock
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.verification.model import Trust
from meterai.verification.use_cases.judge_document import JUDGE
from meterai.verifier.routes import VerifierService, build_verifier
from meterai.web.pages.assets import Assets
from meterai.web.pages.templates import Pages, SiteFacts
from meterai.web.requests.middleware import SiteMiddleware
from tests.pdf.samples import scan
from tests.ports import free_port
from tests.storage_fixtures import TestDatabase
from tests.verification.making import SERIAL, Stamper, letter, stamp
from tests.verification.test_register import enter
from tests.web.asking import ask

pytestmark = pytest.mark.storage
SECRETS = {
    "METERAI_DATABASE_URL": "postgresql://meterai_owner:owner-password@127.0.0.1/x",
    "METERAI_DATABASE_SITE_URL": "postgresql://meterai_site:site-password@127.0.0.1/x",
    "METERAI_DATABASE_SIGNER_URL": "postgresql://meterai_signer:signer-password@127.0.0.1/x",
    "METERAI_GATEWAY_SERVER_KEY": "gateway-password",
    "METERAI_PKCS11_PIN_FILE": "/secret/pin-password",
    "METERAI_TLS_KEY": "/secret/tls-password",
    "AWS_SECRET_ACCESS_KEY": "cloud-password",
}


@contextmanager
def verifier(
    stamper: Stamper,
    folder: Path,
    register: str = "",
    *,
    trust: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, int]]:
    """Address and process id of a running verifier, started as an operator would, among secrets."""
    port = free_port()
    env = {"PATH": os.environ["PATH"], "METERAI_DATA": str(stamper.folder), **SECRETS}
    env |= {"METERAI_CONTACT": "bantuan@meterai.example", **(settings or {})}
    env |= {"METERAI_DATABASE_VERIFIER_URL": register} if register else {}
    command = [sys.executable, "-m", "meterai.cli", "verifier", "--port", str(port)]
    command += trust or ["--trust-root", str(stamper.folder / "root.pem")]
    with (folder / "verifier.log").open("w") as output:
        process = subprocess.Popen(command, env=env, cwd=folder, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 60
        while "verifier_ready" not in (said := (folder / "verifier.log").read_text()):
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def judge(http: aiohttp.ClientSession, address: str, data: bytes) -> dict[str, object]:
    async with http.post(f"{address}/api/v1/verifications", data=data) as answer:
        assert answer.status == 200
        found: dict[str, object] = await answer.json()
        return found


@pytest.mark.long
async def test_more_connections_than_a_process_may_usually_have_files_leave_it_answering(
    stamper: Stamper, stamped: bytes, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as opened:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, limits[1]))
        try:
            address, _ = opened.enter_context(verifier(stamper, tmp_path))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for _ in range(400):
            opened.enter_context(socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))))
        assert (await judge(http, address, stamped))["verdict"] == "ASLI"


def form_with(file: bytes) -> aiohttp.FormData:
    """What a browser sends."""
    form = aiohttp.FormData()
    form.add_field("berkas", file, filename="surat.pdf", content_type="application/pdf")
    return form


async def test_it_judges_for_machines_and_people_without_any_register(
    stamper: Stamper, stamped: bytes, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    with verifier(stamper, tmp_path) as (address, _):
        judgement = await judge(http, address, stamped)
        assert (judgement["verdict"], judgement["register"]) == ("ASLI", "not_asked")
        words = judgement["words"]
        assert isinstance(words, list)
        assert [word["code"] for word in words] == judgement["reasons"]
        assert all(word["text_id"] and word["text_en"] for word in words)
        assert (await judge(http, address, stamped + b"\n"))["verdict"] == "TIDAK_ASLI"
        assert (await judge(http, address, b"bukan PDF"))["verdict"] == "TIDAK_DAPAT_DIPERIKSA"
        async with http.post(f"{address}/api/v1/verifications", data=form_with(stamped)) as answer:
            assert (answer.status, (await answer.json())["code"]) == (422, "api.form")
        async with http.post(f"{address}/en/periksa", data=form_with(stamped)) as answer:
            page = await answer.text()
        assert 'data-verdict="ASLI"' in page
        assert "data:image/jpeg;base64," in page
        assert words[0]["text_en"] in page
        async with http.get(f"{address}/periksa") as answer:
            page = await answer.text()
        assert 'name="berkas"' in page
        assert 'name="nomor"' not in page, "there is no register to ask about a number"
        assert 'href="mailto:bantuan@meterai.example"' in page, "where a forged document is reported to"
        for path in ("/beli", "/periksa/kode"):
            async with http.get(address + path) as answer:
                assert answer.status == 404, path


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (f"serials/{SERIAL}", 503, "register.not_asked"),
        ("digests/" + "0" * 64, 503, "register.not_asked"),
        ("serials/foo", 404, "serial.malformed"),
        ("digests/foo", 422, "digest.unreadable"),
    ],
)
async def test_without_a_register_it_does_not_say_what_is_in_none(asked: str, status: int, code: str) -> None:
    answer = await ask(verifier_of(None), f"/api/v1/{asked}")
    assert (answer.status, json.loads(answer.text)["code"]) == (status, code)


@pytest.mark.parametrize("path", [f"/en/periksa/nomor?nomor={SERIAL}", "/en/periksa/sidik/" + "0" * 64])
async def test_without_a_register_its_pages_say_that_there_is_none(path: str) -> None:
    answer = await ask(verifier_of(None), path)
    assert answer.status == 503
    assert "not connected to the register" in answer.text


async def test_where_nothing_is_sold_nobody_reads_of_money() -> None:
    """People who have a file verified may have paid for its stamp."""
    headers = {"content-type": "text/plain"}
    answer = await ask(verifier_of(None), "/en/periksa", method="POST", headers=headers)
    assert (answer.status, "did not arrive complete" in answer.text) == (422, True)
    assert "money" not in answer.text


def verifier_of(register: Any) -> SiteMiddleware:
    jail = JailPool([JUDGE], waiting_max=0)  # as many are being checked as may be
    pages = Pages(SiteFacts("", False, 10_000, 0, 0, 0, standalone=True), Assets())
    return build_verifier(VerifierService(register, jail, Trust(roots_pem=()), pages, system_clock))


class Broken:
    """A register that fails in a way nobody thought of."""

    def connection(self) -> Any:
        raise RuntimeError


@pytest.mark.parametrize(
    ("method", "path", "size", "status", "code"),
    [
        ("POST", "/api/v1/verifications", CHECKED_BYTES_MAX + 1, 413, "pdf.too_large"),
        ("GET", "/api/v1/digests/xyz", 0, 422, "digest.unreadable"),
        ("GET", "/api/v1/digests/" + "0" * 64, 0, 500, "server.fault"),
        ("POST", "/api/v1/digests/" + "0" * 64, 0, 405, "api.unreadable"),
        ("GET", "/api/v1/nothing", 0, 404, "api.not_found"),
        ("POST", "/api/v1/verifications", 0, 422, "api.form"),
        ("POST", "/api/v1/verifications", 1, 429, "jail.busy"),
    ],
)
async def test_it_refuses_as_the_sites_api_does(
    method: str, path: str, size: int, status: int, code: str
) -> None:
    site = verifier_of(None if code == "jail.busy" else Broken())
    kind = "application/pdf" if size else "multipart/form-data; boundary=x"
    answer = await ask(site, path, method=method, headers={"content-type": kind}, body=b"x" * size)
    problem = json.loads(answer.text)
    assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
    assert bool(problem["help_code"]) == (status == 500)
    assert ("GET" in answer.headers.get("allow", "")) == (status == 405)


@pytest.mark.long
async def test_it_takes_what_the_largest_upload_becomes(
    stamper: Stamper, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    large = stamp(scan((10 << 20) - 4000), stamper)
    assert len(large) > 10 << 20
    with verifier(stamper, tmp_path) as (address, _):
        assert (await judge(http, address, large))["verdict"] == "ASLI"
        form = aiohttp.FormData()
        form.add_field("berkas", large, filename="surat.pdf")
        async with http.post(f"{address}/periksa", data=form) as answer:
            assert 'data-verdict="ASLI"' in await answer.text()


async def test_it_serves_the_page_that_reads_codes_when_it_knows_their_keys(
    stamper: Stamper, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    with verifier(stamper, tmp_path, trust=("--trust", str(stamper.folder / "trust"))) as (address, _):
        async with http.get(f"{address}/en/periksa/kode") as answer:
            page = await answer.text()
            assert "'wasm-unsafe-eval'" in answer.headers["Content-Security-Policy"]
        assert 'name="nomor"' not in page, "there is no register to ask about a number"
        for part in ("code", "ed25519", "zxing", "wasm"):
            [file] = re.findall(rf'data-{part}="([^"]+)"', page)
            async with http.get(address + file) as answer:
                assert answer.status == 200, part
        async with http.get(f"{address}/periksa/kode/kunci.json") as answer:
            listed = (await answer.json())["keys"]
        assert {key["id"]: key["public_key"] for key in listed} == stamper.trust.code_keys
        async with http.get(f"{address}/periksa") as answer:
            assert 'href="/periksa/kode"' in await answer.text()


async def test_it_asks_the_register_and_holds_no_secret(
    database: TestDatabase, stamper: Stamper, stamped: bytes, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    await enter(database, SERIAL, stamped)
    with verifier(stamper, tmp_path, database.urls.verifier) as (address, pid):
        judgement = await judge(http, address, stamped)
        assert (judgement["verdict"], judgement["register"]) == ("ASLI", "confirmed")
        contradicted = await judge(http, address, stamp(letter("Surat lain"), stamper))
        assert (contradicted["verdict"], contradicted["register"]) == ("TIDAK_ASLI", "contradicts")
        digest = hashlib.sha256(stamped).hexdigest()
        for path in (f"/api/v1/digests/{digest}", f"/api/v1/serials/{SERIAL}", f"/periksa/sidik/{digest}"):
            async with http.get(address + path) as answer:
                assert answer.status == 200, path
        async with http.get(f"{address}/periksa/nomor", params={"nomor": SERIAL}) as answer:
            assert answer.status == 200
        assert_no_secret(stamper, pid)


async def test_while_the_register_is_down_it_says_so_and_judges_all_the_same(
    stamper: Stamper, stamped: bytes, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    nowhere = f"postgresql://meterai_verifier:x@127.0.0.1:{free_port()}/meterai"
    with verifier(stamper, tmp_path, nowhere) as (address, _):
        judgement = await judge(http, address, stamped)
        assert judgement["reasons"] == ["genuine", "register.unreachable"]
        for path in (f"serials/{SERIAL}", f"digests/{hashlib.sha256(stamped).hexdigest()}"):
            async with http.get(f"{address}/api/v1/{path}") as answer:
                assert (answer.status, (await answer.json())["code"]) == (503, "register.unreachable"), path


FORBIDDEN = [
    "INSERT INTO stamping.release DEFAULT VALUES",
    "UPDATE stamping.serial SET state = 'annulled'",
    "DELETE FROM stamping.serial",
    "TRUNCATE stamping.release",
    "UPDATE verification.serial SET state = 'released'",
    "DELETE FROM verification.released",
    "SELECT * FROM stamping.release",
    "SELECT * FROM stamping.hash_request",
    "SELECT * FROM stamping.hash_signature",
    "SELECT * FROM customers.customer",
    "SELECT stamping.begin_signing(ARRAY['A'], 'key', now())",
    "CREATE TABLE public.mine (a integer)",
    "CREATE SCHEMA mine",
    "SET ROLE meterai_worker",
]


async def test_its_role_is_refused_everything_but_its_views(database: TestDatabase) -> None:
    await enter(database, SERIAL, b"x")
    connection = await asyncpg.connect(database.urls.verifier)
    try:
        assert await connection.fetchval("SELECT count(*) FROM verification.released") == 1
        assert await connection.fetchval("SELECT count(*) FROM verification.serial") == 1
        assert await connection.fetchval("SELECT count(*) FROM verification.signed_hash") == 0
        for statement in FORBIDDEN:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


def _opened(pid: int) -> Iterator[str]:
    """Open files; a jail that has just begun still closes some of the interpreter's."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield os.readlink(entry)


def assert_no_secret(stamper: Stamper, pid: int) -> None:
    """Looks into environment, arguments, open and mapped files of it and its jails, and into its memory."""
    processes = [pid, *_children(pid)]
    assert len(processes) >= 2, "the jail is a process of its own"
    for number in processes:
        told = b"".join(Path(f"/proc/{number}/{name}").read_bytes() for name in ("environ", "cmdline"))
        for secret in SECRETS.values():
            assert secret.encode() not in told
        opened = list(_opened(number))
        mapped = Path(f"/proc/{number}/maps").read_text()
        assert not [path for path in [*opened, mapped] if ".key" in path or "/secret" in path]
    modules = _imported()
    assert "meterai.verifier.routes" in modules
    assert not [
        name for name in modules if name.startswith(("meterai.stamping.signer.", "sandbox", "pkcs11"))
    ]
    keys = [path.read_bytes() for path in stamper.folder.glob("*.key.pem")]
    assert keys
    lines = [line for key in keys for line in key.splitlines() if len(line) == 64]
    others = [secret.encode() for secret in SECRETS.values()]
    root = (stamper.folder / "root.pem").read_bytes().splitlines()[3]
    assert _in_memory(pid, [*lines, *others, root]) == {root}, "the root shows that the search finds"


def _children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _imported() -> list[str]:
    program = "import sys, meterai.processes.verifier; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


def _in_memory(pid: int, wanted: list[bytes]) -> set[bytes]:
    """Which of the wanted texts stand in the writable memory of a process."""
    found: set[bytes] = set()
    regions = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", Path(f"/proc/{pid}/maps").read_text(), re.M)
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for start, end in ((int(a, 16), int(b, 16)) for a, b in regions):
            memory.seek(start)
            try:
                content = memory.read(end - start)
            except (OSError, ValueError):
                continue
            found |= {text for text in wanted if text in content}
    return found
