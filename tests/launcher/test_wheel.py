"""The wheel works alone: without the checkout, in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.launcher.test_scripts import ROOT
from tests.places import passing_folder
from tests.prepared import without_settings
from tests.running_service import RunningService, launch

pytestmark = [pytest.mark.journey, pytest.mark.long]

PDF = ROOT / "tests" / "corpus" / "files" / "matplotlib" / "type42.pdf"
PACKAGES = ("meterai", "sandbox", "simulator")


def uv(*words: str | Path) -> None:
    """Runs the uv that script/bootstrap uses, without network."""
    places = f"{os.environ['PATH']}:{ROOT / '.venv' / '.uv' / 'bin'}"
    program = shutil.which("uv", path=places)
    assert program is not None, f"no uv in {places}"
    subprocess.run([program, *words, "--offline", "--quiet"], check=True, cwd=ROOT)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel. It sees the locked packages, but not the checkout."""
    folder = tmp_path_factory.mktemp("environment") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/*/site-packages")
    # A line in a .pth file adds a folder without the .pth files in it: the checkout's own is one of them.
    (packages / "locked.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    uv("pip", "install", "--no-deps", "--python", python, wheel)
    return python.parent


@pytest.fixture(scope="module")
def installed(bin_folder: Path) -> Iterator[RunningService]:
    """The service of the wheel, started as a newcomer starts it."""
    with passing_folder("meterai-wheel-") as place:
        env = {"METERAI_PAYMENT_GATEWAYS": ""}
        service = launch(place / "data", python=bin_folder / "python", env=env)
        try:
            service.wait_until_ready()
            yield service
        finally:
            service.stop()


def run(bin_folder: Path, folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """`meterai` as the wheel's users run it, somewhere else than in the checkout."""
    command = [bin_folder / "meterai", *words]
    return subprocess.run(command, cwd=folder, env=without_settings(), capture_output=True, text=True)


def test_it_has_every_file_of_the_product(wheel: Path) -> None:
    command = ["git", "ls-files", *(f"src/{package}" for package in PACKAGES)]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    files = {name.removeprefix("src/") for name in listed if (ROOT / name).exists()}
    names = set(ZipFile(wheel).namelist())
    assert files - names == set()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)


def test_it_says_its_version(bin_folder: Path, tmp_path: Path) -> None:
    said = run(bin_folder, tmp_path, "--version")
    assert (said.returncode, said.stdout) == (0, "meterai 1.0.0\n")


def test_it_starts_sells_stamps_and_holds(
    bin_folder: Path, installed: RunningService, tmp_path: Path
) -> None:
    place = ("--data", installed.data)
    demo = run(bin_folder, tmp_path, "demo", PDF, "--json", "--gateway", "snap", "--kill-gateway", *place)
    assert demo.returncode == 0, demo.stderr
    (file,) = json.loads(demo.stdout)["files"]
    assert file["verdict"] == "ASLI"
    check = run(bin_folder, tmp_path, "check", *place)
    assert check.returncode == 0, check.stdout + check.stderr
    journal = run(bin_folder, tmp_path, "books", "--journal", *place)
    assert "sale_vat" in journal.stdout, journal.stderr
    subprocess.run(["hledger", "-f-", "check", "--strict"], input=journal.stdout, text=True, check=True)
    shown = run(
        bin_folder, tmp_path, "verify", tmp_path / file["output"], "--trust", installed.data / "pki/trust"
    )
    assert shown.returncode == 0, shown.stderr
    code = "import meterai, sandbox, simulator; print(meterai.__file__, sandbox.__file__, simulator.__file__)"
    imported = subprocess.run(
        [bin_folder / "python", "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert str(ROOT) not in imported.stdout
