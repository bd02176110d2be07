"""A partner's first day in the sandbox. `python -m simulator.crowd.partner_demo --data DIR`

Prints one JSON object a line: each step as it ends, and at last the outcome.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from simulator.crowd.applicant import StepRefused, TooLate
from simulator.crowd.browser import ConnectionLost, Elsewhere
from simulator.crowd.demo import say
from simulator.crowd.papers import make_letter
from simulator.crowd.partner_member import PartnerMember
from simulator.crowd.partner_program import PDF, ApiRefused, PartnerProgram, Receiver, receiving
from simulator.crowd.service import ServiceMissing, find_service

BUNDLE_FILES: Final = 3
_WAIT_SECONDS: Final = 90.0
_WIB: Final = timedelta(hours=7)
_SCENARIOS: Final = {
    "refused-file": ("refused", "sandbox.refused_file"),
    "slow": ("released", ""),
    "signer-down": ("refused", "sandbox.signer_down"),
    "webhook-lost": ("released", ""),
}
"""Scenario -> state and code of the stamp at its end."""


class NotAsPromised(Exception):
    """The service did something else than the documentation says."""


class Day:
    """What the program does, step by step. Raises: ApiRefused, NotAsPromised, TimeoutError."""

    def __init__(self, program: PartnerProgram, receiver: Receiver) -> None:
        self.program = program
        self.receiver = receiver
        self.spent = 0
        self.webhook_id = ""
        self.outcome: dict[str, Any] = {"verdicts": [], "scenarios": {}}

    async def run(self) -> None:
        """The whole day."""
        async with step("token"):
            await self.program.sign_in()
        before = await self.left()
        async with step("webhook"):
            await self.add_webhook()
        await self.stamp_one()
        async with step("bundle"):
            await self.stamp_bundle()
        async with step("scenarios"):
            await asyncio.gather(*map(self.play, _SCENARIOS))
        async with step("report"):
            await self.read_report()
        await self.program.send("DELETE", f"/webhooks/{self.webhook_id}")
        after = await self.left()
        if before - after != self.spent:
            raise NotAsPromised(f"{before - after} stamps were used, and {self.spent} were made")
        self.outcome |= {"used": self.spent, "left": after, "messages": len(self.receiver.messages)}

    async def left(self) -> int:
        """Stamps that may still be used."""
        return int((await self.program.get("/quota"))["available"])

    async def add_webhook(self) -> None:
        """Lets messages come to the receiver."""
        made = await self.program.post("/webhooks", {"url": self.receiver.address})
        self.receiver.secret, self.webhook_id = made["key"], made["webhook_id"]

    async def stamp_one(self) -> None:
        """Stamps a document in one call, verifies the file, and gets the message about it."""
        async with step("stamp"):
            stamp = await self.order("Perjanjian", Prefer="wait=20")
            expect("state", stamp["state"], "released")
            self.spent += 1
        async with step("verify"):
            file = await self.program.send("GET", f"/stamps/{stamp['id']}/file")
            self.outcome["verdicts"].append(await self.verdict(file, stamp["file"]["sha256"]))
        async with step("message"):
            await self.receiver.wait_for("stamp.released", stamp["id"], seconds=_WAIT_SECONDS)

    async def stamp_bundle(self) -> None:
        """Names, uploads and stamps a few files, and reads what came of each."""
        files = {f"surat-{n}.pdf": letter(f"Surat {n}") for n in range(1, BUNDLE_FILES + 1)}
        path = f"/bundles/{(await self.program.post('/bundles'))['id']}"
        lines = [
            {"path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in files.items()
        ]
        manifest = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        await self.program.send("PUT", f"{path}/manifest", body=manifest, kind="application/x-ndjson")
        for file in (await self.program.get(f"{path}/files"))["data"]:
            content = f"{path}/files/{file['id']}/content"
            await self.program.send("PUT", content, body=files[file["path"]], kind=PDF)
        await self.program.post(f"{path}/start", {"documents": BUNDLE_FILES})
        bundle = await self.until(path, {"ended"})
        expect("files of the bundle", bundle["files"].get("stamped"), BUNDLE_FILES)
        self.spent += BUNDLE_FILES

    async def play(self, scenario: str) -> None:
        """Orders a stamp with a scenario, and waits for its end and the message about it."""
        state, code = _SCENARIOS[scenario]
        ordered = await self.order(f"Skenario {scenario}", **{"Meterai-Scenario": scenario})
        stamp = await self.until(f"/stamps/{ordered['id']}", {"released", "refused"})
        expect(scenario, (stamp["state"], (stamp["problem"] or {}).get("code", "")), (state, code))
        self.spent += state == "released"
        await self.receiver.wait_for(f"stamp.{state}", stamp["id"], seconds=_WAIT_SECONDS)
        self.outcome["scenarios"][scenario] = f"{state} {code}".strip()

    async def read_report(self) -> None:
        """Asks for the stock of this month, and reads it as a table."""
        month = f"{datetime.now(UTC) + _WIB:%Y-%m}"
        asked = await self.program.post("/reports", {"kind": "stock", "month": month})
        report = await self.until(f"/reports/{asked['id']}", {"ready", "failed"})
        expect("report", report["state"], "ready")
        table = await self.program.send("GET", f"/reports/{asked['id']}/csv")
        self.outcome["report"] = {"month": month, "lines": len(table.splitlines()) - 1}

    async def order(self, title: str, **headers: str) -> Any:
        """Orders a stamp on a new letter."""
        body = {"file": base64.b64encode(letter(title)).decode(), "name": "surat.pdf"}
        return await self.program.post("/stamps", body, **headers)

    async def verdict(self, file: bytes, sha256: str) -> str:
        """What verification says of a stamped file, as anybody may ask it."""
        expect("digest", hashlib.sha256(file).hexdigest(), sha256)
        said = msgspec.json.decode(await self.program.send("POST", "/verifications", body=file, kind=PDF))
        expect("verdict", said["verdict"], "ASLI")
        return str(said["verdict"])

    async def until(self, path: str, states: set[str]) -> Any:
        """Asks until something has one of these states. Raises: TimeoutError."""
        async with asyncio.timeout(_WAIT_SECONDS):
            while True:
                found = await self.program.get(path)
                if found["state"] in states:
                    return found
                await asyncio.sleep(0.25)


def letter(title: str) -> bytes:
    """A letter of which there is no other."""
    return make_letter(f"{title} {os.urandom(4).hex()}", "Rina Wijaya", size_bytes=20_000)


def expect(what: str, found: object, wanted: object) -> None:
    """Raises: NotAsPromised when they differ."""
    if found != wanted:
        raise NotAsPromised(f"{what}: {found!r} instead of {wanted!r}")


@asynccontextmanager
async def step(name: str) -> AsyncIterator[None]:
    """Tells how long a step took."""
    began = time.perf_counter()
    yield
    say(step=name, milliseconds=round((time.perf_counter() - began) * 1_000, 1))


async def run(data: Path) -> int:
    """Takes a test client on the site and spends a day with it. Returns the exit code."""
    service = find_service(data)
    member = PartnerMember(
        service,
        contact=f"mitra{os.getpid()}@contoh.id",
        on_step=lambda name, ms: say(step=name, milliseconds=round(ms, 1)),
    )
    key = await member.take_key()
    async with aiohttp.ClientSession() as session, receiving() as receiver:
        day = Day(PartnerProgram(service.site, key, session), receiver)
        await day.run()
    say(client=key.client_id, **day.outcome)
    return 0


def main() -> None:
    """Exit codes: 0 all went as documented, 1 something did not, 2 the day could not be begun or ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    asked = parser.parse_args()
    try:
        sys.exit(asyncio.run(run(asked.data)))
    except NotAsPromised as error:
        say(error=str(error))
        sys.exit(1)
    except (
        ApiRefused,
        ServiceMissing,
        StepRefused,
        TooLate,
        ConnectionLost,
        Elsewhere,
        OSError,
        LookupError,
        aiohttp.ClientError,
    ) as error:
        say(error=f"{type(error).__name__}: {error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
