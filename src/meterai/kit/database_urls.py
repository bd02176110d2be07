"""The URLs of a database: for each role, over a socket, without user and password."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import quote, unquote, urlsplit, urlunsplit

Role = Literal[
    "site",
    "worker",
    "controller",
    "operator",
    "signer",
    "reader",
    "verifier",
    "follower",
    "closer",
    "console",
]
ROLES: Final[tuple[Role, ...]] = (
    "site",
    "worker",
    "controller",
    "operator",
    "signer",
    "reader",
    "verifier",
    "follower",
    "closer",
    "console",
)
"""One for each kind of process. `operator` is for commands on the host, `reader` for those that only read,
`closer` for the day close, `console` for officers in a browser."""
SETTINGS: Final = ("database_url", *(f"database_{role}_url" for role in ROLES))
"""The settings that are an address of the database: the owner's, then that of each role."""
POOLER: Final = "database_pooler_url"
"""The setting that is the address of a pooler, without a user."""
OWNER: Final = "meterai_owner"
"""The database role that owns the schema."""
DATABASE: Final = "meterai"


def role_url(owner_url: str, role: Role, password: str) -> str:
    """The URL of a database for a role; `owner_url` is the owner's URL."""
    return url_as(owner_url, f"meterai_{role}", password)


def query_without(query: str, *names: str) -> str:
    """The query of a URL without these parameters."""
    return "&".join(part for part in query.split("&") if unquote(part.partition("=")[0]) not in names)


def url_as(url: str, user: str, password: str) -> str:
    """The URL of a database with this user and password."""
    parts = urlsplit(without_user(url))
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{parts.netloc}"))


def without_user(url: str) -> str:
    """A URL without user and password, before the host and among its parameters."""
    parts = urlsplit(url)
    query = query_without(parts.query, "user", "password")
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def by_socket(url: str, folder: str) -> str:
    """The URL of the same database over the socket in `folder`; unchanged when `folder` is empty."""
    if not folder:
        return url
    parts = urlsplit(url)
    query = f"host={quote(folder, safe='/')}&port={parts.port}"
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=user + at, query=query))
