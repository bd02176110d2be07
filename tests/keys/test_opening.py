"""Which keys production opens: none in a file, none of the development PKI."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.keys.certified import certify, encoded
from tests.keys.soft_hsm import MODULE, PIN, SoftHsm

from meterai.kit.settings import Settings
from meterai.stamping.development_key import development_key
from meterai.stamping.seal.opening import KeyOpener
from meterai.stamping.signing_keys import SigningKey


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
