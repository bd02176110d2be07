"""Which keys production opens: none in a file, none of the development PKI."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from meterai.cli.operator.keys import refuse_misplaced
from meterai.kernel.refusals import Refusal
from meterai.kit.settings import Settings
from meterai.stamping.keys.development_key import development_key
from meterai.stamping.keys.signing_keys import SigningKey
from meterai.stamping.signer.private_keys.code_key import CodeKey
from meterai.stamping.signer.private_keys.key_opener import KeyOpener
from sandbox.pki.authority import make_pki
from tests.keys.certified import certify, encoded
from tests.keys.soft_hsm import MODULE, PIN, SoftHsm


def settings(pki: Path, **changes: object) -> Settings:
    return msgspec.structs.replace(Settings(data=pki.parent), **changes)


async def test_development_opens_the_key_in_its_file(pki: Path) -> None:
    key = development_key(pki)
    assert (await KeyOpener(settings(pki))(key)).key_id == key.key_id


async def test_production_opens_no_development_key(pki: Path) -> None:
    with pytest.raises(ValueError, match="SPESIMEN"):
        await KeyOpener(settings(pki, environment="production"))(development_key(pki))


async def test_production_opens_no_key_in_a_file(pki: Path) -> None:
    key = SigningKey(
        key_id="0" * 16, place="file:pki", certificates=(b"a real one",), valid_from=datetime.now(UTC),
        valid_until=datetime.now(UTC) + timedelta(days=1),
    )  # fmt: skip
    with pytest.raises(ValueError, match="file"):
        await KeyOpener(settings(pki, environment="production"))(key)


async def test_a_token_needs_its_module_and_the_key_of_its_certificate(pki: Path, hsm: SoftHsm) -> None:
    place = "pkcs11:token=meterai;object=stamp-1"
    chain = encoded(certify(pki, place))
    key = SigningKey(
        key_id="0" * 16, place=place, certificates=tuple(chain), valid_from=datetime.now(UTC),
        valid_until=datetime.now(UTC) + timedelta(days=1),
    )  # fmt: skip
    with pytest.raises(ValueError, match="METERAI_PKCS11_MODULE"):
        await KeyOpener(settings(pki))(key)
    hsm.write_pin(pki.parent / "secrets" / "pkcs11-pin")
    device = await KeyOpener(settings(pki, pkcs11_module=str(MODULE)))(key)
    assert not device.trouble
    await device.close()


async def test_a_slip_in_the_place_of_a_key_is_refused_before_it_is_registered_for_good(
    pki: Path, hsm: SoftHsm, tmp_path: Path
) -> None:
    pin, token = hsm.write_pin(tmp_path / "pin"), "pkcs11:token=meterai"
    chain = certify(pki, f"{token};object=stamp-1")
    here = settings(pki, pkcs11_module=str(MODULE), pkcs11_pin_file=str(pin))
    for place, said in (
        (f"{token};object=stamp1", "holds no such private key"),
        (f"{token};object=other", "not the one of certificate"),
    ):
        await refuse_misplaced(place, chain, settings(pki))  # a shell that knows no token
        with pytest.raises(Refusal, match=r"key\.unfit") as caught:
            await refuse_misplaced(place, chain, here)
        assert said in str(caught.value.facts["reason"])
    later = "pkcs11:token=not-here-yet;object=stamp-1"
    for place in (f"{token};object=stamp-1", later, token, "file:pki"):  # the last two by other rules
        await refuse_misplaced(place, chain, here)


def test_the_key_of_the_code_is_made_once_for_who_prints_it_and_who_reads_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "meterai.cli", "keys", "code", "--data", str(tmp_path / "data")]
    pki = tmp_path / "data" / "pki"
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    key = CodeKey.load(pki)
    assert key.public_bytes.hex() in (pki / "trust" / "code.json").read_text()
    assert [file.stat().st_mode & 0o777 for file in (pki / "code.key.pem", pki / "trust" / "code.json")] == [
        0o600,
        0o600,
    ]
    again = subprocess.run(command, capture_output=True, text=True)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    assert CodeKey.load(pki).public_bytes == key.public_bytes


def test_the_development_pki_takes_the_place_of_nothing(tmp_path: Path) -> None:
    pinned = tmp_path / "pki" / "trust" / "root.pem"
    pinned.parent.mkdir(parents=True)
    pinned.write_bytes(b"an officer's")
    with pytest.raises(FileExistsError):
        make_pki(tmp_path / "pki", "p-256")
    assert pinned.read_bytes() == b"an officer's"
    assert [path.name for path in tmp_path.iterdir()] == ["pki"], "nothing is left beside it"


@pytest.mark.parametrize(
    ("token", "pin", "out", "said"),
    [
        ("meteri", PIN, "a.csr", "NoSuchToken"),
        ("meterai", "0000", "a.csr", "refuses the PIN"),
        ("meterai", PIN, "no/a.csr", "No such file"),
    ],
)
def test_a_slip_in_the_ceremony_is_answered_in_words(
    tmp_path: Path, hsm: SoftHsm, token: str, pin: str, out: str, said: str
) -> None:
    hsm.write_pin(tmp_path / "secrets" / "pkcs11-pin", pin)
    place = f"pkcs11:token={token};object=stamp-1"
    shown = subprocess.run(
        [
            sys.executable,
            "-m",
            "meterai.cli",
            "keys",
            "request",
            "--place",
            place,
            "--name",
            "A",
            "--out",
            out,
        ],
        env={**os.environ, **hsm.environment, "METERAI_DATA": str(tmp_path), "COLUMNS": "200"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (shown.returncode, "Traceback" in shown.stderr) == (2, False)
    assert said in shown.stderr
