"""What makes a program a client of the API: its id and its private key."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

_ASSERTION_S: Final = 60

Key = ECKey | OKPKey | RSAKey


def read_key(key: Path | str | dict[str, Any]) -> Key:
    """Reads a private key (P-256, Ed25519 or RSA): the path of a file, PEM, or a JWK.

    Raises: ValueError when it is none of these.
    """
    text = key.read_text() if isinstance(key, Path) else key
    if isinstance(text, str) and text.lstrip().startswith("{"):
        text = json.loads(text)
    if isinstance(text, dict):
        read = import_key(text)
        if isinstance(read, ECKey | OKPKey | RSAKey) and read.is_private:
            return read
        raise ValueError("this JWK is no private key")
    kinds: tuple[type[Key], ...] = (ECKey, OKPKey, RSAKey)
    for kind in kinds:
        try:
            return kind.import_key(text)
        except (JoseError, ValueError):
            continue
    raise ValueError("this is no private key in PEM")


def algorithm_of(key: Key) -> str:
    """The algorithm by which the key signs."""
    if isinstance(key, RSAKey):
        return "PS256"
    return "ES256" if isinstance(key, ECKey) else "Ed25519"


@dataclass(frozen=True)
class Credentials:
    """What makes a program a client of the API. The private key stays here: only signatures leave."""

    client_id: str
    key_id: str
    key: Key

    def assertion(self, audience: str) -> str:
        """Signs that we are this client, for a minute and for one use."""
        now = int(time.time())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": audience, "jti": str(uuid.uuid4())}
        algorithm = algorithm_of(self.key)
        return jwt.encode(
            {"alg": algorithm, "kid": self.key_id},
            claims | {"iat": now, "exp": now + _ASSERTION_S},
            self.key,
            algorithms=[algorithm],
        )
