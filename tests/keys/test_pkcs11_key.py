"""A key in a token signs, and recovers from any failure of the device. Nothing hangs or is tried in vain."""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from pkcs11 import TokenFlag
from structlog.testing import capture_logs

from meterai.kernel.refusals import Refusal
from meterai.stamping.keys.signing_keys import TokenPlace, parse_place
from meterai.stamping.signer.private_keys.pkcs11_key import KeyUnfit, Pkcs11Key
from meterai.stamping.signer.private_keys.pkcs11_module import Module, Pin, PinRefused
from meterai.stamping.signer.private_keys.software_key import signature_holds
from tests.keys.certified import certify, encoded
from tests.keys.soft_hsm import MODULE, PIN, SoftHsm
from tests.stamping.stamping_setup import until

DIGEST = hashlib.sha256(b"meterai").digest()


@pytest.fixture
def pin_file(hsm: SoftHsm, tmp_path: Path) -> Path:
    return hsm.write_pin(tmp_path / "pin")


Open = Callable[..., Pkcs11Key]


@pytest_asyncio.fixture
async def opened(hsm: SoftHsm, pki: Path, pin_file: Path) -> AsyncIterator[Open]:
    keys: list[Pkcs11Key] = []

    def make(label: str = "stamp-1", *, certificate_of: str | None = None, sessions: int = 2) -> Pkcs11Key:
        place = parse_place(f"pkcs11:token=meterai;object={label}")
        assert isinstance(place, TokenPlace)
        chain = certify(pki, f"pkcs11:token=meterai;object={certificate_of or label}")
        key = Pkcs11Key(MODULE, place, encoded(chain), pin_file=pin_file, sessions=sessions)
        keys.append(key)
        return key

    yield make
    for key in keys:
        await key.close()


def holds(key: Pkcs11Key, signature: bytes, digest: bytes = DIGEST) -> bool:
    return signature_holds(key._public, signature, digest)


@pytest.mark.parametrize("label", ["stamp-1", "stamp-2"], ids=["rsa", "p-256"])
async def test_a_signature_by_the_token_holds_under_the_certificate(opened: Open, label: str) -> None:
    key = opened(label)
    await key.open()
    assert (key.trouble, key.algorithm) == ("", "rsa" if label == "stamp-1" else "ecdsa")
    assert holds(key, await key.sign(DIGEST))
    assert not holds(key, await key.sign(bytes(32)))


async def test_many_threads_sign_at_once_and_the_loop_stays_free(opened: Open) -> None:
    key = opened(sessions=4)
    await key.open()
    digests = [hashlib.sha256(b"%d" % number).digest() for number in range(300)]
    turns, done = 0, False

    async def watch() -> None:
        nonlocal turns
        while not done:
            await asyncio.sleep(0.005)
            turns += 1

    watching = asyncio.create_task(watch())
    signatures = await asyncio.gather(*(key.sign(digest) for digest in digests))
    done = True
    await watching
    assert all(holds(key, *pair) for pair in zip(signatures, digests, strict=True))
    assert turns >= 10, "signing kept the loop from its other work"


async def test_after_a_wrong_signature_the_next_one_comes_from_a_new_session(opened: Open) -> None:
    key = opened(sessions=1)
    await key.open()
    before = await key._in_thread(lambda: key._of_threads[threading.get_ident()].session.handle)
    key.renew()
    assert holds(key, await key.sign(DIGEST))
    assert await key._in_thread(lambda: key._of_threads[threading.get_ident()].session.handle) != before


def lose_the_login(_: Pkcs11Key) -> None:
    module = Module.at(MODULE)
    session = module._library.get_token(token_label="meterai").open()
    module._functions.C_Logout(session.handle)
    session.close()


def lose_all_sessions(_: Pkcs11Key) -> None:
    module = Module.at(MODULE)
    module._functions.C_CloseAllSessions(module._library.get_token(token_label="meterai").slot.slot_id)


@pytest.mark.parametrize("lose", [lose_all_sessions, lose_the_login])
async def test_a_lost_session_or_login_is_opened_again(
    opened: Open, lose: Callable[[Pkcs11Key], None]
) -> None:
    key = opened()
    await key.open()
    await key.sign(DIGEST)
    lose(key)
    with pytest.raises(Refusal, match=r"key\.unavailable"):
        await key.sign(DIGEST)
    assert key.trouble, "meanwhile nobody spends an attempt"
    await until(lambda: not key.trouble, 10, "the key to come back")
    assert holds(key, await key.sign(DIGEST))


async def test_a_token_that_was_pulled_out_comes_back(hsm: SoftHsm, opened: Open) -> None:
    key = opened()
    await key.open()
    await key.sign(DIGEST)
    hsm.remove()
    try:
        with pytest.raises(Refusal, match=r"key\.unavailable"):
            await key.sign(DIGEST)
        await asyncio.sleep(0.5)
        assert key.trouble
    finally:
        hsm.put_back()
    await until(lambda: not key.trouble, 15, "the token to be found again")
    assert holds(key, await key.sign(DIGEST))


async def test_a_refused_pin_is_not_tried_again_until_its_file_changes(
    hsm: SoftHsm, opened: Open, pin_file: Path
) -> None:
    key = opened()
    Module.at(MODULE).log_out("meterai", Module.at(MODULE).state("meterai"))
    hsm.write_pin(pin_file, "00000000")
    await key.open()
    await until(lambda: key.trouble == "PinRefused", 10, "the refusal")
    await asyncio.sleep(0.7)
    hsm.write_pin(pin_file)
    await until(lambda: not key.trouble, 10, "the right PIN to be tried")
    assert holds(key, await key.sign(DIGEST))


async def test_a_pin_refused_to_one_key_is_tried_for_no_other_key_of_the_token(
    hsm: SoftHsm, opened: Open, pin_file: Path
) -> None:
    """During a rotation a token holds two or three keys: enough tries to lock it."""
    keys = [opened("stamp-1"), opened("stamp-2")]
    Module.at(MODULE).log_out("meterai", Module.at(MODULE).state("meterai"))
    hsm.write_pin(pin_file, "00000000")
    with capture_logs() as lines:
        for key in keys:
            await key.open()
    away = [line["detail"] for line in lines if line["event"] == "key.away"]
    assert away == ["PinIncorrect", "the same PIN again"]


def test_the_last_try_for_a_pin_is_left_to_a_person(hsm: SoftHsm) -> None:
    class Token:
        flags = TokenFlag.LOGIN_REQUIRED | TokenFlag.USER_PIN_FINAL_TRY

    other = object.__new__(Module)
    other._refused_pins = {}
    with pytest.raises(PinRefused, match="log in with its own tool"):
        other._log_in(cast("Any", Token), "meterai", lambda: Pin(PIN))


async def test_a_key_that_the_token_does_not_hold_uses_none_of_its_sessions_up(opened: Open) -> None:
    """It is tried every five seconds, and the key that signs needs sessions too."""
    unfit = [opened(label, certificate_of="stamp-1") for label in ("missing", "other")]
    before = open_sessions()
    for key in unfit:
        with pytest.raises(KeyUnfit):
            await key.open()
    assert open_sessions() == before


async def test_a_key_that_is_let_go_gives_its_sessions_back(opened: Open) -> None:
    await opened("stamp-2").open()  # logged in
    before = open_sessions()
    key = opened(sessions=2)
    await asyncio.gather(*(key.sign(DIGEST) for _ in range(20)))
    assert open_sessions() > before
    await key.close()
    await until(lambda: open_sessions() == before, 5, "the sessions to be closed")


def open_sessions() -> int:
    """Open sessions in the module: SoftHSM2 numbers sessions from 1 on, for all callers."""
    about = (ctypes.c_ubyte * 64)()
    ask = Module.at(MODULE)._functions.C_GetSessionInfo
    return sum(ask(ctypes.c_ulong(handle), about) == 0 for handle in range(1, 300))


async def test_a_pin_that_others_may_read_is_not_used(opened: Open, pin_file: Path) -> None:
    key = opened()
    Module.at(MODULE).log_out("meterai", Module.at(MODULE).state("meterai"))
    pin_file.chmod(0o640)
    with pytest.raises(KeyUnfit, match="mode 0600"):
        await key.open()


async def test_a_key_of_another_certificate_is_refused(opened: Open) -> None:
    with pytest.raises(KeyUnfit, match="not the one of certificate"):
        await opened("other", certificate_of="stamp-1").open()


async def test_a_key_that_is_not_there_is_refused(opened: Open) -> None:
    with pytest.raises(KeyUnfit, match="no such private key"):
        await opened("missing", certificate_of="stamp-1").open()


@pytest.mark.parametrize(
    "place",
    [
        "pkcs11:token=meterai;object=stamp-1?pin-value=1234",
        "pkcs11:token=meterai;object=stamp-1?module-path=/tmp/evil.so",
        "pkcs11:token=meterai",
        "pkcs11:object=stamp-1",
        "file:../pki",
        "file:/etc",
        "https://example",
    ],
)
def test_a_place_carries_no_secret_and_leads_nowhere_else(place: str) -> None:
    with pytest.raises(ValueError):
        parse_place(place)
