"""The command `meterai` in the process of the tests."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import Protocol

import pytest
import structlog

from meterai.cli.main import main


class RunHere(Protocol):
    """The command in this process, for those that end before they begin: half a second cheaper each."""

    def __call__(
        self, *words: str, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]: ...


def make_run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunHere:
    """Runs `main` with these words, and whatever it changes is put back with the patch."""

    def begin(*_: object, **__: object) -> None:
        raise AssertionError("it began all the same")

    def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(os, "environ", os.environ.copy())
        os.environ.update(env or {})
        monkeypatch.setattr(sys, "argv", ["meterai", *words])
        monkeypatch.setattr(subprocess, "Popen", begin)
        monkeypatch.setattr(os, "umask", lambda mask: mask)  # of this process: all later tests would have it
        for owner, name in ((structlog, "configure"), (logging, "basicConfig")):  # the other tests' logs
            monkeypatch.setattr(owner, name, lambda **_: None)
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code or 0
        assert isinstance(code, int), code
        return subprocess.CompletedProcess(words, code, said.out, said.err)

    return run
