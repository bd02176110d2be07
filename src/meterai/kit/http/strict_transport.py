"""HSTS: browsers come back by HTTPS alone (RFC 6797)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

type Reach = Literal["host", "subdomains"]
"""The hosts for which it holds: the one that answers, or all below it as well."""

STRICT_TRANSPORT: Final[Mapping[Reach, str]] = {
    "host": "max-age=31536000",
    "subdomains": "max-age=31536000; includeSubDomains",
}
"""The content of the header `Strict-Transport-Security`."""
