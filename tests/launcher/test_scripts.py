"""The commands a newcomer runs."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [*sorted((ROOT / "script").iterdir()), ROOT / ".ci" / "run"]
LOCK = (ROOT / "requirements.lock").read_text()
BUILD_LOCK = (ROOT / "requirements-build.lock").read_text()
DEVELOPMENT_LOCK = (ROOT / "requirements-dev.lock").read_text()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_can_be_run_and_parse(script: Path) -> None:
    assert os.access(script, os.X_OK)
    text = script.read_text()
    if text.startswith("#!/usr/bin/env python3\n"):
        compile(text, script, "exec")
        return
    assert text.startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", script], capture_output=True).returncode == 0


def test_nothing_that_installs_names_a_host() -> None:
    texts = [script.read_text() for script in SCRIPTS] + [
        LOCK,
        BUILD_LOCK,
        DEVELOPMENT_LOCK,
        (ROOT / "pyproject.toml").read_text(),
    ]
    assert [found for text in texts for found in re.findall(r"https?://\S+", text)] == []


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PROJECT["project"]["dependencies"]
BUILD = PROJECT["dependency-groups"]["build"]
SDK = tomllib.loads((ROOT / "sdk" / "python" / "pyproject.toml").read_text())["project"]["dependencies"]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"] + SDK


@pytest.mark.parametrize(
    ("named", "lock"), [(RUNTIME, LOCK), (BUILD, BUILD_LOCK), (DEVELOPMENT, DEVELOPMENT_LOCK)]
)
def test_every_dependency_is_locked_with_hashes(named: list[str], lock: str) -> None:
    locked = dict(
        re.findall(r"^([a-z0-9_.-]+)==\S+.* \\\n    --hash=(sha256:[0-9a-f]{64})", lock, re.MULTILINE)
    )
    assert names_of(named) - locked.keys() == set()
    assert len(locked) == len(re.findall(r"^[a-z0-9_.-]+==", lock, re.MULTILINE))


def test_locks_have_the_same_version_of_a_package() -> None:
    locks = [
        dict(re.findall(r"^([a-z0-9_.-]+)==(\S+)", lock, re.MULTILINE))
        for lock in (LOCK, BUILD_LOCK, DEVELOPMENT_LOCK)
    ]
    for one, other in itertools.combinations(locks, 2):
        both = one.keys() & other.keys()
        assert {name: one[name] for name in both} == {name: other[name] for name in both}


def names_of(requirements: list[str]) -> set[str]:
    """The packages that requirements name, in lower case."""
    return {re.split(r"[^A-Za-z0-9_.-]", requirement)[0].lower() for requirement in requirements}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_bootstrap_refuses_a_checkout_it_can_not_write_to() -> None:
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with tempfile.TemporaryDirectory() as name:
        checkout = bare_checkout(Path(name))
        command = [*become, "sh", checkout / "script" / "bootstrap"]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "can't write to" in done.stderr


def bare_checkout(checkout: Path) -> Path:
    """What script/bootstrap reads, without an environment."""
    checkout.chmod(0o755)
    (checkout / "script").mkdir()
    for file in ("script/bootstrap", "requirements.lock", "requirements-build.lock", "pyproject.toml"):
        (checkout / file).write_bytes((ROOT / file).read_bytes())
    return checkout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--wheelhouse",), "--wheelhouse needs a folder"),
        (("--wheelhouse", "nowhere"), "there is no folder nowhere"),
        (("--wheelhouse", "."), "holds no packages. Make it with script/wheelhouse"),
        (("--nonsense",), "unknown option --nonsense"),
    ],
)
def test_bootstrap_says_what_a_wheelhouse_lacks(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    command = ["sh", bare_checkout(tmp_path) / "script" / "bootstrap", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / ".venv").exists()
