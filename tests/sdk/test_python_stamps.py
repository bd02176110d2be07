"""The Python SDK uploads, stamps, waits and downloads; its command stamps a folder once."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meterai_sdk import Meterai, TookTooLong
from meterai_sdk.cli.main import main
from tests.sdk.partner_server import Answer, PartnerServer, Request, partner_server

PDF = b"%PDF-1.7 contoh"


class StampingServer:
    """Answers to orders as the service does, and remembers what was made. A name may make it refuse."""

    def __init__(self, server: PartnerServer) -> None:
        self._server = server
        self.orders: dict[str, dict[str, Any]] = {}
        """By Idempotency-Key."""
        self.reads_until_released = 1
        self._reads = 0
        server.answer_next = self.answer

    def answer(self, request: Request) -> Answer:
        """Answers a request for a stamp."""
        if request.method == "POST":
            key = request.headers["idempotency-key"]
            self.orders.setdefault(key, json.loads(request.body))
            made = "accepted" if self.reads_until_released else "released"
            return Answer(202, self._stamp(list(self.orders).index(key), made))
        number = int(request.path.split("/")[4].removeprefix("stm_"))
        if request.path.endswith("/file"):
            return Answer(200, b"stamped " + base64.b64decode(list(self.orders.values())[number]["file"]))
        self._reads += 1
        return Answer(
            200, self._stamp(number, "released" if self._reads >= self.reads_until_released else "")
        )

    def _stamp(self, number: int, state: str) -> dict[str, Any]:
        name = list(self.orders.values())[number].get("name")
        if state == "released" and name == "rusak.pdf":
            problem = {"code": "pdf.broken", "detail": "It can't be read.", "detail_id": "Tidak terbaca."}
            return {
                "id": f"stm_{number}",
                "state": "refused",
                "problem": problem,
                "ended_at": "now",
                "serials": [],
            }
        ended = "now" if state == "released" else None
        serials = [{"serial": f"S{number}", "place": {}}] if ended else []
        return {"id": f"stm_{number}", "state": state or "sealing", "ended_at": ended, "serials": serials}


@pytest.fixture
def server() -> Iterator[PartnerServer]:
    with partner_server() as running:
        yield running


@pytest.fixture
def stamping(server: PartnerServer) -> StampingServer:
    return StampingServer(server)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(server: PartnerServer, slept: list[float]) -> Iterator[Meterai]:
    key = server.key.as_dict(private=True)
    with Meterai(server.url, client_id="cli_1", key_id="key_1", key=key, sleep=slept.append) as made:
        yield made


def test_an_upload_says_its_name_and_digest(server: PartnerServer, client: Meterai, tmp_path: Path) -> None:
    server.answers = [Answer(201, {"id": "doc_1"})]
    (tmp_path / "surat.pdf").write_bytes(PDF)
    client.documents.upload(tmp_path / "surat.pdf", profile="sign_later")
    (sent,) = server.requests
    assert (sent.body, sent.headers["content-type"]) == (PDF, "application/pdf")
    assert sent.query == {"name": "surat.pdf", "profile": "sign_later"}
    digest = base64.b64encode(hashlib.sha256(PDF).digest()).decode()
    assert sent.headers["content-digest"] == f"sha-256=:{digest}:"


def test_a_stored_document_is_stamped_where_it_is_wanted(
    client: Meterai, stamping: StampingServer, server: PartnerServer
) -> None:
    client.stamps.create("doc_1", places=[{"by": "position", "position": "top", "page": 1}], key="order-1")
    place = {"by": "position", "position": "top", "page": 1}
    assert stamping.orders == {"order-1": {"document_id": "doc_1", "places": [place], "again": False}}
    assert server.requests[0].headers["prefer"] == "wait=10"
    assert "meterai-scenario" not in server.requests[0].headers
    client.stamps.create("doc_1", scenario="signer-down")
    assert server.requests[1].headers["meterai-scenario"] == "signer-down"


def test_a_stamp_is_waited_for_with_growing_pauses(
    client: Meterai, stamping: StampingServer, slept: list[float], tmp_path: Path
) -> None:
    stamping.reads_until_released = 6
    stamp = client.stamps.wait(client.stamps.create(PDF))
    assert (stamp["state"], stamp["serials"][0]["serial"]) == ("released", "S0")
    assert slept == [0.5, 1.0, 2.0, 5.0, 5.0, 5.0]
    assert client.stamps.download(stamp["id"], tmp_path / "a.pdf").read_bytes() == b"stamped " + PDF
    stamping.reads_until_released = 10**6
    with pytest.raises(TookTooLong, match="stm_1 is still"):
        client.stamps.wait(client.stamps.create(PDF), within_s=0)


@pytest.fixture
def folder(tmp_path: Path, server: PartnerServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three PDFs and something else, and a client in the environment."""
    (tmp_path / "surat").mkdir()
    for name in ("a.pdf", "b.PDF", "rusak.pdf", "catatan.txt"):
        (tmp_path / "surat" / name).write_bytes(name.encode())
    key = tmp_path / "key.pem"
    key.write_bytes(server.key.as_pem(private=True))
    for name, value in {"URL": server.url, "CLIENT": "cli_1", "KEY_ID": "key_1", "KEY": str(key)}.items():
        monkeypatch.setenv(f"METERAI_API_{name}", value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_is_stamped_once_however_often_it_is_begun(
    folder: Path, stamping: StampingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    stamping.reads_until_released = 0
    assert main(["stamp", "surat", "--into", "bermeterai", "--keyword", "Tanda tangan"]) == 1
    told = {line.split("\t")[0]: line.split("\t")[1:] for line in capsys.readouterr().out.splitlines()}
    assert told["rusak.pdf"] == ["refused", "pdf.broken: It can't be read."]
    assert [told[name][0] for name in ("a.pdf", "b.PDF")] == ["stamped", "stamped"]
    assert len(told) == len(stamping.orders) == 3
    assert (folder / "bermeterai" / "a.pdf").read_bytes() == b"stamped a.pdf"
    assert {order["places"][0]["keyword"] for order in stamping.orders.values()} == {"Tanda tangan"}

    (folder / "bermeterai" / "a.pdf").unlink()  # as if the program had ended before it was there
    assert main(["stamp", "surat", "--into", "bermeterai", "--keyword", "Tanda tangan"]) == 1
    assert (folder / "bermeterai" / "a.pdf").read_bytes() == b"stamped a.pdf"
    assert "b.PDF\tstamped\talready there" in capsys.readouterr().out
    assert len(stamping.orders) == 3, "an order that was sent before is not made twice"
    main(["stamp", "surat", "--into", "lain", "--position", "top"])
    assert len(stamping.orders) == 6, "other places are another order"


def test_a_collector_says_what_it_reports_of_each_file(folder: Path, stamping: StampingServer) -> None:
    stamping.reads_until_released = 0
    (folder / "facts.json").write_text('{"a.pdf": {"type": "other", "value": 5000000}}')
    main(["stamp", "surat", "--into", "bermeterai", "--facts", "facts.json"])
    facts = {order["name"]: order.get("facts") for order in stamping.orders.values()}
    assert facts == {"a.pdf": {"type": "other", "value": 5_000_000}, "b.PDF": None, "rusak.pdf": None}
    (folder / "facts.json").write_text("{")
    assert main(["stamp", "surat", "--into", "bermeterai", "--facts", "facts.json"]) == 1


def test_a_folder_is_stamped_once_though_the_program_is_killed(
    folder: Path, stamping: StampingServer, server: PartnerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    stamping.reads_until_released = 0
    words = ["stamp", "surat", "--into", "bermeterai"]
    with subprocess.Popen([sys.executable, "-m", "meterai_sdk.cli.main", *words]) as process:

        def kill(request: Request) -> Answer:
            answer = stamping.answer(request)  # the order is taken, and its answer is lost
            if len(stamping.orders) == 2:
                process.kill()
            return answer

        server.answer_next = kill
        assert process.wait(30) == -signal.SIGKILL
    assert len(stamping.orders) >= 2
    server.answer_next = stamping.answer
    main(words)
    assert len(stamping.orders) == 3, "each file is ordered once"
    assert sorted(path.name for path in (folder / "bermeterai").iterdir()) == ["a.pdf", "b.PDF"]


def test_a_folder_with_troubles_is_stamped_as_far_as_it_can_be(
    folder: Path, stamping: StampingServer, capsys: pytest.CaptureFixture[str]
) -> None:
    stamping.reads_until_released = 0
    (folder / "surat" / "rusak.pdf").unlink()
    (folder / "surat" / "rusak.pdf").symlink_to("/proc/self/mem")  # a file that can't be read
    assert main(["stamp", "surat", "--into", "bermeterai"]) == 1
    told = capsys.readouterr().out
    assert "rusak.pdf\trefused\t[Errno 5]" in told
    assert told.count("stamped") == 2
    later = time.time() + 5
    (folder / "surat" / "a.pdf").write_bytes(b"other")
    os.utime(folder / "surat" / "a.pdf", (later, later))
    assert main(["stamp", "surat", "--into", "bermeterai"]) == 1
    assert "a.pdf\trefused\tchanged since bermeterai/a.pdf was stamped" in capsys.readouterr().out
    assert main(["stamp", "surat", "--into", "./surat"]) == 1
    assert "choose another folder" in capsys.readouterr().err
