"""A browser without JavaScript: cookies, forms, redirects within an origin, bounded answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from meterai.status_page.probe.forms import Form
from meterai.status_page.probe.run import Why

if TYPE_CHECKING:
    import aiohttp

BODY_BYTES_MAX: Final = 4 << 20
_CONNECT_S: Final = 3.0
_REDIRECTS_MAX: Final = 5
_REDIRECTS: Final = (301, 302, 303)
_HEADERS: Final = {"Accept-Encoding": "identity", "Accept-Language": "id", "User-Agent": "meterai-probe"}


class Stopped(Exception):
    """The purchase can't go on."""

    def __init__(self, why: Why, status: int = 0) -> None:
        self.why, self.status = why, status
        super().__init__(why, status)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer with its whole body, and the address at which it was."""

    status: int
    url: str
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")

    def expect(self, *statuses: int) -> Page:
        """This page. Raises: Stopped when it has another status."""
        if self.status not in (statuses or (200,)):
            raise Stopped(Why.NO_ANSWER if self.status >= 500 else Why.REFUSED, self.status)
        return self


class Browser:
    """One visit to the site at `origin`. Every method raises Stopped and TimeoutError."""

    def __init__(self, origin: str) -> None:
        import aiohttp

        self.origin = origin.rstrip("/")
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # also of hosts that are numbers
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._session.close()

    async def open(self, address: str) -> Page:
        """Goes to an address of the site, or to a whole one elsewhere."""
        return await self._go("GET", urljoin(self.origin + "/", address))

    async def knock(self, address: str, secret: str) -> Page:
        """Shows a secret at an address of the site. It goes nowhere else: no redirect is followed."""
        headers = {"Authorization": f"Bearer {secret}"}
        return (await self._exchange("POST", self.origin + address, None, headers))[0]

    async def send(
        self,
        page: Page,
        form: Form,
        *,
        fields: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Page:
        """Sends a form of a page. `files`: by field, the name and content of each."""
        import aiohttp

        told = {**form.fields, **(fields or {})}
        data: Any = told
        if form.is_multipart:
            data = aiohttp.FormData(told)
            for name, (file_name, content) in (files or {}).items():
                data.add_field(name, content, filename=file_name, content_type="application/pdf")
        return await self._go("POST", urljoin(page.url, form.action), data)

    async def _go(self, method: str, url: str, data: Any = None) -> Page:
        home = _origin_of(url)
        for _ in range(_REDIRECTS_MAX):
            headers = {"Origin": home} if method == "POST" else {}
            page, onward = await self._exchange(method, url, data, headers)
            if page.status not in _REDIRECTS:
                return page
            method, url, data = "GET", urljoin(url, onward), None
            if _origin_of(url) != home:  # a site that somebody has taken must not send us into our network
                raise Stopped(Why.UNEXPECTED, page.status)
        raise Stopped(Why.UNEXPECTED, page.status)

    async def _exchange(
        self, method: str, url: str, data: Any, headers: Mapping[str, str]
    ) -> tuple[Page, str]:
        import aiohttp

        try:
            async with self._session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                body = await _read(response)
                return Page(response.status, url, body), response.headers.get("Location", "")
        except (aiohttp.ClientConnectionError, OSError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError):
                raise
            raise Stopped(Why.NO_ANSWER) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise Stopped(Why.UNEXPECTED) from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            response.close()
            raise Stopped(Why.UNEXPECTED, response.status)
    return bytes(body)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
