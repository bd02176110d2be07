"""A signing key inside a PKCS#11 token: an HSM in production, SoftHSM2 in the tests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import pkcs11
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from pkcs11 import Attribute, Mechanism, ObjectClass

from meterai.kernel.refusals import Kind, Refusal
from meterai.stamping.keys.signing_keys import TokenPlace, key_id_of
from meterai.stamping.signer.private_keys.pkcs11_module import Module, Pin, PinRefused, read_pin_file
from meterai.stamping.signer.private_keys.software_key import algorithm_of

log = structlog.get_logger(__name__)

SHA256_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""DER of DigestInfo up to the digest (RFC 8017 section 9.2, note 1)."""
_OUTPUT_BYTES_MAX: Final = 1024
_SIGN_SECONDS_MAX: Final = 10.0
_OPEN_SECONDS_MAX: Final = 3.0
_REOPEN_FIRST_SECONDS: Final = 0.1
_REOPEN_LONGEST_SECONDS: Final = 5.0


class KeyUnfit(ValueError):
    """The token holds no such key, or not the one in the certificate. A person must look."""


class _Opened(NamedTuple):
    """The session and key handle of one thread."""

    at: tuple[tuple[int, int], int]
    """State of the module and our epoch. If they have changed, the handle is void or must not be used."""
    session: pkcs11.Session
    key: Any


class Pkcs11Key:
    """A `KeyDevice` in a token. A small pool of threads signs, each in its own session.

    When the device fails, the signature is refused (`key.unavailable`). The device is reopened in the
    background: first by a new session and login, then by restarting the module. Meanwhile `trouble` says why,
    so that no attempt need be spent.
    """

    def __init__(
        self,
        module: Path,
        place: TokenPlace,
        certificates: Sequence[bytes],
        *,
        pin_file: Path,
        sessions: int = 4,
    ) -> None:
        """Opens nothing yet. Raises: ValueError for a kind of key that we don't use."""
        self.certificates = tuple(certificates)
        self.key_id = key_id_of(certificates[0])
        self._public = x509.load_der_x509_certificate(certificates[0]).public_key()
        self.algorithm = algorithm_of(self._public)
        self.attempts = 0
        self.trouble = ""
        self._module_path, self._place, self._pin_file = module, place, pin_file
        self._threads = ThreadPoolExecutor(sessions, thread_name_prefix="key")
        self._of_threads: dict[int, _Opened] = {}
        self._epoch = 0
        self._opened_at: tuple[int, int] = (0, 0)
        self._reopening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Opens the device before the first signature. If that fails, it is tried again in the background.

        Raises: KeyUnfit.
        """
        try:
            async with asyncio.timeout(_OPEN_SECONDS_MAX):  # other threads sign meanwhile, or wait for this
                await self._in_thread(self._ready_key)
        except KeyUnfit:
            raise
        except Exception as error:
            self._went_away(error)

    async def sign(self, digest: bytes) -> bytes:
        """Signs a SHA-256 digest. Raises: Refusal UNAVAILABLE `key.unavailable`; nothing was signed then."""
        if len(digest) != 32:
            raise ValueError("a SHA-256 digest has 32 bytes")
        self.attempts += 1
        try:
            async with asyncio.timeout(_SIGN_SECONDS_MAX):
                signature: bytes = await self._in_thread(self._sign, digest)
                return signature
        except (pkcs11.PKCS11Error, PinRefused, KeyUnfit, OSError) as error:  # TimeoutError is an OSError
            self._went_away(error)
            raise Refusal(Kind.UNAVAILABLE, "key.unavailable", reason=type(error).__name__) from None

    def renew(self) -> None:
        """Makes later signatures use new sessions, since these gave a wrong one."""
        self._epoch += 1

    async def close(self) -> None:
        """Ends sessions and threads. The login stays, because other keys of the token may need it."""
        if self._reopening is not None:
            self._reopening.cancel()
        self.renew()
        if self._of_threads:
            self._threads.submit(self._close_sessions)
        self._threads.shutdown(wait=False)  # running calls end first

    async def _in_thread(self, work: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    def _sign(self, digest: bytes) -> bytes:
        with self._module.in_use():
            key = self._key_of_thread()
            if self.algorithm == "rsa":
                message, mechanism = SHA256_DIGEST_INFO + digest, Mechanism.RSA_PKCS
            else:
                message, mechanism = digest, Mechanism.ECDSA
            raw: bytes = key.sign(message, mechanism=mechanism, buffer_size=_OUTPUT_BYTES_MAX)
        return raw if self.algorithm == "rsa" else ecdsa_as_der(raw)

    def _ready_key(self) -> None:
        with self._module.in_use():
            self._key_of_thread()

    @property
    def _module(self) -> Module:
        return Module.at(self._module_path)

    def _key_of_thread(self) -> Any:
        """Returns this thread's handle of the private key, in its own session."""
        thread = threading.get_ident()
        opened = self._of_threads.get(thread)
        if opened is None or opened.at != (self._module.state(self._place.token), self._epoch):
            self._close_session(thread)
            opened = self._of_threads[thread] = self._open_session()
        return opened.key

    def _open_session(self) -> _Opened:
        session = self._module.open_session(self._place.token, self._read_pin)
        try:
            key = self._find(session)
        except BaseException:  # it is tried again, and a token has a limited number of sessions
            with suppress(pkcs11.PKCS11Error):
                session.close()
            raise
        self._opened_at = self._module.state(self._place.token)
        return _Opened((self._opened_at, self._epoch), session, key)

    def _close_session(self, thread: int) -> None:
        """Closes a session that is no longer needed, unless it is void already."""
        opened = self._of_threads.pop(thread, None)
        if opened is not None and opened.at[0] == self._module.state(self._place.token):
            with suppress(pkcs11.PKCS11Error):
                opened.session.close()

    def _close_sessions(self) -> None:
        with self._module.in_use():
            for thread in list(self._of_threads):
                self._close_session(thread)

    def _find(self, session: pkcs11.Session) -> Any:
        place = self._place
        try:
            key: Any = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=place.label, id=place.id)
        except pkcs11.NoSuchKey:
            raise KeyUnfit(f"token {place.token} holds no such private key") from None
        except pkcs11.MultipleObjectsReturned:
            raise KeyUnfit(f"token {place.token} holds several such private keys: name it by id") from None
        if isinstance(self._public, rsa.RSAPublicKey):
            modulus = int.from_bytes(key[Attribute.MODULUS], "big")
            fits = modulus == self._public.public_numbers().n
        else:
            fits = self._fits_point(session, key)
        if not fits:
            raise KeyUnfit(f"the key in token {place.token} is not the one of certificate {self.key_id}")
        return key

    def _fits_point(self, session: pkcs11.Session, key: Any) -> bool:
        """Whether the public EC key beside the private one, which hides its point, fits the certificate.

        Without a public key, the first signature is the proof.
        """
        assert isinstance(self._public, ec.EllipticCurvePublicKey)
        numbers = self._public.public_numbers()
        point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        attributes = {Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: key[Attribute.ID]}
        points = [bytes(found[Attribute.EC_POINT]) for found in session.get_objects(attributes)]
        return not points or any(found.endswith(point) for found in points)

    def _read_pin(self) -> Pin:
        """Reads the PIN. Raises: KeyUnfit for a file that others may read; OSError."""
        try:
            return read_pin_file(self._pin_file)
        except ValueError as error:
            raise KeyUnfit(str(error)) from None

    def _went_away(self, error: Exception) -> None:
        if not self.trouble:
            log.error("key.away", key_id=self.key_id, reason=type(error).__name__, detail=str(error)[:200])
        self.trouble = type(error).__name__
        if self._reopening is None or self._reopening.done():
            self._reopening = asyncio.get_running_loop().create_task(self._reopen())

    async def _reopen(self) -> None:
        """Reopens the device, trying until it works: first a new session and login, then a new module."""
        wait_s, anew = _REOPEN_FIRST_SECONDS, False
        while True:
            try:
                await self._in_thread(self._open_anew, anew)
                break
            except Exception as error:  # modules fail in more ways than the standard lists
                self.trouble = type(error).__name__
            await asyncio.sleep(wait_s)
            wait_s, anew = min(wait_s * 2, _REOPEN_LONGEST_SECONDS), True
        self.trouble = ""
        log.warning("key.back", key_id=self.key_id)

    def _open_anew(self, anew: bool) -> None:
        self.renew()
        if anew:
            self._module.restart(self._module.generation)
        else:
            self._module.log_out(self._place.token, self._opened_at)
        self._ready_key()


def ecdsa_as_der(raw: bytes) -> bytes:
    """Converts r and s, side by side in PKCS#11, to Ecdsa-Sig-Value for the CMS (RFC 3279 section 2.2.3)."""
    half = len(raw) // 2
    return utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
