"""The audit of what the service is made of."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.launcher.test_scripts import ROOT

pytestmark = pytest.mark.slow

LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")
LOCK = f"# locked\nstamps==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
CANARY = "pycrypto"


def advisory(package: str, name: str) -> dict:
    """An advisory as OSV tells it, mended in 1.1."""
    events = [{"introduced": "0"}, {"fixed": "1.1"}]
    affected = {
        "package": {"name": package, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
    }
    return {"id": name, "summary": "it breaks", "affected": [affected], "published": "2026-01-01T00:00:00Z"}


class Source(BaseHTTPRequestHandler):
    """Answers what OSV answers."""

    advisories: dict[str, list[dict]]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = self.advisories.get(asked["package"]["name"])
        body = json.dumps({"vulns": found} if found else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def source() -> Iterator[tuple[dict[str, list[dict]], str]]:
    """Advisories by package, and the address that tells them."""
    advisories: dict[str, list[dict]] = {}
    handler = type("Answers", (Source,), {"advisories": advisories})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield advisories, f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose locks name one package."""
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script" / "audit", tmp_path / "script")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "pyproject.toml").write_text("[tool]\n")
    for name in LOCKS:
        (tmp_path / name).write_text(LOCK)
    return tmp_path


def run(checkout: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([checkout / "script" / "audit", *words], capture_output=True, text=True)


def test_an_advisory_fails_until_it_is_excused_with_reason_and_day(
    checkout: Path, source: tuple[dict[str, list[dict]], str]
) -> None:
    advisories, address = source
    advisories[CANARY] = [advisory(CANARY, "PYSEC-0")]
    advisories["stamps"] = [advisory("stamps", name) for name in ("PYSEC-1", "PYSEC-2")]
    excuse(checkout, "PYSEC-1", 'reason = "not called"\nuntil = 2999-01-01')
    excuse(checkout, "PYSEC-2", 'reason = "not called"\nuntil = 2026-01-01')
    done = run(checkout, "-s", "osv", "--osv-url", address)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "stamps 1.0: PYSEC-2; mended in: 1.1")
    assert "PYSEC-1" not in done.stdout
    excuse(checkout, "PYSEC-3", "until = 2999-01-01")
    done = run(checkout)
    assert (done.returncode, done.stdout) == (1, "")
    assert "PYSEC-3 in pyproject.toml needs a reason" in done.stderr


def excuse(checkout: Path, name: str, rest: str) -> None:
    with (checkout / "pyproject.toml").open("a") as file:
        file.write(f'[[tool.audit.ignored]]\nid = "{name}"\n{rest}\n')


KNOWN = {"name": CANARY, "version": "2.6.1", "vulns": [{"id": "PYSEC-0"}]}
STAMPS = {"name": "stamps", "version": "1.0", "vulns": []}


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ([KNOWN, STAMPS], 0, "1 packages, 0 advisories"),
        ([KNOWN | {"vulns": []}, STAMPS], 2, "it knows no advisory on pycrypto==2.6.1"),
        ([KNOWN, {"name": "stamps", "skip_reason": "stamps is not found"}], 2, "stamps is not found"),
    ],
)
def test_a_source_that_knows_nothing_is_no_good_news(
    checkout: Path, answers: list[dict], code: int, words: str
) -> None:
    (checkout / ".venv").unlink()
    tool = checkout / ".venv" / "bin" / "pip-audit"
    tool.parent.mkdir(parents=True)
    tool.write_text(f"#!/bin/sh\necho '{json.dumps({'dependencies': answers})}'\n")
    tool.chmod(0o755)
    done = run(checkout)
    assert done.returncode == code
    assert words in done.stdout + done.stderr


def test_a_source_that_is_not_reached_is_no_good_news(checkout: Path) -> None:
    done = run(checkout, "-s", "osv", "--osv-url", "http://127.0.0.1:9/")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Connection refused" in done.stderr


def test_the_bill_of_materials_names_what_the_service_is_made_of(tmp_path: Path) -> None:
    from cyclonedx.schema import SchemaVersion  # here: it takes seconds in every process that collects
    from cyclonedx.validation.json import JsonStrictValidator

    path = tmp_path / "sbom.json"
    assert run(ROOT, "--sbom", path).returncode == 0
    text = path.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    listed = {part["name"]: part for part in json.loads(text)["components"]}
    lock = (ROOT / "requirements.lock").read_text()
    for name, version, hashes in re.findall(r"^(\S+)==(\S+).*((?:\n    --hash=.*)+)", lock, re.MULTILINE):
        told = {h["content"] for r in listed[name]["externalReferences"] for h in r.get("hashes", [])}
        assert (listed[name]["version"], told) == (version, set(re.findall(r"sha256:(\w+)", hashes)))
    assert {"zxing-wasm", "@noble/ed25519"} <= listed.keys()
    assert "libtiff" in {part["name"] for part in listed["pillow"]["components"]}
