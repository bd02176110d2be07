"""A document's way in the three modes, call by call, with the retries that clients in the field make."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp

from simulator.crowd.wire.field_client import FieldClient, Refused, Unreadable
from simulator.crowd.wire.memory import Memory
from simulator.crowd.wire.orders import facts_of, order_of
from simulator.crowd.wire.receiver import Receiver, serial_of

PATIENCE_S: Final = 60.0
"""How long a client repeats a call that gets no answer, or that may be repeated."""
_PAUSE_S: Final = 0.3
_LOST_AFTER_S: Final = 15.0
"""Webhooks that did not come by then are asked for."""
_SAME_SERIAL: Final = frozenset({"93", "94", "95", "96"})
_NEXT_SERIAL: Final = frozenset({"92", "97"})
_TRIES: Final = 5
_LATER: Final = frozenset({"97", "99"})
"""The service can't answer now."""

type Between = Callable[[str, bool], Awaitable[None]]
"""Called after each call with its name: before its answer is noted (False), and after (True)."""


async def _on(_name: str, _is_noted: bool) -> None:
    """Goes on at once."""


async def insist[T](call: Callable[[], Awaitable[T]], on_again: Callable[[], None] = lambda: None) -> T:
    """Repeats a call until an answer comes. Raises: Refused, TimeoutError."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await call()
            except (aiohttp.ClientError, TimeoutError, Unreadable):
                pass
            except Refused as error:
                if error.code not in _LATER:
                    raise
            on_again()
            await asyncio.sleep(_PAUSE_S)


@dataclass(slots=True)
class Desk:
    """What an integrator's client was given."""

    user: str
    password: str
    folder: Path
    """The shared folder of the adapter; in the cloud any folder."""
    name: str
    """Of the document; in a batch of the first part of each name."""
    level: str = "NOT_CERTIFIED"
    documents: int = 1
    """In a batch."""


@dataclass(slots=True)
class Journey:
    """Makes its calls in order. What was noted before is not asked for again."""

    client: FieldClient
    desk: Desk
    memory: Memory
    between: Between = _on
    receiver: Receiver | None = None
    tries: int = field(default=0, init=False)
    """Calls that were made again."""

    @property
    def calls(self) -> tuple[str, ...]:
        """The names of its calls: each is a method."""
        raise NotImplementedError

    @property
    def stamped(self) -> dict[Path, str]:
        """The stamped files at its end, with their serial numbers."""
        raise NotImplementedError

    async def run(self) -> None:
        """Goes from the first call without a note to the last. Raises: Refused, TimeoutError."""
        self.client.token = self.memory.get("login", "")
        for name in self.calls:
            if name not in self.memory:
                facts = await insist(partial(self.make, name), self._count)
                await self.between(name, False)
                self.memory.note(**{name: facts})
                await self.between(name, True)

    def _count(self) -> None:
        self.tries += 1

    async def make(self, name: str) -> Any:
        """Makes one call."""
        return await getattr(self, name)()

    async def login(self) -> str:
        """Call 1."""
        return await self.client.login(self.desk.user, self.desk.password)

    async def balance(self) -> int:
        """Call 10."""
        return (await self.client.balance()).saldo

    async def _sign(self, key: str, sign: Callable[[str, dict[str, Any]], Awaitable[Any]]) -> Any:
        """Signs with the serial number noted under `key`, and takes another where clients give one up.

        A client that died in this call knows that it had begun, and says so.
        """
        began, given_up = f"{key}_began", 0
        while True:
            order = order_of(level=self.desk.level, retry=began in self.memory)
            self.memory.note(**{began: True})
            try:
                return await sign(self.memory[key]["sn"], order)
            except Refused as error:
                if error.code not in _SAME_SERIAL | _NEXT_SERIAL:
                    raise
                self.tries += 1
                given_up += error.code in _NEXT_SERIAL
                if given_up == _TRIES:
                    await self._take_next(key, error)
                    given_up = 0
                await asyncio.sleep(_PAUSE_S)

    async def _take_next(self, key: str, error: Refused) -> None:
        """A batch has no next serial number."""
        if key not in self.calls:
            raise error
        lost = [*self.memory.get("given_up", []), self.memory[key]["sn"]]
        self.memory.note(**{key: await self.make(key), "given_up": lost})


class OnPremise(Journey):
    """The PDF stays here. The adapter stamps it in the shared folder."""

    @property
    def calls(self) -> tuple[str, ...]:
        return "login", "balance", "take", "keep_picture", "sign", "read", "see_state"

    @property
    def stamped(self) -> dict[Path, str]:
        return {self.desk.folder / self.memory["read"]: self.memory["take"]["sn"]}

    async def take(self) -> dict[str, str]:
        """Call 2, form-encoded and without an id of the file: a lost answer leaves a serial number unused."""
        taken = await self.client.take_serial(facts_of(self.desk.name), as_form=True)
        return {"sn": taken.sn, "image": base64.b64encode(taken.image).decode()}

    async def keep_picture(self) -> str:
        """Saves the picture in the shared folder."""
        return _keep(self.desk.folder, self.memory["take"])

    async def sign(self) -> str:
        """Call 15."""
        target = f"bermeterai-{self.desk.name}"

        async def here(serial: str, order: dict[str, Any]) -> None:
            order["spesimenPath"] = f"/sharefolder/{self.memory['keep_picture']}"
            await self.client.sign_here(self.desk.name, target, serial=serial, order=order)

        await self._sign("take", here)
        return target

    async def read(self) -> str:
        """Reads the stamped file."""
        return _read(self.desk.folder, self.memory["sign"])

    async def see_state(self) -> str:
        """Call 8, with a body on GET."""
        state = await self.client.status(self.memory["take"]["sn"], in_body=True)
        if state != "STAMP":
            raise Refused("status", state, "not STAMP")
        return state


class Cloud(Journey):
    """The PDF is uploaded, stamped by the service, and fetched."""

    @property
    def calls(self) -> tuple[str, ...]:
        return "login", "balance", "upload", "take", "sign", "fetch", "see_state"

    @property
    def stamped(self) -> dict[Path, str]:
        return {self.desk.folder / self.memory["fetch"]: self.memory["take"]["sn"]}

    async def login(self) -> str:
        """Call 1, form-encoded."""
        return await self.client.login(self.desk.user, self.desk.password, as_form=True)

    async def upload(self) -> str:
        """Call 13."""
        return await self.client.upload(self.desk.name, (self.desk.folder / self.desk.name).read_bytes())

    async def take(self) -> dict[str, str]:
        """Call 2: the same upload gets the same serial number."""
        taken = await self.client.take_serial(facts_of(self.desk.name), id_file=self.memory["upload"])
        return {"sn": taken.sn, "filename_qr": taken.filename_qr}

    async def sign(self) -> str:
        """Call 14."""

        async def there(serial: str, order: dict[str, Any]) -> str:
            order["spesimenPath"] = f"/sharefolder/{self.memory['take']['filename_qr']}"
            return await self.client.sign_in_cloud(self.memory["upload"], serial, order)

        address: str = await self._sign("take", there)
        return address

    async def fetch(self) -> str:
        """Downloads the stamped file."""
        name = f"bermeterai-{self.desk.name}"
        (self.desk.folder / name).write_bytes(await self.client.fetch(self.memory["sign"]))
        return name

    async def see_state(self) -> str:
        """Call 8."""
        state = await self.client.status(self.memory["take"]["sn"])
        if state != "STAMP":
            raise Refused("status", state, "not STAMP")
        return state


class Batch(Journey):
    """Serial numbers for several documents at once come by webhook. The adapter stamps each document."""

    @property
    def calls(self) -> tuple[str, ...]:
        signed = (f"sign_{number}" for number in range(self.desk.documents))
        return "login", "balance", "order", "hear", *signed, "read"

    @property
    def names(self) -> list[str]:
        """The documents in the shared folder."""
        return [f"{number}-{self.desk.name}" for number in range(self.desk.documents)]

    @property
    def stamped(self) -> dict[Path, str]:
        serials = self.memory["hear"]
        return {self.desk.folder / f"bermeterai-{name}": serials[name]["sn"] for name in self.names}

    async def make(self, name: str) -> Any:
        if name.startswith("sign_"):
            return await self._sign_one(self.names[int(name.removeprefix("sign_"))])
        return await getattr(self, name)()

    async def order(self) -> str:
        """Call 3."""
        assert self.receiver is not None
        documents = [{**facts_of(name), "idfile": name, "file": name} for name in self.names]
        batch = await self.client.order_batch(self.receiver.address, documents)
        self.receiver.expects(batch)
        return batch

    async def hear(self) -> dict[str, dict[str, str]]:
        """The webhooks; calls 4 and 5 for those that were lost."""
        batch = self.memory["order"]
        assert self.receiver is not None
        told = await self.receiver.wait_for(batch, self.names, seconds=_LOST_AFTER_S)
        if len(told) < len(self.names):
            told |= await self._ask_for_lost(batch)
        for one in told.values():
            _keep(self.desk.folder, one)
        return told

    async def read(self) -> list[str]:
        """Reads the stamped files."""
        return [_read(self.desk.folder, f"bermeterai-{name}") for name in self.names]

    async def _ask_for_lost(self, batch: str) -> dict[str, dict[str, str]]:
        """Calls 4 and 5."""
        told = {}
        for one in (await self.client.batch_state(batch))["data"]:
            found = await self.client.batch_document(batch, one["procId"])
            told[str(found["document"]["idfile"])] = serial_of(found)
        return told

    async def _sign_one(self, name: str) -> str:
        target = f"bermeterai-{name}"
        taken = self.memory["hear"][name]

        async def here(serial: str, order: dict[str, Any]) -> None:
            order["spesimenPath"] = f"/sharefolder/{taken['sn']}.jpg"
            await self.client.sign_here(name, target, serial=serial, order=order)

        self.memory.note(**{f"of_{name}": taken})
        await self._sign(f"of_{name}", here)
        return target


MODES: Final[dict[str, type[Journey]]] = {"onprem": OnPremise, "cloud": Cloud, "batch": Batch}


def _keep(folder: Path, taken: dict[str, str]) -> str:
    name = f"{taken['sn']}.jpg"
    (folder / name).write_bytes(base64.b64decode(taken["image"]))
    return name


def _read(folder: Path, name: str) -> str:
    if not (folder / name).read_bytes().startswith(b"%PDF-"):
        raise Unreadable(f"{name} is no PDF")
    return name
