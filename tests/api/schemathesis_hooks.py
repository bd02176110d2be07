"""What schemathesis needs to know besides the description: bodies that are files, and a token.

`schemathesis.toml` names this file. With METERAI_API_URL, _CLIENT, _KEY_ID and _KEY in the environment it
gets tokens of this client by itself, because a token ends after 15 minutes and a long run does not.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import schemathesis

from meterai_sdk.access import ASSERTION_TYPE, TOKEN_PATH
from meterai_sdk.credentials import Credentials, read_key


class ProgramToken:
    """Gets a token as a partner's program does."""

    def get(self, case: Any, context: Any) -> str:
        """Returns a new token."""
        url = os.environ["METERAI_API_URL"] + TOKEN_PATH
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": credentials().assertion(url),
        }
        answer = httpx.post(url, data=form)
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def set(self, case: Any, data: str, context: Any) -> None:
        """Puts the token on a request."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


def credentials() -> Credentials:
    """The client of the environment."""
    id, key_id, key = (os.environ[f"METERAI_API_{name}"] for name in ("CLIENT", "KEY_ID", "KEY"))
    return Credentials(id, key_id, read_key(Path(key)))


@schemathesis.serializer("application/pdf", "application/partial-upload", "application/x-ndjson")
def file_of(context: Any, value: Any) -> bytes:
    """A body that is a file."""
    return value if isinstance(value, bytes) else str(value).encode()


if "METERAI_API_CLIENT" in os.environ:
    schemathesis.auth(refresh_interval=600)(ProgramToken)
