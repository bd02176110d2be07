"""Messages of commands when the database or the disk fails: what happened, and what to do."""

from __future__ import annotations

import errno
import os
import socket
import sys
from typing import Final

_AWAY: Final = (
    "The database{at} does not answer ({why}). If the service has its own, it starts it again: run the "
    "command again in a minute; logs/postgres.log in the data directory says more. A database that "
    "METERAI_DATABASE_URL names is looked after by its administrator."
)
_AWAY_OUTSIDE: Final = (
    "The database{at} does not answer ({why}). Is the server up, does its firewall let this machine in, and "
    "is METERAI_DATABASE_URL right? Its administrator looks after it. Run the command again when it answers."
)
_SHUT: Final = (
    "The database{at} does not let us connect ({why}). Look at METERAI_DATABASE_URL and the other database "
    "URLs. A command needs the settings with which the service runs, and its data directory (--data)."
)
_NOT_TRUSTED: Final = (
    "There is no safe way to the database{at} ({why}); no password was sent. Its certificate must be valid, "
    "name the host of METERAI_DATABASE_URL, and be issued under sslrootcert. Where it asks for ours, "
    "sslcert and sslkey must belong together. Running processes keep their connections."
)
_OTHER_RELEASE: Final = (
    "The database lacks what this command needs ({why}): it is of another release, or not ours. Run the "
    "command of the release that runs, or bring the database to this one: meterai db migrate."
)
_FULL: Final = (
    "The database has no room ({why}). Make room where it keeps its files, then run the command again; "
    "the service goes on by itself."
)
_LOCKED: Final = (
    "Another session holds a table of the database for too long ({why}). This step changed nothing. Stop "
    "the service everywhere, then run the command again."
)
_NOT_DRAWN: Final = (
    "The table sales.tariff has another tariff than Rp10.000, which the stamps of this release say "
    "({why}). Look: SELECT * FROM sales.tariff WHERE face_value <> 10000. Start the release that draws "
    "it; or delete these rows, if they are of days to come, and run the command again. What was brought "
    "up so far stays."
)
_UNREADABLE: Final = (
    "The address of the database can't be read ({why}). Look at METERAI_DATABASE_URL and the other "
    "database URLs."
)
_FILE: Final = "This did not work: {why}. Mend that, then run the command again."
_NO_WAY: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, None}
"""Errors of a connection. Several tries together, as over IPv6 and IPv4, have no number."""
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT}


def outage_message(error: Exception) -> str:
    """The message for an error; empty for a bug, whose traceback is wanted."""
    pattern = _of_database(error) if "asyncpg" in sys.modules else ""
    if pattern:
        return _about_database(pattern, error)
    return _FILE.format(why=_said_of_file(error)) if isinstance(error, OSError) else ""


def _about_database(pattern: str, error: Exception) -> str:
    from meterai.kit.database_failures import cause_of, server_of

    server = server_of(error)
    if pattern == _AWAY and server and not _may_be_our_own(server):
        pattern = _AWAY_OUTSIDE
    return pattern.format(at=f" at {server}" if server else "", why=cause_of(error))


def _may_be_our_own(server: str) -> bool:
    """Whether the service may have started this server: on this machine, and no setting names one."""
    named = any(
        value and name.startswith("METERAI_DATABASE_") and name.endswith("_URL")
        for name, value in os.environ.items()
    )
    return not named and server.startswith(("127.0.0.1:", "/"))


def _of_database(error: Exception) -> str:
    """The message for an error of the driver. Call it only where the driver was imported."""
    import ssl

    import asyncpg

    match error:
        case ssl.SSLError():
            return _NOT_TRUSTED
        case asyncpg.ClientConfigurationError():
            return _UNREADABLE
        case (
            asyncpg.InvalidAuthorizationSpecificationError()
            | asyncpg.InvalidCatalogNameError()
            | asyncpg.InsufficientPrivilegeError()
        ):
            return _SHUT
        case asyncpg.SyntaxOrAccessError() | asyncpg.InvalidSchemaNameError():
            return _OTHER_RELEASE
        case asyncpg.CheckViolationError(constraint_name="tariff_is_drawn"):
            return _NOT_DRAWN
        case asyncpg.LockNotAvailableError():
            return _LOCKED
        case asyncpg.DiskFullError():
            return _FULL
        case (
            asyncpg.OperatorInterventionError()
            | asyncpg.PostgresConnectionError()
            | asyncpg.InsufficientResourcesError()
            | asyncpg.InterfaceError()
            | ConnectionError()
            | TimeoutError()
            | socket.gaierror()
        ):
            return _AWAY
        case OSError(filename=None) if isinstance(error, FileNotFoundError) or error.errno in _NO_WAY:
            return _AWAY
    return ""


def _said_of_file(error: OSError) -> str:
    """The file for which there is no room: with two, as in a copy, the second."""
    name = (error.errno in _NO_ROOM and error.filename2) or error.filename
    return f"{error.strerror or error}{f' ({name})' if name else ''}"
