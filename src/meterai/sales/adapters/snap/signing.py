"""Signatures of BI-SNAP, over raw bytes ("Pedoman Tata Kelola", technical standard, chapter on security).

A token is asked for with SHA256withRSA over `client id|timestamp`. Every other call carries an HMAC-SHA512
over `METHOD:path:token:digest of the body:timestamp`. Both signatures are base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta, timezone
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

JAKARTA: Final = timezone(timedelta(hours=7))
_STRING_OR_SPACE: Final = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\r\n]+', re.DOTALL)
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")


def timestamp(moment: datetime) -> str:
    """An aware time as X-TIMESTAMP: Jakarta's, in whole seconds: "2026-12-02T23:05:00+07:00"."""
    return moment.astimezone(JAKARTA).isoformat(timespec="seconds")


def read_timestamp(text: str) -> datetime | None:
    """The time of an X-TIMESTAMP; None for one without a zone: nobody could say when that was."""
    try:
        return datetime.fromisoformat(text) if _TIMESTAMP.fullmatch(text) else None
    except ValueError:
        return None


def external_id(moment: datetime) -> str:
    """A new X-EXTERNAL-ID: 32 digits, the time of day before chance, so no two of a day are the same."""
    return f"{moment.astimezone(JAKARTA):%H%M%S%f}{secrets.randbelow(10**20):020d}"


def minify(body: bytes) -> bytes:
    """JSON without the white space between its words. White space within strings stays, as does the order."""
    return _STRING_OR_SPACE.sub(lambda found: found[1] or b"", body)


def text_to_sign(method: str, path: str, *, token: str, body: bytes, stamp: str) -> bytes:
    """What the HMAC of a call is over. `path` is the one in the request line, with its query."""
    digest = hashlib.sha256(minify(body)).hexdigest()  # lower-case, as the standard asks
    return f"{method.upper()}:{path}:{token}:{digest}:{stamp}".encode()


def sign(secret: str, text: bytes) -> str:
    """X-SIGNATURE of a call: HMAC-SHA512 under the client secret."""
    return base64.b64encode(hmac.digest(secret.encode(), text, "sha512")).decode()


def is_signed(secret: str, text: bytes, signature: str) -> bool:
    """Whether `signature` is that of `text`, in constant time."""
    return hmac.compare_digest(sign(secret, text).encode(), signature.encode())


def sign_token_call(key: RSAPrivateKey, client_id: str, stamp: str) -> str:
    """X-SIGNATURE with which a token is asked for."""
    return base64.b64encode(key.sign(_token_text(client_id, stamp), PKCS1v15(), SHA256())).decode()


def is_token_call(key: RSAPublicKey, client_id: str, *, stamp: str, signature: str) -> bool:
    """Whether the holder of `key` asks for a token."""
    try:
        signed = base64.b64decode(signature, validate=True)
        key.verify(signed, _token_text(client_id, stamp), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _token_text(client_id: str, stamp: str) -> bytes:
    return f"{client_id}|{stamp}".encode()
