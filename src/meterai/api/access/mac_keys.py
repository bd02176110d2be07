"""Keys for the MACs of tokens, one for each purpose: a token for one door opens no other."""

from __future__ import annotations

import hashlib
from functools import cache

from joserfc.jwk import OctKey


@cache
def mac_key(secret: bytes, purpose: bytes) -> OctKey:
    """The key made from one of our secrets. A process knows a few of them in its life."""
    derived = hashlib.blake2b(purpose, key=hashlib.sha256(secret).digest(), digest_size=32).digest()
    name = hashlib.sha256(derived).hexdigest()[:12]
    return OctKey.import_key(derived, {"kid": name, "use": "sig", "alg": "HS256"})
