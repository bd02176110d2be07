"""Makes docs/stamp-code-vectors.json: `python -m tests.pdf.stamp_code_vectors` overwrites it.

The private keys are fixed and public; they sign nothing else.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.kernel.serial_number import make_serial
from meterai.signatures.stamp_code import code_message, encode_code, to_base41

FILE = Path(__file__).parents[2] / "docs" / "stamp-code-vectors.json"
BASE = "https://meterai.example"
SEEDS = {7: bytes(range(32)), 8: bytes(range(32, 64))}
STRANGERS_SEED = bytes(range(64, 96))
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
"""Order of the group of Ed25519 (RFC 8032 section 5.1)."""


def sign(seed: bytes, message: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def public(seed: bytes) -> str:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def _good(name: str, start: int, day: date, key_id: int) -> dict[str, Any]:
    serial = make_serial(bytes((start + i) % 256 for i in range(32)))
    message = code_message(serial, day, key_id)
    signature = sign(SEEDS[key_id], message)
    text = encode_code(BASE, serial, day, key_id=key_id, signature=signature)
    return {
        "name": name,
        "text": text,
        "outcome": "genuine",
        "payload": (message[-19:] + signature).hex(),
        "message": message.hex(),
        "serial": serial,
        "day": day.isoformat(),
        "key_id": key_id,
    }


def _bad(name: str, outcome: str, payload: bytes) -> dict[str, Any]:
    text = f"{BASE.upper()}/C/{to_base41(payload)}"
    return {"name": name, "text": text, "outcome": outcome, "payload": payload.hex()}


def _said(name: str, outcome: str, text: str) -> dict[str, Any]:
    return {"name": name, "text": text, "outcome": outcome}


def _unsound_serial(payload: bytes) -> bytes:
    """A payload with the next number as serial: its check character is wrong, its signature is right."""
    number = int.from_bytes(payload[2:17], "big") + 1
    body = payload[:2] + number.to_bytes(15, "big") + payload[17:19]
    return body + sign(SEEDS[payload[1]], b"meterai.stamp-code.1\x00" + body)


def make_vectors() -> dict[str, Any]:
    """Keys, and for each text the answer that a reader must give."""
    good = [
        _good("good", 0, date(2026, 8, 17), 7),
        _good("good, signed by the second key", 5, date(2027, 1, 2), 8),
        _good("good, the first day", 9, date(2024, 1, 1), 7),
        _good("good, the last day", 11, date(2024, 1, 1) + timedelta(days=65535), 7),
    ]
    first = good[0]
    raw, text = bytes.fromhex(first["payload"]), first["text"]
    doubled = raw[:51] + (int.from_bytes(raw[51:], "little") + GROUP_ORDER).to_bytes(32, "little")
    stranger = raw[:19] + sign(STRANGERS_SEED, bytes.fromhex(first["message"]))
    unprefixed = raw[:19] + sign(SEEDS[7], raw[:19])
    payload = text.rpartition("/")[2]
    elsewhere = f"HTTPS://ELSEWHERE.EXAMPLE/UNDER/C/{payload}"
    return {
        "format": "meterai.stamp-code",
        "version": 1,
        "keys": {str(key_id): public(seed) for key_id, seed in SEEDS.items()},
        "private_keys_of_these_tests": {str(key_id): seed.hex() for key_id, seed in SEEDS.items()},
        "vectors": [
            *good,
            {**first, "name": "good, in lower case", "text": text.lower()},
            {**first, "name": "good, under another address", "text": elsewhere},
            _bad("wrong signature: one bit changed", "forged", raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:]),
            _bad("wrong day: one later than signed", "forged", raw[:18] + bytes([raw[18] + 1]) + raw[19:]),
            _bad("signed by a key of somebody else", "forged", stranger),
            _bad("signed without the prefix", "forged", unprefixed),
            _bad("the second half of the signature not reduced (RFC 8032 section 5.1.7)", "forged", doubled),
            _bad("names the other key than the one that signed", "forged", raw[:1] + b"\x08" + raw[2:]),
            _bad("names a key that is not in the list", "unknown_key", raw[:1] + b"\x09" + raw[2:]),
            _bad("version 2", "newer", b"\x02" + raw[1:]),
            _bad("version 9, another length", "newer", b"\x09" + raw[1:] + raw[:10]),
            _bad("version 0", "unreadable", b"\x00" + raw[1:]),
            _bad("truncated by one byte", "unreadable", raw[:-1]),
            _bad("one byte too many", "unreadable", raw + b"\x00"),
            _bad("version 2, too short to hold a signature", "unreadable", b"\x02" + raw[1:60]),
            _bad("signed, but the serial's check character is wrong", "unreadable", _unsound_serial(raw)),
            _said("truncated by one character", "unreadable", text[:-1]),
            _said("truncated by two characters", "unreadable", text[:-2]),
            _said("a group above 65535", "unreadable", text[:-125] + ":::" + text[-122:]),
            _said("a last group above 255", "unreadable", text[:-2] + "::"),
            _said("a character outside the alphabet", "unreadable", text[:-125] + "%" + text[-124:]),
            _said("the address of the site", "foreign", "HTTPS://METERAI.EXAMPLE/"),
            _said("something after the payload", "unreadable", text + "?A=1"),
            _said("a payment code", "foreign", "00020101021226290025ID.CO.CONTOH.WWW5303360"),
            _said("plain words", "foreign", "Rapat pukul 10"),
        ],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(make_vectors(), indent=1) + "\n")
