"""Passkeys of officers (W3C Web Authentication, level 3): what a browser is asked, and checks of its answer.

Every challenge is the SHA-256 of a text: of the act that is approved, or of the proof that a page carries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from meterai.kernel.refusals import Kind, Refusal

ANSWER_MAX: Final = 8_000
"""Characters of a browser's answer."""
_NAME: Final = "Meterai"
_MILLISECONDS: Final = 300_000
"""How long a browser may ask for the finger or the PIN."""
_PREFIX: Final = "passkey "
_VERIFIED: Final = UserVerificationRequirement.REQUIRED


class Place(msgspec.Struct, frozen=True):
    """Where passkeys count: the host of the console, and its origin."""

    host: str
    origin: str


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """The public half of a passkey."""

    credential_id: bytes
    public_key: bytes
    """As a COSE key (RFC 9052 section 7)."""
    sign_count: int
    """How often it has signed, as the authenticator says. Synchronised passkeys always say 0."""

    @property
    def key(self) -> str:
        """Its name in a signature."""
        return key_name(self.credential_id)


def place_of(console_url: str) -> Place:
    """Reads the place from the address of the console."""
    parts = urlsplit(console_url)
    return Place(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def key_name(credential_id: bytes) -> str:
    """Names a passkey in a signature: `passkey` and its credential id in base64url."""
    return _PREFIX + shown(credential_id)


def shown(value: bytes) -> str:
    """Writes bytes as base64url, as the audit trail has public keys."""
    return bytes_to_base64url(value)


def is_passkey(key: str) -> bool:
    """Whether the key of a signature is a passkey's."""
    return key.startswith(_PREFIX)


def ask_to_make(place: Place, officer: str, *, text: str, known: Iterable[bytes] = ()) -> str:
    """Makes the options of `navigator.credentials.create`, as JSON. `known`: those that the officer has."""
    options = generate_registration_options(
        rp_id=place.host,
        rp_name=_NAME,
        user_name=officer,
        user_id=hashlib.sha256(officer.encode()).digest(),
        challenge=_challenge(text),
        timeout=_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def read_made(place: Place, answer: str, *, text: str) -> Passkey:
    """Checks the browser's answer to `ask_to_make`. Raises: Refusal INVALID `officer.passkey_not_made`."""
    refusal = Refusal(Kind.INVALID, "officer.passkey_not_made")
    made = _tried(
        lambda: verify_registration_response(
            credential=_limited(answer),
            expected_challenge=_challenge(text),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        ),
        refusal,
    )
    return Passkey(
        credential_id=made.credential_id, public_key=made.credential_public_key, sign_count=made.sign_count
    )


def ask_to_sign(place: Place, *, text: str, known: Iterable[bytes] = ()) -> str:
    """Makes the options of `navigator.credentials.get`, as JSON. `known` is empty: any of this place."""
    options = generate_authentication_options(
        rp_id=place.host,
        challenge=_challenge(text),
        timeout=_MILLISECONDS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=_VERIFIED,
    )
    return options_to_json(options)


def credential_of(answer: str) -> bytes:
    """Reads which passkey a browser's answer names. Raises: Refusal FORBIDDEN `officer.passkey_wrong`."""
    return _tried(lambda: base64url_to_bytes(json.loads(_limited(answer))["id"]), _wrong())


def read_signed(place: Place, answer: str, *, text: str, passkey: Passkey) -> int:
    """Checks the browser's answer to `ask_to_sign`. Returns the new sign count.

    Raises: Refusal FORBIDDEN `officer.passkey_wrong`; `officer.passkey_copied` when the count has not grown
    (WebAuthn level 3, section 7.2, step 22).
    """
    found = _tried(lambda: _verified(place, answer, text=text, public_key=passkey.public_key), _wrong())
    if found.credential_id != passkey.credential_id:
        raise _wrong()
    if (found.new_sign_count or passkey.sign_count) and found.new_sign_count <= passkey.sign_count:
        raise Refusal(Kind.FORBIDDEN, "officer.passkey_copied")
    return found.new_sign_count


def holds(answer: str, *, text: str, key: str, public_key: bytes) -> bool:
    """Whether a passkey has signed exactly `text`, as a stored answer says. Anybody can check this later.

    The console's address may have changed since. The place is the one that the answer names: a passkey signs
    for no other one than its own.
    """
    try:
        said = base64url_to_bytes(json.loads(_limited(answer))["response"]["clientDataJSON"])
        place = place_of(json.loads(said)["origin"])
        found = _verified(place, answer, text=text, public_key=public_key)
    except Exception:  # the answer may be anything
        return False
    return key_name(found.credential_id) == key


def _verified(place: Place, answer: str, *, text: str, public_key: bytes) -> VerifiedAuthentication:
    return verify_authentication_response(
        credential=_limited(answer),
        expected_challenge=_challenge(text),
        expected_rp_id=place.host,
        expected_origin=place.origin,
        credential_public_key=public_key,
        credential_current_sign_count=0,
        require_user_verification=True,
    )


def _tried[Found](check: Callable[[], Found], refusal: Refusal) -> Found:
    """Whatever a strange answer raises in the library, it is refused."""
    try:
        return check()
    except Exception:
        raise refusal from None


def _limited(answer: str) -> str:
    if len(answer) > ANSWER_MAX:
        raise ValueError("too long")
    return answer


def _wrong() -> Refusal:
    return Refusal(Kind.FORBIDDEN, "officer.passkey_wrong")


def _challenge(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
