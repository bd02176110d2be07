"""What the command line does for the shell: its version, completion, standard input."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from meterai.cli.main import COMMANDS
from tests.launcher.test_scripts import ROOT

PDF = ROOT / "tests" / "corpus" / "files" / "matplotlib" / "type42.pdf"


def run(
    *words: str, given: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "meterai.cli", *words]
    return subprocess.run(command, input=given, capture_output=True, env={**os.environ, **(env or {})})


def completed(line: str, *, is_zsh: bool = False) -> str:
    """What a shell is offered at the end of a line."""
    env = {"_METERAI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    if is_zsh:
        env = {"_METERAI_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
    return run(env=env).stdout.decode()


def test_the_version_is_that_of_the_package() -> None:
    shown = run("--version")
    assert (shown.returncode, shown.stdout.decode()) == (0, f"meterai {version('meterai')}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_asks_for_completions(shell: str) -> None:
    shown = run(env={"_METERAI_COMPLETE": f"source_{shell}"})
    assert shown.returncode == 0
    assert b"_METERAI_COMPLETE" in shown.stdout


def test_commands_and_groups_are_completed() -> None:
    names = {name.partition(" ")[0] for name in COMMANDS}
    assert set(completed("meterai ").split()) == names
    assert completed("meterai verif").split() == ["verify", "verifier"]
    assert set(completed("meterai keys re").split()) == {"request", "retire"}


def test_options_of_a_command_are_completed_though_its_module_is_loaded_late() -> None:
    assert completed("meterai verify --tr").split() == ["--trust", "--trust-root"]
    assert "--certificate" in completed("meterai keys add --").split()
    assert "--trust-root" in completed("meterai verify --trust-r", is_zsh=True)


@pytest.mark.long
def test_a_file_can_be_judged_from_standard_input(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from sandbox.pki.authority import make_pki; make_pki(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "pki"], check=True)
    root = tmp_path / "pki" / "root.pem"
    options = ("--json", "--trust-root", str(root))
    piped = run("verify", "-", *options, given=PDF.read_bytes())
    named = run("verify", str(PDF), *options)
    assert piped.stdout == named.stdout
    assert piped.returncode == named.returncode == 4
    missing = run("verify", "missing.pdf", *options)
    assert missing.returncode == 2
    assert b"does not exist" in missing.stderr
