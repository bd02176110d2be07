"""The names of cookies over HTTPS.

There they begin with `__Host-`, so that browsers take them from this host alone, by HTTPS, for all its
addresses (RFC 6265bis section 4.1.3.2). Another host of the same domain can't plant one. Routes use the
names without this prefix: site and gate translate at their edge. By http the names are plain.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

PREFIX: Final = "__Host-"
OLD_NAMES_UNTIL: Final = datetime(2028, 1, 1, tzinfo=UTC).timestamp()
"""Until then cookies without the prefix count too: those of earlier releases live a year at most."""
_PREFIX: Final = PREFIX.encode()
_NAME: Final = re.compile(rb"[A-Za-z0-9_-]+").fullmatch
"""Names of ours. Others are dropped: a parser may read them as ours, such as one with an odd space."""


def plain_cookies(sent: bytes, now: float) -> bytes:
    """The content of a `Cookie` header that came by HTTPS, with plain names.

    A cookie with the prefix goes before one without. `now`: as Unix time.
    """
    found = _pairs(sent)
    old = {name: value for name, value in found.items() if not name.startswith(_PREFIX)}
    ours = {name.removeprefix(_PREFIX): value for name, value in found.items() if name not in old}
    return b"; ".join(b"%b=%b" % pair for pair in ((old if now < OLD_NAMES_UNTIL else {}) | ours).items())


def host_cookies(wanted: bytes, sent: bytes) -> list[bytes]:
    """The `Set-Cookie` headers by HTTPS for one with a plain name. A cookie of the old name is deleted.

    `sent`: the `Cookie` header of the request.
    """
    name = wanted.partition(b"=")[0]
    headers = [_PREFIX + wanted]
    if name in _pairs(sent):
        headers.append(name + b"=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure")
    return headers


def _pairs(sent: bytes) -> dict[bytes, bytes]:
    """The cookies in a header. Of two with one name the last counts: the first may have a longer path."""
    pairs = (part.strip(b" \t").partition(b"=") for part in sent.split(b";"))
    return {name: value for name, _, value in pairs if _NAME(name)}
