"""Says which database server a failed connection was for, and why it failed. No password is ever said."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

_NOTE: Final = "the database at "
_PORT: Final = "5432"


@contextmanager
def naming_server(url: str) -> Iterator[None]:
    """Notes the server of `url` at what is raised; `server_of` reads it."""
    try:
        yield
    except (OSError, asyncpg.PostgresError) as error:
        told = error if str(error) or not isinstance(error, TimeoutError) else TimeoutError("no answer")
        told.add_note(_NOTE + _servers(url))
        raise told from None


def server_of(error: BaseException) -> str:
    """The server to which no connection came about, as host:port; empty for every other error."""
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(_NOTE)]
    return notes[0].removeprefix(_NOTE) if notes else ""


def cause_of(error: BaseException) -> str:
    """Why, in the words of the system: "Connection refused"."""
    match error:
        case OSError(filename=str(name)):
            return f"{error.strerror} ({name})"
        case OSError(errno=int(number), strerror=str(words)) if words.startswith("Connect call failed"):
            return os.strerror(number)  # asyncio's words name the address once more
        case OSError(strerror=str(words)) if not isinstance(error, ssl.SSLError):
            return words
    return str(error) or type(error).__name__


def _servers(url: str) -> str:
    """Hosts with ports, without user and password."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    hosts = parts.netloc.rpartition("@")[2] or ",".join(query.get("host", ["localhost"]))
    port = query.get("port", [_PORT])[0]
    return ", ".join(one if _has_port(one) else f"{one}:{port}" for one in hosts.split(","))


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]
