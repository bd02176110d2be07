"""The applicant's whole path with your own files. `python -m simulator.crowd.demo --data DIR FILE.pdf...`

Prints one JSON object a line: each step as it ends, and at last the outcome.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import msgspec

from simulator.crowd.applicant import REFERENCE, Outcome, StepRefused, TooLate
from simulator.crowd.browser import Browser, ConnectionLost, Elsewhere, Response
from simulator.crowd.papers import make_letter
from simulator.crowd.queued_applicant import QueuedApplicant
from simulator.crowd.service import Service, ServiceMissing, find_service
from simulator.rehearsal.victims import is_module, processes_below, strike

MODULES = {"midtrans": "sandbox.gateway", "snap": "sandbox.snap"}
"""Gateway -> its twin."""
_BACK_SECONDS_MAX = 60.0


def say(**facts: object) -> None:
    """One line of JSON on standard output."""
    print(msgspec.json.encode(facts).decode(), flush=True)


@dataclass(kw_only=True)
class Buyer(QueuedApplicant):
    """An applicant who pays at the gateway that has the payment. `gateway`: it must be this one.

    `kills`: the gateway's twin is killed (SIGKILL) once the payment is open. The launcher starts it again.
    """

    gateway: str = ""
    kills: bool = False

    async def _pay(self, page: Response) -> None:
        found = REFERENCE.search(page.text)
        self.gateway = await self._gateway_with(unescape(found[1]) if found else "")
        self.pays_at = _twins(self.service)[self.gateway]
        if self.kills:
            self._start()
            self._kill_gateway()
            await self._until_back()
            self._done("kill_gateway")
        await super()._pay(page)

    async def _gateway_with(self, reference: str) -> str:
        """The gateway that has the payment. Raises: LookupError when it is another one than was named."""
        for name, address in _twins(self.service).items():
            if address and self.gateway in ("", name):
                answer = await self._elsewhere.fetch(f"{address}/_charges?order_id={reference}")
                if msgspec.json.decode(answer.body)["charges"]:
                    return name
        raise LookupError(
            f"the service did not take this payment to {self.gateway or 'a gateway of the sandbox'}. Name it "
            f"first when you start the service, such as METERAI_PAYMENT_GATEWAYS={self.gateway or 'midtrans'}"
        )

    def _kill_gateway(self) -> None:
        twins = processes_below(self.service.pid, is_module(MODULES[self.gateway]))
        if not twins:
            raise LookupError(f"no process of {self.gateway} runs below the launcher")
        for twin in twins:
            strike(twin, signal.SIGKILL)

    async def _until_back(self) -> None:
        deadline = time.monotonic() + _BACK_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                if (await self._elsewhere.fetch(f"{self.pays_at}/healthz")).status == 200:
                    return
            except (ConnectionLost, OSError):
                pass
            await asyncio.sleep(0.1)
        raise TooLate(f"{self.gateway} was not started again in {_BACK_SECONDS_MAX:.0f} s")


def _twins(service: Service) -> dict[str, str]:
    """The twin of each gateway; empty: the service runs without it."""
    return {"midtrans": service.gateway, "snap": service.snap}


async def run(
    data: Path, files: list[Path], out: Path, *, gateway: str = "", kills_gateway: bool = False
) -> int:
    """Buys, pays at the sandbox gateway, stamps, downloads and verifies. Returns the exit code.

    `gateway`: the one that must have the payment; empty: any. `kills_gateway`: see `Buyer`.
    """
    service = find_service(data)
    applicant = Buyer(
        service,
        gateway=gateway,
        channel="va_bca" if gateway == "snap" else "qris",  # there this gateway is the cheapest
        kills=kills_gateway,
        gate=service.gate,
        only_if_asked=True,
        contact=f"demo{os.getpid()}@contoh.id",
        event="casn" if len(files) <= 2 else "",
        looks_after=(0.2, 0.2),
        on_step=lambda name, ms: say(step=name, milliseconds=round(ms, 1)),
    )
    outcome = await applicant.buy_and_stamp([(file.name, file.read_bytes()) for file in files])
    return 0 if await _keep(service.site, outcome, files, out) else 1


async def _keep(site: str, outcome: Outcome, files: list[Path], out: Path) -> bool:
    browser = Browser(site)
    results = []
    for file, stamped in zip(files, outcome.files, strict=True):
        target = out / f"{file.stem}-bermeterai.pdf"
        target.write_bytes(stamped.content)
        answer = await browser.request(
            "POST", "/api/v1/verifications", body=stamped.content, content_type="application/pdf"
        )
        judgement = msgspec.json.decode(answer.body)
        results.append(
            {
                "input": str(file),
                "output": str(target),
                "sha256": hashlib.sha256(stamped.content).hexdigest(),
                "verdict": judgement.get("verdict", "?"),
                "register": judgement.get("register", "?"),
                "serials": [stamp["serial"] for stamp in judgement.get("stamps", [])],
            }
        )
    browser.close()
    say(order=outcome.number, link=outcome.permanent_link, files=results)
    return all(result["verdict"] == "ASLI" for result in results)


def _letter(out: Path) -> Path:
    """A letter of our own, for people who name no file."""
    path = out / "surat-contoh.pdf"
    path.write_bytes(make_letter("Surat Lamaran", "Ani Contoh", size_bytes=0))
    return path


def main() -> None:
    """Exit codes: 0 every file came back genuine, 1 one did not, 2 the path could not be walked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--gateway", choices=["", *MODULES], default="")
    parser.add_argument("--kill-gateway", action="store_true")
    parser.add_argument("files", nargs="*", type=Path)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    try:
        files = asked.files or [_letter(asked.out)]
        done = run(asked.data, files, asked.out, gateway=asked.gateway, kills_gateway=asked.kill_gateway)
        sys.exit(asyncio.run(done))
    except (ServiceMissing, StepRefused, TooLate, ConnectionLost, Elsewhere, OSError, LookupError) as error:
        say(error=str(error))
        sys.exit(2)


if __name__ == "__main__":
    main()
