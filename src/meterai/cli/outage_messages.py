"""What a command says when the database or the disk keeps it from its work: what happened, and what to do."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Final

AWAY: Final = (
    "The database does not answer ({why}). The service's own is started again by itself: give the command "
    "once more in a minute. If it stays so, logs/postgres.log in the data directory says why. One that "
    "METERAI_DATABASE_URL names is its keeper's to look after."
)
_SHUT: Final = (
    "The database does not let us ({why}). Look at METERAI_DATABASE_URL, which is its owner's, and its like: "
    "a command needs the settings with which the service runs, and its data directory (--data)."
)
_NOT_TRUSTED: Final = (
    "There is no safe way to the database ({why}); no password was sent. Its certificate is its keeper's: it "
    "must be valid, of the host that METERAI_DATABASE_URL and its like name, and issued under sslrootcert; "
    "sslcert and sslkey, where it asks for ours, belong together. What runs keeps the connections it has."
)
_OTHER_RELEASE: Final = (
    "The database has not what this command needs ({why}): it is of another release, or not ours. Give the "
    "command of the release that runs, or bring the database to this one: meterai db migrate."
)
_FULL: Final = (
    "The database has no room ({why}). Make room where it keeps its files, then give the command again; "
    "the service goes on by itself."
)
_LOCKED: Final = (
    "Somebody else holds a table of the database for too long ({why}). This step changed nothing: give the "
    "command again, when the service is stopped everywhere."
)
_NOT_DRAWN: Final = (
    "The table sales.tariff has another tariff than Rp10.000, which the stamps of this release say ({why}). "
    "Look: SELECT * FROM sales.tariff WHERE face_value <> 10000. Start the release that draws it; or delete "
    "these rows, if they are of days to come, and give the command again. What was brought up so far stays."
)
_UNREADABLE: Final = (
    "The address of the database can't be read ({why}). Look at METERAI_DATABASE_URL and its like."
)
_FILE: Final = "This did not work: {why}. Mend that, then give the command again."
_NO_WAY: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, None}
"""Of a connection; several tries together, as to an IPv6 and an IPv4 address, have no number of their own."""
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT}


def in_words(error: Exception) -> str:
    """What to tell of an error; empty: it is a fault of ours, whose trace is wanted."""
    pattern = _of_database(error) if "asyncpg" in sys.modules else ""
    if not pattern and isinstance(error, OSError):
        pattern, error = _FILE, OSError(_said_of_file(error))
    return pattern.format(why=str(error) or type(error).__name__) if pattern else ""


def _of_database(error: Exception) -> str:
    """Only who imported the driver can meet these."""
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
            return AWAY
        case OSError(filename=None) if isinstance(error, FileNotFoundError) or error.errno in _NO_WAY:
            return AWAY
    return ""


def _said_of_file(error: OSError) -> str:
    """Of two files, as of a copy, the second is the one for which there is no room."""
    name = (error.errno in _NO_ROOM and error.filename2) or error.filename
    return f"{error.strerror or error}{f' ({name})' if name else ''}"
