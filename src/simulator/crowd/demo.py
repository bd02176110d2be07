"""The applicant's whole path with your own files. `python -m simulator.crowd.demo --data DIR FILE.pdf...`

Prints one JSON object a line: each step as it ends, and at last the outcome.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import sys
from pathlib import Path

import msgspec

from simulator.crowd.applicant import Outcome, StepRefused, TooLate
from simulator.crowd.browser import Browser, ConnectionLost, Elsewhere
from simulator.crowd.queued_applicant import QueuedApplicant
from simulator.crowd.service import ServiceMissing, find_service


def say(**facts: object) -> None:
    """One line of JSON on standard output."""
    print(msgspec.json.encode(facts).decode(), flush=True)


async def run(data: Path, files: list[Path], out: Path) -> int:
    """Buys, pays at the sandbox gateway, stamps, downloads and verifies. Returns the exit code."""
    service = find_service(data)
    applicant = QueuedApplicant(
        service,
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


def main() -> None:
    """Exit codes: 0 every file came back genuine, 1 one did not, 2 the path could not be walked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("files", nargs="+", type=Path)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    try:
        sys.exit(asyncio.run(run(asked.data, asked.files, asked.out)))
    except (ServiceMissing, StepRefused, TooLate, ConnectionLost, Elsewhere, OSError, LookupError) as error:
        say(error=str(error))
        sys.exit(2)


if __name__ == "__main__":
    main()
