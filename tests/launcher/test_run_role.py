"""`meterai run ROLE`: a process by itself, with the settings of its role alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from meterai.cli.run_role import Role, environment_of, spec_of
from meterai.kit import database_urls
from meterai.kit.settings import Settings
from tests.ports import free_port
from tests.storage_fixtures import TestDatabase
from tests.waiting import until

_DATABASE = {
    Role.SITE: "site",
    Role.WORKER: "worker",
    Role.CONTROLLER: "controller",
    Role.SIGNER: "signer",
    Role.VERIFIER: "verifier",
    Role.CONSOLE: "console",
    Role.CLOSER: "closer",
}
"""The database role of each process; gate and status page have none."""


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_its_own_address_of_the_database_alone(role: Role, tmp_path: Path) -> None:
    urls = {name: f"postgresql://{name}@h/d" for name in database_urls.SETTINGS}
    settings = Settings(data=tmp_path, payout_key="money leaves", **urls)  # type: ignore[arg-type]
    told = environment_of(role, spec_of(role, settings), settings)
    expected = {f"METERAI_DATABASE_{_DATABASE[role].upper()}_URL"} if role in _DATABASE else set()
    assert {
        name for name in told if name.startswith("METERAI_DATABASE") and name.endswith("_URL")
    } == expected
    assert ("METERAI_PAYOUT_KEY" in told) == (role is Role.WORKER)
    assert told["METERAI_ROLE_PORT"] != "0"


def test_a_gate_is_ready_and_ends_when_told(tmp_path: Path) -> None:
    monitors = free_port()
    (tmp_path / "queue").mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "METERAI_DATA": str(tmp_path),
        "METERAI_PORT": str(free_port() - 6),
        "METERAI_ROLE_PORT": f"127.0.0.1:{monitors}",
    }
    words = [sys.executable, "-m", "meterai.cli", "run", "gate"]
    gate = subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True, umask=0o022)
    try:
        until(lambda: _answers(f"http://127.0.0.1:{monitors}/readyz"), "the gate is not ready")
        status = Path(f"/proc/{gate.pid}/status").read_text()
        assert "\nUmask:\t0007\n" in status, "its group shares the folder of queues"
    finally:
        gate.send_signal(signal.SIGTERM)
    assert gate.wait(10) == 0, gate.stderr and gate.stderr.read()


def test_a_site_makes_no_secret(database: TestDatabase, tmp_path: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "METERAI_DATA": str(tmp_path),
        "METERAI_DATABASE_SITE_URL": database.urls.site,
    }
    words = [sys.executable, "-m", "meterai.cli", "run", "site"]
    refused = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert f"METERAI_SECRETS_FOLDER: {tmp_path}/secrets/application.json is missing" in refused.stderr
    assert not (tmp_path / "secrets").exists()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
