"""A partner of a running service with stock and a program, as officers make them by commands."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
from joserfc.jwk import ECKey

from meterai_sdk import Meterai
from simulator.crowd.service import find_service

FACE = 10_000


class MadeClient(msgspec.Struct, frozen=True, kw_only=True):
    """A distributor's program and its key."""

    code: str
    client_id: str
    key_id: str
    private_key: str

    def __repr__(self) -> str:
        return f"MadeClient({self.client_id})"


def make_partner(data: Path, *, pieces: int) -> Meterai:
    """Makes a distributor with this many stamps. Returns a client of the API that acts for it.

    `data`: of a running development service, which has no officers yet.
    """
    return acting_for(data, make_client(data, pieces=pieces))


def make_client(data: Path, *, pieces: int) -> MadeClient:
    """Makes a distributor with this many stamps, and registers its program."""
    code, key = f"ukur-{uuid.uuid4().hex[:8]}", ECKey.generate_key("P-256")
    with NamedTemporaryFile(suffix=".pem") as public:
        public.write(key.as_pem(private=False))
        public.flush()
        _run(data, "partner", "add", code, "--name", f"PT {code}", "--role", "distributor")
        _run(data, "partner", "agree", code, "--price", str(FACE))
        _run(data, "partner", "deposit", code, str(pieces * FACE), "--receipt", f"NTPN-{code}")
        _run(data, "partner", "block", code, str(pieces), "--by", "deposit")
        told = _run(data, "client", "add", code, "--name", "Benchmark", "--key", public.name)
    pem = key.as_pem(private=True).decode()
    return MadeClient(code=code, client_id=told["client_id"], key_id=told["kid"], private_key=pem)


def acting_for(data: Path, made: MadeClient) -> Meterai:
    """A client of the API."""
    site = find_service(data).site
    return Meterai(site, client_id=made.client_id, key_id=made.key_id, key=made.private_key)


def make_login(data: Path, made: MadeClient) -> tuple[str, str]:
    """Switches the wire on. Returns a user name and its password."""
    _run(data, "client", "wire", made.code, "on", "--reason", "benchmark")
    told = _run(data, "client", "login", made.client_id, "--user", f"{made.code}@contoh.id")
    return told["user"], told["password"]


def _run(data: Path, *words: str) -> dict[str, str]:
    """What a command says, by the names before the colons."""
    command = [sys.executable, "-m", "meterai.cli", *words, "--data", str(data)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {name: value.strip() for name, _, value in (line.partition(":") for line in said.splitlines())}
