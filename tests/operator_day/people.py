"""A person who buys a stamp over HTTPS: `python -m tests.operator_day.people FILE OUT`.

Prints what the service's own verification says of the stamped file. Exit code 1: it did not come in time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

import aiohttp

from simulator.crowd.applicant import Applicant, TooLate
from simulator.crowd.browser import Browser, Response
from simulator.crowd.service import Service
from tests.operator_day.world import GATEWAY_URL, INBOX_URL, SITE

SECONDS_OF_PATIENCE = 300
"""How long a customer waits for a stamp while signing is stopped."""


class TlsBrowser(Browser):
    """The crowd's browser, which speaks no TLS, over a client that does."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self._session = aiohttp.ClientSession(headers={"Accept-Language": "id"})

    async def _exchange(self, method: str, url: str, body: bytes, content_type: str, known: str) -> Response:
        headers = {"If-None-Match": f'"{known}"'} if known else {}
        if method == "POST":
            headers |= {"Content-Type": content_type, "Origin": self.base}
        asking = self._session.request(method, url, data=body, headers=headers, allow_redirects=False)
        async with asking as answer:
            kept = {name.lower(): value for name, value in answer.raw_headers}
            kept.pop(b"content-encoding", None)  # the session has unpacked it
            return Response(answer.status, kept, await answer.read(), url)

    async def end(self) -> None:
        """Closes its connections."""
        await self._session.close()


async def buy(file: Path, out: Path, *, seconds: float) -> dict[str, object]:
    """Buys, pays, stamps, downloads and verifies. Raises: StepRefused, TooLate."""
    service = Service(pid=0, site=SITE, inbox=INBOX_URL, gateway=GATEWAY_URL)
    person = Applicant(service, f"warga{time.time_ns()}@contoh.id", event="", wait_seconds_max=seconds)
    browser = TlsBrowser(SITE)
    person.browser, person.elsewhere = browser, Browser(GATEWAY_URL)
    try:
        outcome = await person.buy_and_stamp([(file.name, file.read_bytes())])
        stamped = outcome.files[0].content
        out.write_bytes(stamped)
        answer = await browser.request(
            "POST", "/api/v1/verifications", body=stamped, content_type="application/pdf"
        )
    finally:
        await browser.end()
    told = json.loads(answer.body)
    return {
        "order": outcome.number,
        "verdict": told["verdict"],
        "register": told["register"],
        "serials": [stamp["serial"] for stamp in told["stamps"]],
    }


def main() -> int:
    """Buys as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=120, help="how long to wait for the stamp")
    asked = parser.parse_args()
    try:
        print(json.dumps(asyncio.run(buy(asked.file, asked.out, seconds=asked.seconds))))
    except TooLate as late:
        print(late)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
