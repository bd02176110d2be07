"""The command `meterai-partner`: what it prints, and how it ends."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from meterai_sdk.calls import TRIES_MAX
from meterai_sdk.cli.main import main
from tests.ports import free_port
from tests.sdk.partner_server import Answer, partner_server

SECRET = f"whsec_{base64.b64encode(b's' * 24).decode()}"


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """`meterai-partner listen`: its address, and the file that it prints to."""
    printed, port = tmp_path / "events", free_port()
    words = ["-m", "meterai_sdk.cli.main", "listen", "--port", str(port)]
    variable = f"METERAI_WEBHOOK_SECRET={SECRET}"
    command = ["env", "--default-signal=INT", variable, sys.executable, *words]
    with (
        printed.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True) as process,
    ):
        assert process.stderr is not None
        assert process.stderr.readline() == f"listening at http://127.0.0.1:{port}\n"
        yield f"http://127.0.0.1:{port}", printed
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def deliver(url: str, id: str, secret: str = SECRET) -> int:
    """Sends an event as the service does. Returns the status of the answer."""
    body, at = json.dumps({"id": id, "type": "webhook.test"}), datetime.now(UTC)
    signature = Webhook(secret).sign(id, at, body)
    stamps = {"webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    return httpx.post(url, content=body, headers={"webhook-id": id, **stamps}).status_code


def test_listening_prints_each_event_once_and_none_of_strangers(listening: tuple[str, Path]) -> None:
    url, printed = listening
    other = f"whsec_{base64.b64encode(b'o' * 24).decode()}"
    assert [deliver(url, "evt_1"), deliver(url, "evt_2", other), deliver(url, "evt_1")] == [204, 401, 204]
    assert httpx.post(url, content=bytes(300_000)).status_code == 413
    assert httpx.post(url, content=iter([b"{}"])).status_code == 411, "its length is not said"
    assert [json.loads(line)["id"] for line in printed.read_text().splitlines()] == ["evt_1"]


def test_verify_names_files_that_are_not_genuine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.chdir(tmp_path)
    with partner_server() as server:
        monkeypatch.setenv("METERAI_API_URL", server.url)
        genuine = Answer(200, {"verdict": "ASLI", "stamps": [{"serial": "X1"}]})
        unknown = Answer(404, {"code": "digest.unknown"})
        server.answers = [genuine, unknown, Answer(200, {"verdict": "NO_STAMP", "stamps": []})]
        assert main(["verify", "a.pdf", "b.pdf"]) == 1
        assert capsys.readouterr().out == "a.pdf\tASLI\tX1\nb.pdf\tNO_STAMP\t\n"
        assert [request.method for request in server.requests] == ["GET", "GET", "POST"]
        assert server.requests[-1].body == b"b.pdf", "only what is unknown is sent"
        assert server.tokens == []
        server.answers = [genuine]
        assert main(["verify", "a.pdf"]) == 0


def test_verify_prints_what_it_knows_before_it_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with partner_server() as server:
        monkeypatch.setenv("METERAI_API_URL", server.url)
        server.answers = [Answer(200, {"verdict": "ASLI", "stamps": []}), Answer(403, {"code": "no"})]
        assert main(["verify", __file__, __file__]) == 1
        assert capsys.readouterr().out == f"{__file__}\tASLI\t\n"


def test_events_are_polled_also_when_the_api_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("meterai_sdk.calls._wait_s", lambda _: 0.0)
    with partner_server() as server:
        (tmp_path / "key.pem").write_bytes(server.key.as_pem(private=True))
        given = {"URL": server.url, "CLIENT": "cli_1", "KEY_ID": "key_1", "KEY": str(tmp_path / "key.pem")}
        for name, value in given.items():
            monkeypatch.setenv(f"METERAI_API_{name}", value)
        pages = [Answer(200, {"data": [{"id": id}], "next_cursor": None}) for id in ("evt_1", "evt_2")]
        away, revoked = [Answer(503, {})] * TRIES_MAX, Answer(403, {"code": "access.revoked"})
        server.answers = [pages[0], *away, pages[1], revoked]
        assert main(["listen", "--poll", "--after", "evt_0", "--every", "0"]) == 1
    said = capsys.readouterr()
    assert [json.loads(line)["id"] for line in said.out.splitlines()] == ["evt_1", "evt_2"]
    assert "asking again" in said.err
    assert said.err.endswith("403 access.revoked: \n")
    paths = [request.path for request in server.requests]
    assert paths[0] == "/api/v1/events/evt_0/later"
    assert set(paths[1:-1]) == {"/api/v1/events/evt_1/later"}


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("METERAI_API_URL", raising=False)
    assert main(["verify", __file__]) == 1
    assert capsys.readouterr().err == "meterai-partner: set METERAI_API_URL (see the README)\n"
    monkeypatch.delenv("METERAI_WEBHOOK_SECRET", raising=False)
    assert main(["listen"]) == 1
    assert "set METERAI_WEBHOOK_SECRET" in capsys.readouterr().err
    monkeypatch.setenv("METERAI_API_URL", "http://127.0.0.1:9")
    assert main(["verify", "/nowhere.pdf"]) == 1
    assert "/nowhere.pdf" in capsys.readouterr().err
