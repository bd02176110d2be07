"""A partner's bundle at a service of its own, whose worker is killed again and again."""

from __future__ import annotations

import json
import os
import secrets
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.load.partner import make_partner
from benchmarks.stamping.engines import make_document
from meterai_sdk import Meterai
from simulator.crowd.cpu_time import memory_mb, pids_of
from simulator.crowd.service import find_service
from tests.running_service import RunningService, running_service

_LOOK_SECONDS = 0.5
_LOOK_SECONDS_PER_FILE = 0.000_2
"""The service counts all files for each look."""
_STUCK_SECONDS = 120.0
"""The benchmark ends when no stamp was made for this time."""
_SETTINGS: Mapping[str, str] = {
    "METERAI_JAIL_SLOTS": "2",  # as the worker of the stamping cycle's own benchmark
    "METERAI_API_REQUESTS_PER_MINUTE": "10000000",
    "METERAI_PARTNER_SANDBOX": "off",
    "METERAI_LOG_LEVEL": "WARNING",
}
_PLACE: Any = {"by": "coordinates", "page": 1, "x": 400, "y": 100, "may_cover": True}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a run showed. Memory is the proportional set size (PSS) of the product's processes by part."""

    documents: int
    kills: int
    stamped: int
    serials: int
    """Different serial numbers in the results."""
    used: int
    """Stamps that the organisation has used, as the ledger says."""
    upload_seconds: float
    seconds: float
    """From the start to the last stamp."""
    per_second: float
    longest_pause_s: float
    """The longest time without a stamp: a worker starts again."""
    memory_at_a_tenth_mb: dict[str, float]
    memory_at_the_end_mb: dict[str, float]


def measure(*, documents: int, kills: int, size_bytes: int) -> Found:
    """Stamps a bundle of this many documents, and kills the worker this many times on the way."""
    with running_service(_SETTINGS) as service, tempfile.TemporaryDirectory() as folder:
        partner = make_partner(service.data, pieces=documents)
        files = _write(Path(folder), documents, size_bytes)
        began = time.monotonic()
        bundle = partner.bundles.open(place=_PLACE)["id"]
        partner.bundles.upload(bundle, files)
        uploaded = time.monotonic() - began
        return _stamp(service, partner, bundle, documents=documents, kills=kills, upload_seconds=uploaded)


def _write(folder: Path, documents: int, size_bytes: int) -> dict[str, Path]:
    """Different files of this size."""
    model = make_document(size_bytes)
    at = len(model) // 2  # inside the picture
    files = {f"surat/{number:06}.pdf": folder / f"{number}.pdf" for number in range(documents)}
    for file in files.values():
        file.write_bytes(model[:at] + secrets.token_bytes(16) + model[at + 16 :])
    return files


def _stamp(
    service: RunningService,
    partner: Meterai,
    bundle: str,
    *,
    documents: int,
    kills: int,
    upload_seconds: float,
) -> Found:
    root = find_service(service.data).pid
    deaths = iter([documents * (number + 1) // (kills + 1) for number in range(kills)])
    death = next(deaths, None)
    memory: dict[str, float] = {}
    longest, last = 0.0, time.monotonic()
    began = last
    partner.bundles.start(bundle, documents=documents)
    for stamped in _progress(partner, bundle, every_s=_LOOK_SECONDS + _LOOK_SECONDS_PER_FILE * documents):
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        if not memory and stamped * 10 >= documents:
            memory = memory_mb(root)
        if death is not None and stamped >= death:
            death = next(deaths, None)
            for pid in pids_of(root, "worker"):
                with suppress(ProcessLookupError):  # it may end by itself meanwhile
                    os.kill(pid, signal.SIGKILL)
    seconds = time.monotonic() - began
    results = [json.loads(line) for line in _results(partner, bundle)]
    done = [one for one in results if one["state"] == "stamped"]
    return Found(
        documents=documents,
        kills=kills,
        stamped=len(done),
        serials=len({one["serial"] for one in done}),
        used=partner.quota.read()["used"],
        upload_seconds=round(upload_seconds, 1),
        seconds=round(seconds, 1),
        per_second=round(len(done) / seconds, 1),
        longest_pause_s=round(longest, 1),
        memory_at_a_tenth_mb=memory,
        memory_at_the_end_mb=memory_mb(root),
    )


def _progress(partner: Meterai, bundle: str, *, every_s: float) -> Iterator[int]:
    """Yields how many are stamped, whenever there are more, until the bundle has ended or hangs."""
    stamped, seen = 0, time.monotonic()
    while time.monotonic() - seen < _STUCK_SECONDS:
        found = partner.bundles.read(bundle)
        if found["files"]["stamped"] > stamped:
            stamped, seen = found["files"]["stamped"], time.monotonic()
            yield stamped
        if found["state"] not in ("stamping", "waiting_for_quota", "halted"):
            return
        time.sleep(every_s)


def _results(partner: Meterai, bundle: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.ndjson"
        partner.calls.download(f"/api/v1/bundles/{bundle}/results.ndjson", file)
        return file.read_text().splitlines()
