"""The places from which an audit reads the public documents of one event: a folder, a gate or a web
server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

PIECE_BYTES = 64 * 1024
DOCUMENT_BYTES_MAX = 4 * 1024 * 1024
TRIES = 5
_TIMEOUT_S = 30


class Unreadable(RuntimeError):
    """The documents can't be reached, or there are none."""


class Source(Protocol):
    """The published files of one event, by their names under `public/`."""

    def read(self, name: str) -> bytes | None:
        """Returns a small document; None: it does not exist. Raises: Unreadable."""
        ...

    def pieces(self, name: str, start: int = 0) -> Iterator[bytes]:
        """Yields a long file from byte `start` on; nothing when it does not exist.

        Raises: Unreadable.
        """
        ...


class FolderSource:
    """A folder: `DATA/queue/<event>/public`, a copy of it, or the folder above it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder if (folder / "config.json").exists() else folder / "public"

    def read(self, name: str) -> bytes | None:
        """See `Source`."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unreadable(f"{name}: {error.strerror}") from error

    def pieces(self, name: str, start: int = 0) -> Iterator[bytes]:
        """See `Source`."""
        try:
            with (self._folder / name).open("rb") as file:
                file.seek(start)
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unreadable(f"{name}: {error.strerror}") from error


class HttpSource:
    """A gate's `/antre/<event>`, its `/antre/<event>/d`, or any web server with the same files.

    After a broken connection it continues a long file at the same byte (RFC 9110 section 14, Range).
    """

    def __init__(self, url: str) -> None:
        """Raises: Unreadable for an address that is not http or https."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreadable(f"not an address: {url}")
        self._is_tls, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._kept: HTTPConnection | None = None
        self._tries = 1  # a server that is not there at first is not waited for
        if self.read("config.json") is None:
            self._path += "/d"
        self._tries = TRIES

    def read(self, name: str) -> bytes | None:
        """See `Source`."""
        for number in range(self._tries):
            _wait_before(number)
            try:
                if self._kept is None:
                    self._kept = self._connect()
                answer = self._ask(self._kept, name, 0)
                body = answer.read(DOCUMENT_BYTES_MAX + 1)
                if len(body) > DOCUMENT_BYTES_MAX:
                    raise Unreadable(f"{name}: longer than such a document can be")
                if answer.will_close:
                    self._drop()
                if _is_there(answer, name):
                    return body
                return None
            except (OSError, HTTPException) as error:
                self._drop()
                failure: Exception = error
        raise Unreadable(f"{name}: {str(failure) or type(failure).__name__}")

    def pieces(self, name: str, start: int = 0) -> Iterator[bytes]:
        """See `Source`."""
        failures = 0
        while True:
            connection = self._connect()
            try:
                answer = self._ask(connection, name, start)
                if answer.status == 416 or not _is_there(answer, name):
                    return
                skip = start if answer.status == 200 else 0  # a server without ranges sends all of it
                while piece := answer.read(PIECE_BYTES):
                    kept, skip = piece[skip:], max(0, skip - len(piece))
                    start += len(kept)
                    yield kept
                if answer.length:
                    raise HTTPException("the connection broke")
                return
            except (OSError, HTTPException) as error:
                failures += 1
                if failures >= TRIES:
                    raise Unreadable(f"{name}: {str(error) or type(error).__name__}") from error
                _wait_before(failures)
            finally:
                connection.close()

    def _connect(self) -> HTTPConnection:
        kind = HTTPSConnection if self._is_tls else HTTPConnection
        return kind(self._host, self._port, timeout=_TIMEOUT_S)

    def _ask(self, connection: HTTPConnection, name: str, start: int) -> HTTPResponse:
        headers = {"Range": f"bytes={start}-"} if start else {}
        connection.request("GET", f"{self._path}/{name}", headers=headers)
        return connection.getresponse()

    def _drop(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


def lines_of(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The complete lines without their line breaks. Text after the last line break is left out."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines


def _is_there(answer: HTTPResponse, name: str) -> bool:
    """Raises: HTTPException for a server in trouble; Unreadable for one that refuses."""
    if answer.status in (404, 410):
        return False
    if answer.status >= 500 or answer.status == 429:
        raise HTTPException(f"status {answer.status}")
    if answer.status not in (200, 206, 416):
        raise Unreadable(f"{name}: status {answer.status}")
    return True


def _wait_before(number: int) -> None:
    if number:
        time.sleep(min(5.0, 0.2 * 2**number))
