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

from meterai_sdk.cli.main import main
from tests.ports import free_port
from tests.sdk.partner_server import Answer, partner_server

SECRET = f"whsec_{base64.b64encode(b's' * 24).decode()}"


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """`meterai-partner listen`: its address, and the file that it prints to."""
    printed, port = tmp_path / "events", free_port()
    words = ["-m", "meterai_sdk.cli.main", "listen", "--port", str(port), "--secret", SECRET]
    command = ["env", "--default-signal=INT", sys.executable, *words]
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


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("METERAI_API_URL", raising=False)
    assert main(["verify", __file__]) == 1
    assert capsys.readouterr().err == "meterai-partner: set METERAI_API_URL (see the README)\n"
    monkeypatch.setenv("METERAI_API_URL", "http://127.0.0.1:9")
    assert main(["verify", "/nowhere.pdf"]) == 1
    assert "/nowhere.pdf" in capsys.readouterr().err
