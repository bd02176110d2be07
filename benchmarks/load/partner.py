"""A partner of a running service with stock and a program, as officers make them by commands."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from tempfile import NamedTemporaryFile

from joserfc.jwk import ECKey

from meterai_sdk import Meterai
from simulator.crowd.service import find_service

FACE = 10_000


def make_partner(data: Path, *, pieces: int) -> Meterai:
    """Makes a distributor with this many stamps. Returns a client of the API that acts for it.

    `data`: of a running development service, which has no officers yet.
    """
    code, key = f"ukur-{uuid.uuid4().hex[:8]}", ECKey.generate_key("P-256")
    with NamedTemporaryFile(suffix=".pem") as public:
        public.write(key.as_pem(private=False))
        public.flush()
        _run(data, "partner", "add", code, "--name", f"PT {code}", "--role", "distributor")
        _run(data, "partner", "agree", code, "--price", str(FACE))
        _run(data, "partner", "deposit", code, str(pieces * FACE), "--receipt", f"NTPN-{code}")
        _run(data, "partner", "block", code, str(pieces), "--by", "deposit")
        said = _run(data, "client", "add", code, "--name", "Benchmark", "--key", public.name)
    told = {name: value.strip() for name, _, value in (line.partition(":") for line in said.splitlines())}
    return Meterai(
        find_service(data).site,
        client_id=told["client_id"],
        key_id=told["kid"],
        key=key.as_pem(private=True).decode(),
    )


def _run(data: Path, *words: str) -> str:
    command = [sys.executable, "-m", "meterai.cli", *words, "--data", str(data)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
