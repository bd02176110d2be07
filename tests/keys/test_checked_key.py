"""How many wrong signatures stop the signing, and which keys the signer does not open."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from structlog.testing import capture_logs

from meterai.kernel.refusals import Refusal
from meterai.stamping.keys.signing_keys import SigningKey
from meterai.stamping.signer.private_keys import checked_key, key_ring
from meterai.stamping.signer.private_keys.checked_key import WRONG_WITHIN_SECONDS, CheckedKey, FaultAlarm
from meterai.stamping.signer.private_keys.code_key import CodeKey
from meterai.stamping.signer.private_keys.key_ring import KeyRing
from meterai.stamping.signer.private_keys.software_key import OpenKey, SoftwareKey, algorithm_of


@pytest.mark.parametrize(
    ("moments", "thrown"),
    [
        ([0, 1, WRONG_WITHIN_SECONDS], 1),
        ([0, 1, WRONG_WITHIN_SECONDS + 1], 0),
        ([0, 500, 1000, 1100], 1),
        ([0, 1, 2, 3, 4], 1),  # after the release they are counted from zero
    ],
)
async def test_three_wrong_signatures_within_ten_minutes_throw_the_switch(
    monkeypatch: pytest.MonkeyPatch, moments: list[float], thrown: int
) -> None:
    reasons: list[str] = []

    async def throw(reason: str) -> None:
        reasons.append(reason)

    alarm, clock = FaultAlarm(throw), iter(moments)
    monkeypatch.setattr(checked_key, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    for _ in moments:
        await alarm.wrong_signature("5fcb67d0")
    assert reasons == ["key 5fcb67d0 gave 3 wrong signatures"] * thrown


async def test_a_wrong_signature_is_given_to_nobody(pki: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def throw(_: str) -> None:
        raise AssertionError("one is not three")

    device, renewed = SoftwareKey.load(pki), []
    monkeypatch.setattr(device, "renew", lambda: renewed.append(True))
    key = CheckedKey(device, FaultAlarm(throw))
    assert await key.sign(bytes(32))
    monkeypatch.setattr(device, "_sign", lambda _: bytes(256))
    with pytest.raises(Refusal, match=r"key\.wrong_signature"):
        await key.sign(bytes(32))
    assert (renewed, key.attempts) == ([True], 2)


def test_the_key_of_the_code_is_one_that_readers_know(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    key = CodeKey.make(mine)
    CodeKey.make(other)
    (mine / "trust" / "code.json").write_text(
        f'{{"1": "{"00" * 32}", "3": "{key.public_bytes.hex()}", "2": "{key.public_bytes.hex()}"}}'
    )
    assert CodeKey.load(mine).key_id == 3
    (mine / "trust" / "code.json").replace(other / "trust" / "code.json")
    with pytest.raises(ValueError, match="doesn't hold the public key"):
        CodeKey.load(other)


def test_weak_keys_and_other_curves_stamp_nothing() -> None:
    for weak in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(ValueError, match="2048 bits or P-256"):
            algorithm_of(weak.public_key())
    with pytest.raises(ValueError, match="2048 bits or P-256"):
        algorithm_of(ed25519.Ed25519PrivateKey.generate().public_key())


async def test_a_key_that_stays_unfit_stands_in_the_log_once_for_each_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried every five seconds until somebody repairs it."""
    reasons = iter(["no such key", "no such key", "several", "several", "no such key"])

    async def open_device(_: SigningKey) -> OpenKey:
        raise ValueError(next(reasons))

    monkeypatch.setattr(key_ring, "UNFIT_AGAIN_SECONDS", 0.0)
    nothing: Any = None
    ring = KeyRing(open_device, tmp_path, nothing)
    now = datetime.now(UTC)
    key = SigningKey(key_id="5fcb67d0", place="", certificates=(), valid_from=now, valid_until=now)
    with capture_logs() as lines:
        for _ in range(5):
            await ring._hold(nothing, key, now)
    assert [line["reason"] for line in lines] == ["no such key", "several", "no such key"]
    assert ring.problem_of("5fcb67d0") == "no such key"
