"""The controller's access to a public beacon: over HTTP (drand's API), or from a file of rounds.

A file has the same JSON, one object a line: first the answer of `/info`, then rounds.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import structlog

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.formats.untrusted_json import read_json
from meterai.kit.http.outside_service import CallLimits, CircuitBreaker, OutsideService
from meterai.waiting_room.files.queue_folder import publish
from meterai.waiting_room.rules.beacon_rounds import ChainInfo, value_of

log = structlog.get_logger(__name__)

ASK_EVERY_S = 0.5
_KEPT = 1_000
_LIMITS = CallLimits(connect_seconds=2, total_seconds=4, body_bytes_max=16_384, connections_max=2)


class BeaconSource:
    """A beacon. `address`: base of the API with its chain (`https://api.drand.sh/CHAINHASH`), or a file's
    path.

    `kept`: a file that keeps the answer of `/info`. With it a controller can start while the source is down.
    """

    def __init__(self, address: str, kept: Path) -> None:
        self.address = address
        self._kept = kept
        self._info: ChainInfo | None = None
        self._values: dict[int, str] = {}
        self._wanted: set[int] = set()
        self._http: OutsideService | None = None
        if address.startswith(("http://", "https://")):
            self._http = OutsideService(
                address,
                unavailable_code="beacon.unavailable",
                limits=_LIMITS,
                breaker=CircuitBreaker(open_seconds=1),
            )

    async def name(self) -> str:
        """The source's name in the rules. Raises: Refusal UNAVAILABLE while the chain is unknown."""
        if self._info is None:
            kept = self._kept.read_bytes() if self._kept.exists() else b""
            told = msgspec.json.decode(kept, type=dict[str, ChainInfo]) if kept else {}
            if self.address not in told:
                told[self.address] = _info_of(await self._ask("/info"))
                publish(self._kept, msgspec.json.encode(told))
            self._info = told[self.address]
        return self._info.name

    def value(self, number: int) -> str | None:
        """Returns `round:hex` of a round. None: it is not known yet, and is requested from now on."""
        known = self._values.get(number)
        if known is None:
            self._wanted.add(number)
        return known

    async def keep_asking(self) -> None:
        """Requests the rounds that are needed, until it is cancelled. While the source is down, draws
        wait."""
        while True:
            for number in sorted(self._wanted):
                try:
                    self._values[number] = value_of(await self._ask(f"/public/{number}"), number)
                except Refusal as refusal:
                    log.info("beacon_waited_for", round=number, reason=refusal.code)
                    break
                self._wanted.discard(number)
                if len(self._values) > _KEPT:
                    del self._values[min(self._values)]
            await asyncio.sleep(ASK_EVERY_S)

    async def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            await self._http.close()

    async def _ask(self, path: str) -> bytes:
        if self._http is None:
            return await asyncio.to_thread(_in_file, Path(self.address), path)
        answer = await self._http.call("GET", path, repeat=True)
        if answer.status != 200:
            raise Refusal(Kind.UNAVAILABLE, "beacon.not_yet")
        return answer.body


def _info_of(raw: bytes) -> ChainInfo:
    try:
        return read_json(raw, ChainInfo)
    except msgspec.DecodeError:
        raise Refusal(Kind.UNAVAILABLE, "beacon.wrong") from None


def _in_file(path: Path, wanted: str) -> bytes:
    """The line of a file that answers `/info` or `/public/N`."""
    number = wanted.rpartition("/")[2]
    try:
        with path.open("rb") as file:
            for at, line in enumerate(file):
                if (wanted == "/info" and at == 0) or f'"round":{number},'.encode() in line.replace(
                    b" ", b""
                ):
                    return line
    except OSError:
        pass
    raise Refusal(Kind.UNAVAILABLE, "beacon.not_yet")
