"""The variables `AWS_*` of an object store in S3: which are refused, and when it is spoken to by plain HTTP.

obstore reads them itself. It says of a wrong one only "builder error", or ends the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from meterai.kit.unsafe_settings import is_open_http

ALLOWS_HTTP: Final = "AWS_ALLOW_HTTP"
_ENDPOINTS: Final = ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
"""The names by which obstore reads the address of another store than Amazon's."""
_UNCHECKED: Final = "AWS_ALLOW_INVALID_CERTIFICATES"


def wrong_store_variables(source: Mapping[str, str], *, production: bool) -> Iterator[tuple[str, str]]:
    """The variables that can't be meant, or that production refuses, each with what is wrong.

    Values are not repeated: an address may hold a password.
    """
    for name in _ENDPOINTS:
        address = source.get(name, "")
        if address and not _is_address(address):
            yield name, "Expected an address such as https://s3.example.go.id"
        elif production and is_open_http(address):
            yield name, "production takes http to this machine only; give an https address"
    if production and source.get(_UNCHECKED, "false").lower() != "false":
        yield _UNCHECKED, "production checks the certificate of the object store; remove this variable"


def speaks_http(source: Mapping[str, str]) -> bool:
    """Whether the store's address begins with http://."""
    return any(source.get(name, "").lower().startswith("http://") for name in _ENDPOINTS)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
