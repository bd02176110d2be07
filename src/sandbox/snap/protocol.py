"""How a bank signs, checks and answers by BI-SNAP. Shares no code with the product's side, to prove it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

JAKARTA = timezone(timedelta(hours=7))


class SnapError(Exception):
    """An answer that is no success: HTTP's status, the case and the words."""

    def __init__(self, status: int, case: str = "00", message: str = "Bad Request") -> None:
        super().__init__(message)
        self.status, self.case, self.message = status, case, message


class Keys(msgspec.Struct, frozen=True):
    """What bank and merchant have exchanged."""

    client_id: str
    secret: str
    merchant: rsa.RSAPublicKey
    bank: rsa.RSAPrivateKey


def stamp(now: float) -> str:
    """Seconds since 1970 as X-TIMESTAMP."""
    return datetime.fromtimestamp(int(now), UTC).astimezone(JAKARTA).isoformat()


def moment_of(text: str) -> float:
    """A time with its zone, in seconds since 1970. Raises: SnapError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SnapError(400, "01", "Invalid Field Format") from None
    if moment.tzinfo is None:
        raise SnapError(400, "01", "Invalid Field Format: no zone")
    return moment.timestamp()


def without_space(body: bytes) -> bytes:
    """JSON without white space outside of strings, byte by byte."""
    kept, inside, escaped = bytearray(), False, False
    for byte in body:
        letter = chr(byte)
        if not inside and letter in " \t\r\n":
            continue
        if letter == '"' and not escaped:
            inside = not inside
        escaped = inside and letter == "\\" and not escaped
        kept.append(byte)
    return bytes(kept)


def mac(secret: str, method: str, path: str, *, token: str, body: bytes, time: str) -> str:
    """X-SIGNATURE of a call."""
    digest = hashlib.sha256(without_space(body)).hexdigest().lower()
    text = ":".join((method, path, token, digest, time))
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha512).digest()).decode()


def sign_for_token(keys: Keys, time: str) -> str:
    """X-SIGNATURE with which the bank asks the merchant for a token."""
    text = f"{keys.client_id}|{time}".encode()
    return base64.b64encode(keys.bank.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def check_for_token(keys: Keys, time: str, signature: str) -> None:
    """Checks that the merchant asks. Raises: SnapError."""
    try:
        keys.merchant.verify(
            base64.b64decode(signature),
            f"{keys.client_id}|{time}".encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
    except (InvalidSignature, ValueError):
        raise SnapError(401, "00", "Unauthorized. [Signature]") from None


def read(body: bytes) -> dict[str, Any]:
    """An object of JSON, each key once. Raises: SnapError."""
    try:
        said = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise SnapError(400, "00", "Bad Request") from None
    if not isinstance(said, dict):
        raise SnapError(400, "00", "Bad Request")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def rupiah(said: Any) -> int:
    """Rupiah of an amount such as {"value": "10000.00", "currency": "IDR"}. Raises: SnapError."""
    value = said.get("value") if isinstance(said, dict) and said.get("currency") == "IDR" else None
    whole, _, rest = value.partition(".") if isinstance(value, str) else ("", "", "")
    if not whole.isdecimal() or rest != "00" or not 0 < int(whole) < 10**13:
        raise SnapError(400, "01", "Invalid Field Format amount")
    return int(whole)


def money(amount: int) -> dict[str, str]:
    """Rupiah as SNAP writes them."""
    return {"value": f"{amount}.00", "currency": "IDR"}


def answer(
    service: str,
    more: dict[str, Any] | None = None,
    *,
    status: int = 200,
    case: str = "00",
    message: str = "",
) -> web.Response:
    """An answer in SNAP's form."""
    body = {
        "responseCode": f"{status}{service}{case}",
        "responseMessage": message or "Successful",
        **(more or {}),
    }
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def new_token() -> str:
    """A fresh access token."""
    return secrets.token_urlsafe(32)
