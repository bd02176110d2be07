"""A small asyncio HTTP/1.1 client for one person: one kept connection, cookies, redirects.

Made for load: it costs a fraction of what a general client costs, so that the driver beside the product
takes little of the machine. Speaks plain HTTP to loopback addresses only.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin, urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class ConnectionLost(Exception):
    """The server closed the connection in the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer with its whole body. `headers` have lower-case names; the last of several wins."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")


@dataclass(slots=True)
class Browser:
    """One person's browser: cookies, one connection per server, redirects followed."""

    base: str
    source_address: str = ""  # a loopback address of its own, so that many people don't share one
    cookies: dict[str, str] = field(default_factory=dict)
    timeout_seconds: float = 30
    url: str = ""
    _streams: dict[tuple[str, int], tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(
        default_factory=dict
    )

    async def get(self, target: str, *, follow: bool = True) -> Response:
        """Fetches `target` (absolute, or relative to the last page)."""
        return await self.request("GET", target, follow=follow)

    async def post(self, target: str, fields: dict[str, str], *, follow: bool = True) -> Response:
        """Sends a form as application/x-www-form-urlencoded."""
        body = urlencode(fields).encode()
        kind = "application/x-www-form-urlencoded"
        return await self.request("POST", target, body=body, content_type=kind, follow=follow)

    async def post_files(
        self, target: str, fields: dict[str, str], files: list[tuple[str, str, bytes]]
    ) -> Response:
        """Sends a form with files (RFC 7578): `files` are (field, file name, content)."""
        boundary = "----meterai-8f1c2a90b7d3"
        parts: list[bytes] = []
        for name, value in fields.items():
            parts.append(
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            )
        for name, filename, content in files:
            head = (
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
                "Content-Type: application/pdf\r\n\r\n"
            )
            parts += [head.encode(), content, b"\r\n"]
        parts.append(f"--{boundary}--\r\n".encode())
        kind = f"multipart/form-data; boundary={boundary}"
        return await self.request("POST", target, body=b"".join(parts), content_type=kind)

    async def request(
        self,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        content_type: str = "",
        follow: bool = True,
    ) -> Response:
        """One request; with `follow` up to five redirects after it (303 and 302 become GET)."""
        url = urljoin(self.url or self.base, target)
        for _ in range(6):
            async with asyncio.timeout(self.timeout_seconds):
                response = await self._exchange(method, url, body, content_type)
            self.url = url
            if not follow or response.status not in (301, 302, 303, 307, 308):
                return response
            url = urljoin(url, response.headers["location"])
            if response.status not in (307, 308):
                method, body, content_type = "GET", b"", ""
        raise ConnectionLost(f"too many redirects at {url}")

    def close(self) -> None:
        """Closes the connections."""
        for _, writer in self._streams.values():
            writer.close()
        self._streams.clear()

    async def _exchange(self, method: str, url: str, body: bytes, content_type: str) -> Response:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        if host not in LOOPBACK:
            raise ValueError(f"load goes to this machine only, not to {host}")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = [
            f"{method} {path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Accept-Language: id",
            "Accept-Encoding: gzip",
        ]
        if self.cookies:
            head.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if method == "POST":
            head += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
            head.append(f"Origin: {parts.scheme}://{parts.netloc}")
        request = "\r\n".join(head).encode() + b"\r\n\r\n" + body
        kept = (host, port) in self._streams
        try:
            return await self._send(host, port, request, url)
        except (ConnectionLost, ConnectionError, asyncio.IncompleteReadError):
            self._drop(host, port)
            if not kept or method != "GET":
                raise ConnectionLost(f"{method} {path}") from None
            return await self._send(host, port, request, url)
        except BaseException:
            self._drop(host, port)
            raise

    async def _send(self, host: str, port: int, request: bytes, url: str) -> Response:
        if (host, port) not in self._streams:
            local = (self.source_address, 0) if self.source_address else None
            self._streams[host, port] = await asyncio.open_connection(
                host, port, limit=1 << 20, local_addr=local
            )
        reader, writer = self._streams[host, port]
        writer.write(request)
        await writer.drain()
        status, headers = await self._read_head(reader)
        body = await _read_body(reader, status, headers)
        if headers.get("content-encoding") == "gzip":
            body = zlib.decompress(body, wbits=31)
        if headers.get("connection", "").lower() == "close":
            self._drop(host, port)
        return Response(status, headers, body, url)

    async def _read_head(self, reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
        raw = await reader.readuntil(b"\r\n\r\n")
        lines = raw.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines[1:-2]:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            headers[name] = value
            if name == "set-cookie":
                self._store_cookie(value)
        return int(lines[0].split(" ", 2)[1]), headers

    def _store_cookie(self, value: str) -> None:
        pair, _, attributes = value.partition(";")
        name, _, content = pair.partition("=")
        if "max-age=0" in attributes.lower() or not content.strip('"'):
            self.cookies.pop(name.strip(), None)
        else:
            self.cookies[name.strip()] = content

    def _drop(self, host: str, port: int) -> None:
        stream = self._streams.pop((host, port), None)
        if stream:
            stream[1].close()


async def _read_body(reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> bytes:
    if status in (204, 304):
        return b""
    if "chunked" in headers.get("transfer-encoding", ""):
        chunks = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            chunks.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return b"".join(chunks)
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read()
