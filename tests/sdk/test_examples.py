"""The examples of the SDKs' READMEs run as they are printed, against the running service."""

from __future__ import annotations

import os
import re
import sys
import uuid
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from tests.launcher.test_scripts import ROOT
from tests.run_here import RunHere, make_run_here
from tests.running_service import RunningService
from tests.sdk.readme_examples import module_of, program_of
from tests.sdk.typescript_package import PACKAGE, build, run
from tests.stamping.letters import make_letter

pytestmark = pytest.mark.journey

PYTHON = ROOT / "sdk" / "python" / "README.md"
TYPESCRIPT = PACKAGE / "README.md"


@pytest.fixture
def place(
    tmp_path: Path,
    service: RunningService,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Where the examples run: with documents, and a client of a new partner in the environment."""
    for name in ("surat.pdf", "surat/satu.pdf", "surat/dua.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(make_letter(f"Tanda tangan {tmp_path.name} {name}"))
    key = OKPKey.generate_key("Ed25519")
    (tmp_path / "client.pem").write_bytes(key.as_pem(private=True))
    (tmp_path / "public.pem").write_bytes(key.as_pem(private=False))
    with pytest.MonkeyPatch.context() as patch:
        client = new_partner(service, make_run_here(patch, capsys), tmp_path / "public.pem")
    for name, value in {**client, "URL": service.addresses.site, "KEY": str(tmp_path / "client.pem")}.items():
        monkeypatch.setenv(f"METERAI_API_{name}", value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return tmp_path


def new_partner(service: RunningService, run_here: RunHere, public_key: Path) -> dict[str, str]:
    """A distributor with 20 stamps. Returns the ids of its client, as the command prints them."""
    code = f"contoh-{uuid.uuid4().hex[:8]}"
    for words in (
        f"partner add {code} --name Contoh-{code} --role distributor",
        f"partner agree {code} --price 10000",
        f"partner deposit {code} 200000 --receipt NTPN-{code}",
        f"partner block {code} 20 --by deposit",
        f"client add {code} --name Contoh --key {public_key}",
    ):
        done = run_here(*words.split(), "--data", str(service.data))
        assert done.returncode == 0, done.stderr
    told = dict(line.split(":", 1) for line in done.stdout.splitlines()[:2])
    return {"CLIENT": told["client_id"].strip(), "KEY_ID": told["kid"].strip()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, service: RunningService) -> Path:
    """The TypeScript package with the service's types, its tests and the program of its README."""
    readme = module_of(program_of(TYPESCRIPT, "typescript"))
    return build(tmp_path_factory.mktemp("sdk"), service.addresses.site, {"readme": readme})


def test_python(place: Path) -> None:
    said = run(sys.executable, "-c", program_of(PYTHON, "python"), at=place).splitlines()
    check(said, place)


def test_typescript(place: Path, built: Path) -> None:
    said = run("node", str(built / "examples" / "readme.js"), at=place).splitlines()
    check(said, place)


def check(said: list[str], place: Path) -> None:
    """Checks what the programs of both READMEs print, and the file that they write."""
    said = [re.sub(r"[\[\]' ]+", " ", line).strip() for line in said]
    assert re.fullmatch(r"released [0-9A-Z]{22}", said[0])
    assert said[1:4:2] == ["1 1", "NO_STAMP"]
    assert said[2].startswith("released 20")
    assert said[4].startswith("serial.unknown ")
    assert said[5] == "3.1.0"
    stamped = (place / "surat-bermeterai.pdf").read_bytes()
    assert said[0].removeprefix("released ").encode() in stamped


def test_command_line(place: Path) -> None:
    said = run("sh", "-euc", program_of(PYTHON, "sh"), at=place).splitlines()
    assert [line.split("\t")[:2] for line in said[:4]] == [
        ["dua.pdf", "stamped"],
        ["satu.pdf", "stamped"],
        ["bermeterai/dua.pdf", "ASLI"],
        ["bermeterai/satu.pdf", "ASLI"],
    ]
    assert said[4:] == ["surat.pdf\tNO_STAMP\t", "not a genuine stamped document"]


def test_the_tests_of_typescript_hold(built: Path) -> None:
    said = run("node", "--test", "--test-reporter=tap", str(built / "test"), at=built)
    assert "# fail 0" in said
    assert said.count("\nok ") > 10
