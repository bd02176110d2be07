"""The examples of the SDKs' READMEs, and what leads partners in, run as printed against the service."""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
import zipfile
from pathlib import Path

import pytest

from meterai.partners.clients.public_keys import read_public_key
from meterai.web.developers.developer_pages import SAMPLES
from tests.launcher.test_scripts import ROOT
from tests.run_here import RunHere, make_run_here
from tests.running_service import RunningService
from tests.sdk.readme_examples import module_of, program_of
from tests.sdk.typescript_package import PACKAGE, build, run, run_tests
from tests.stamping.letters import make_letter

pytestmark = pytest.mark.journey

PYTHON = ROOT / "sdk" / "python" / "README.md"
TYPESCRIPT = PACKAGE / "README.md"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """What `partner` made, for all tests."""
    return {}


@pytest.fixture
def partner(
    made: dict[str, str],
    service: RunningService,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> dict[str, str]:
    """The variables of the client of a partner. Its key is made as the READMEs say. Both say it alike."""
    if not made:
        keys = tmp_path_factory.mktemp("keys")
        (how,) = {program_of(readme, "bash") for readme in (PYTHON, TYPESCRIPT)}
        run("sh", "-euc", how, at=keys)
        with pytest.MonkeyPatch.context() as patch:
            ids = new_partner(service, make_run_here(patch, capsys), keys / "public.pem")
        variables = {**ids, "URL": service.addresses.site, "KEY": str(keys / "client.pem")}
        made.update({f"METERAI_API_{name}": value for name, value in variables.items()})
    return made


def new_partner(service: RunningService, run_here: RunHere, public_key: Path) -> dict[str, str]:
    """A distributor with 40 stamps. Returns the ids of its client, as the command prints them."""
    code = f"contoh-{uuid.uuid4().hex[:8]}"
    for words in (
        f"partner add {code} --name Contoh-{code} --role distributor",
        f"partner agree {code} --price 10000",
        f"partner deposit {code} 400000 --receipt NTPN-{code}",
        f"partner block {code} 40 --by deposit",
        f"client add {code} --name Contoh --key {public_key}",
    ):
        done = run_here(*words.split(), "--data", str(service.data))
        assert done.returncode == 0, done.stderr
    told = dict(line.split(":", 1) for line in done.stdout.splitlines()[:2])
    return {"CLIENT": told["client_id"].strip(), "KEY_ID": told["kid"].strip()}


@pytest.fixture
def place(tmp_path: Path, partner: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where examples run: with documents of their own, and the partner's client in the environment."""
    for name in ("surat.pdf", "surat/satu.pdf", "surat/dua.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(make_letter(f"Tanda tangan {tmp_path.name} {name}"))
    for name, value in partner.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return tmp_path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, service: RunningService) -> Path:
    """The TypeScript package with the service's types, its tests and the program of its README."""
    readme = module_of(program_of(TYPESCRIPT, "typescript"))
    programs = {"readme": readme, "start": sample("typescript")}
    return build(tmp_path_factory.mktemp("sdk"), service.addresses.site, programs)


def sample(name: str) -> str:
    """A program of the first page for developers."""
    return (SAMPLES / f"start-{name}.txt").read_text()


def test_python(place: Path) -> None:
    said = run(sys.executable, "-c", program_of(PYTHON, "python"), at=place).splitlines()
    check(said, place, shop="Toko Jaya")


@pytest.mark.long
def test_typescript(place: Path, built: Path) -> None:
    said = run("node", str(built / "examples" / "readme.js"), at=place).splitlines()
    check(said, place, shop="Toko Maju")


def test_the_first_page_for_developers(place: Path, built: Path) -> None:
    """Its programs stamp surat.pdf one after the other, so each gets another one."""
    programs = (
        ("sh", "-euc", sample("curl")),
        (sys.executable, "-c", sample("python")),
        ("node", str(built / "examples" / "start.js")),
    )
    for words in programs:
        (place / "surat.pdf").write_bytes(make_letter(f"{place.name} {words[0]}"))
        assert run(*words, at=place).splitlines()[-1] == "ASLI", words[0]
    run("sh", "-euc", (SAMPLES / "key.txt").read_text(), at=place)
    assert read_public_key((place / "meterai-public.pem").read_bytes())


SERIAL = "[0-9A-Z]{22}"
SAID = rf"""
released {SERIAL}
ASLI {SERIAL}
1 1
released 20.*
dua.pdf stamped {SERIAL}
satu.pdf stamped {SERIAL}
NO_STAMP
serial.unknown .*
stamps left: \d+
5 stamps at 10500
SHOP retailer 3
stock ready \d+
20.* \d+ requests, \d+ stamps
(GET|POST) /api/v1/.*
stamp.released stm_.*
webhook.test true
rotated: true
3.1.0
"""
"""Lines that the programs of both READMEs print in this order, among others."""


def check(said: list[str], place: Path, *, shop: str) -> None:
    """Checks what the programs of both READMEs print, and the files that they write."""
    lines = iter([re.sub(r"[\[\]' ]+", " ", line).strip().replace("True", "true") for line in said])
    for pattern in SAID.replace("SHOP", shop).split("\n")[1:-1]:
        assert any(re.fullmatch(pattern, line) for line in lines), f"{pattern} is not in {said}"
    (archive,) = place.glob("*.zip")
    with zipfile.ZipFile(archive) as stamped:
        assert stamped.namelist() == ["dua.pdf", "satu.pdf"]
    assert zipfile.is_zipfile(place / "stok.xlsx")
    assert re.findall(SERIAL, said[0])[0].encode() in (place / "surat-bermeterai.pdf").read_bytes()


def test_command_line(place: Path) -> None:
    said = run("sh", "-euc", program_of(PYTHON, "sh"), at=place).splitlines()
    assert [line.split("\t")[:2] for line in said[:4]] == [
        ["dua.pdf", "stamped"],
        ["satu.pdf", "stamped"],
        ["bermeterai/dua.pdf", "ASLI"],
        ["bermeterai/satu.pdf", "ASLI"],
    ]
    assert said[4:] == ["surat.pdf\tNO_STAMP\t", "not a genuine stamped document"]


@pytest.mark.long
def test_the_tests_of_typescript_hold(built: Path) -> None:
    said = run_tests(built)
    assert "\n# fail 0\n" in said
    passed = re.search(r"^# pass (\d+)$", said, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) > 25


@pytest.mark.long
def test_a_partners_first_day(service: RunningService) -> None:
    """`meterai demo partner`: all goes as documented, and the books hold."""
    meterai = (sys.executable, "-m", "meterai.cli")
    said = run(*meterai, "demo", "partner", "--data", str(service.data), at=ROOT)
    assert "ASLI (SPESIMEN)" in said
    assert "refused sandbox.signer_down" in said
    run(*meterai, "check", "--data", str(service.data), at=ROOT)


@pytest.mark.long
def test_clients_of_the_wire(service: RunningService) -> None:
    """`meterai demo wire`: an existing client gets its documents stamped in each mode, and the books hold."""
    meterai = (sys.executable, "-m", "meterai.cli")
    for mode in ("onprem", "cloud", "batch"):
        said = run(*meterai, "demo", "wire", "--mode", mode, "--json", "--data", str(service.data), at=ROOT)
        found = json.loads(said)
        assert (found["used"], found["unused"], len(found["files"])) == (3, 0, 3)
    run(*meterai, "check", "--data", str(service.data), at=ROOT)
