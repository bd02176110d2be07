"""The Python SDK fills bundles: only what is expected is uploaded, from where an upload broke off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meterai_sdk import Conflict, Meterai, TookTooLong
from tests.sdk.partner_server import Answer, PartnerServer, Request, partner_server

FILES = {"a.pdf": b"a" * 10, "dalam/b.pdf": b"b" * 20}
BUNDLE = "/api/v1/bundles/bnd_1"


class BundleServer:
    """Takes files as the service does. It loses the answers to the first uploads.

    Of the first one it has half of the bytes. The second one came whole.
    """

    def __init__(self) -> None:
        self.expected: list[dict[str, Any]] = []
        self.received: dict[str, bytes] = {}
        self.breaks = [2, 1]
        """What the bytes of the uploads that break are divided by."""
        self.is_started = False

    def answer(self, request: Request) -> Answer:
        """Answers one request."""
        match request.method, request.path.removeprefix(BUNDLE).split("/")[1:]:
            case "PUT", ["manifest"] if self.is_started:
                return Answer(409, {"code": "bundle.started"})
            case "PUT", ["manifest"]:
                self.expected = [json.loads(line) for line in request.body.splitlines()]
                return Answer(200, {"files": 2, "new": 2})
            case "GET", ["files"]:
                return Answer(
                    200, {"data": [self._file(line) for line in self.expected], "next_cursor": None}
                )
            case "GET", ["files", file]:
                return Answer(200, self._upload(file))
            case _, ["files", file, "content"]:
                return self._take(file, request)
        return Answer(404, {"code": "api.not_found"})

    def _file(self, line: dict[str, Any]) -> dict[str, Any]:
        has_come = len(self.received.get(line["sha256"], b"")) == line["bytes"]
        state = "ready" if has_come else "expected"
        return {"id": line["sha256"], "path": line["path"], "sha256": line["sha256"], "state": state}

    def _upload(self, id: str) -> dict[str, Any]:
        (line,) = (line for line in self.expected if line["sha256"] == id)
        return {"file": self._file(line), "received": len(self.received.get(id, b""))}

    def _take(self, file: str, request: Request) -> Answer:
        offset = int(request.headers.get("upload-offset", "0"))
        before = self.received.get(file, b"") if offset else b""
        if len(before) != offset or self._upload(file)["file"]["state"] != "expected":
            return Answer(409, {"code": "bundle.offset"})
        broken = self.breaks.pop(0) if self.breaks else 0
        self.received[file] = before + request.body[: len(request.body) // (broken or 1)]
        return Answer(0) if broken else Answer(200, {})


@pytest.fixture
def server() -> Iterator[PartnerServer]:
    with partner_server() as running:
        yield running


@pytest.fixture
def client(server: PartnerServer) -> Iterator[Meterai]:
    key = server.key.as_dict(private=True)
    with Meterai(server.url, client_id="cli_1", key_id="key_1", key=key, sleep=lambda _: None) as made:
        yield made


def test_an_upload_goes_on_where_it_broke_off(server: PartnerServer, client: Meterai, tmp_path: Path) -> None:
    bundles = BundleServer()
    server.answer_next = bundles.answer
    files = {}
    for number, (path, content) in enumerate(FILES.items()):
        files[path] = tmp_path / f"{number}.pdf"
        files[path].write_bytes(content)
    client.bundles.upload("bnd_1", files, at_once=1)
    assert {line["path"] for line in bundles.expected} == set(FILES)
    assert sorted(bundles.received.values()) == sorted(FILES.values())
    sent = [request for request in server.requests if request.path.endswith("/content")]
    assert [request.method for request in sent] == ["PUT", "PATCH", "PUT"]
    assert [request.headers.get("upload-offset") for request in sent] == [None, "5", None]
    assert {hashlib.sha256(content).hexdigest() for content in FILES.values()} == set(bundles.received)

    client.bundles.upload("bnd_1", files, facts={"a.pdf": {"type": "other", "value": 5_000_000}})
    facts = [line.get("facts") for line in bundles.expected]
    assert facts == [{"type": "other", "value": 5_000_000}, None]
    assert len([request for request in server.requests if request.path.endswith("/content")]) == 3

    bundles.is_started = True
    client.bundles.upload("bnd_1", files)
    files["a.pdf"].write_bytes(b"other")
    with pytest.raises(Conflict):
        client.bundles.upload("bnd_1", files)


def test_a_bundle_is_waited_for(server: PartnerServer, client: Meterai) -> None:
    server.answers = [
        Answer(200, {"id": "bnd_1", "state": state}) for state in ("stamping", "waiting_for_quota", "ended")
    ]
    assert client.bundles.wait("bnd_1")["state"] == "ended"
    server.answers = [Answer(200, {"id": "bnd_1", "state": "stamping"})]
    with pytest.raises(TookTooLong, match="bnd_1 is still stamping"):
        client.bundles.wait("bnd_1", within_s=0)


def test_the_results_of_a_large_bundle_are_several_files(
    server: PartnerServer, client: Meterai, tmp_path: Path
) -> None:
    following = {"Link": f'<https://other.example{BUNDLE}/results.zip?cursor=c2>; rel="next"'}
    broken = Answer(200, b"o", {**following, "Content-Length": "3", "Connection": "close"})
    server.answers = [broken, Answer(200, b"one", following), Answer(200, b"two")]
    written = client.bundles.download("bnd_1", tmp_path)
    assert [path.read_bytes() for path in written] == [b"one", b"two"]
    assert [request.query for request in server.requests] == [{}, {}, {"cursor": "c2"}]
    assert sorted(tmp_path.iterdir()) == sorted(written)
