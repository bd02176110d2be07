"""The examples of the SDKs' READMEs run as they are printed, against the running service."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from tests.launcher.test_scripts import ROOT
from tests.running_service import RunningService
from tests.sdk.readme_examples import module_of, program_of
from tests.sdk.typescript_package import PACKAGE, build, run
from tests.stamping.letters import make_letter

pytestmark = pytest.mark.journey

PYTHON = ROOT / "sdk" / "python" / "README.md"
TYPESCRIPT = PACKAGE / "README.md"


@pytest.fixture
def place(tmp_path: Path, service: RunningService, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the examples run: with a document, and a client's credentials in the environment."""
    (tmp_path / "surat.pdf").write_bytes(make_letter("Surat untuk contoh"))
    key = tmp_path / "client.pem"
    key.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
    for name, value in {
        "URL": service.addresses.site,
        "CLIENT": "cli_00000000000000000000000001",
        "KEY_ID": "key_00000000000000000000000001",
        "KEY": str(key),
    }.items():
        monkeypatch.setenv(f"METERAI_API_{name}", value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, service: RunningService) -> Path:
    """The TypeScript package with the service's types, its tests and the program of its README."""
    readme = module_of(program_of(TYPESCRIPT, "typescript"))
    return build(tmp_path_factory.mktemp("sdk"), service.addresses.site, {"readme": readme})


def test_python(place: Path) -> None:
    said = run(sys.executable, "-c", program_of(PYTHON, "python"), at=place).splitlines()
    assert said[0] == "NO_STAMP []"
    assert said[1].startswith("serial.unknown ")
    assert said[2] == "3.1.0"


def test_command_line(place: Path) -> None:
    said = run("sh", "-euc", program_of(PYTHON, "sh"), at=place)
    assert said == "surat.pdf\tNO_STAMP\t\nnot a genuine stamped document\n"


def test_typescript(place: Path, built: Path) -> None:
    said = run("node", str(built / "examples" / "readme.js"), at=place).splitlines()
    assert said[0] == "NO_STAMP []"
    assert said[1].startswith("serial.unknown ")
    assert said[2] == "3.1.0"


def test_the_tests_of_typescript_hold(built: Path) -> None:
    said = run("node", "--test", "--test-reporter=tap", str(built / "test"), at=built)
    assert "# fail 0" in said
    assert said.count("\nok ") > 10
