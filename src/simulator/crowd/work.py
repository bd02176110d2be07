"""Does the proof of work that a page asks for, as the page's script does (kit/http/static/work.js)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from html import unescape

import msgspec

_CHALLENGE = re.compile(r'data-work="([^"]+)"')
_WAIT = re.compile(r'name="tunggu" value="([^"]+)"')


def challenge_in(page: str) -> dict[str, object] | None:
    """The challenge in a page; None when it asks for no work."""
    found = _CHALLENGE.search(page)
    return msgspec.json.decode(unescape(found[1])) if found else None


def wait_in(page: str) -> str:
    """The wait that a page's form carries; empty when it carries none."""
    found = _WAIT.search(page)
    return found[1] if found else ""


def solve(challenge: Mapping[str, object]) -> str:
    """The solution of a challenge as a form sends it. Raises: ValueError when no number solves it."""
    begun = hashlib.sha256(str(challenge["salt"]).encode())
    wanted = bytes.fromhex(str(challenge["challenge"]))
    for number in range(int(str(challenge["maxnumber"])) + 1):
        tried = begun.copy()
        tried.update(b"%d" % number)
        if tried.digest() == wanted:
            kept = {name: challenge[name] for name in ("algorithm", "challenge", "salt", "signature")}
            return base64.b64encode(msgspec.json.encode(kept | {"number": number})).decode()
    raise ValueError("no number solves the challenge")
