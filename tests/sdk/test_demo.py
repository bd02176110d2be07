"""`meterai demo partner` against the running service: all goes as documented, and the books hold."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.running_service import RunningService

pytestmark = pytest.mark.journey


def test_a_partners_first_day(service: RunningService) -> None:
    def meterai(*words: str) -> str:
        command = [sys.executable, "-m", "meterai.cli", *words, "--data", str(service.data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    said = meterai("demo", "partner")
    assert "ASLI (SPESIMEN)" in said
    assert "refused sandbox.signer_down" in said
    meterai("check")
