"""Any order of calls and repeats of two clients: no stamp is lost or used twice, and the books hold."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from meterai.stamping.use_cases.hash_chain import hash_chain
from meterai.stamping.use_cases.return_serials import return_serials
from meterai.waiting_room.rules.model import QueueState
from simulator.crowd.wire.adapter_calls import signed_attributes, signing_order
from simulator.crowd.wire.orders import facts_of, order_of
from tests.api.conftest import running
from tests.api.wire.test_cloud_signing import working
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.pdf import samples
from tests.stamping.conftest import front, jail, pki, shared_tsa
from tests.web.test_forms import END, MULTIPART, part

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage

CLIENTS = st.integers(0, 1)
NUMBERS = st.integers(0, 7)
FEW = st.integers(0, 1)
HASHES_MAX = 5
LETTER = samples.nearly_empty(1)


@dataclass
class Upload:
    """A file in the cloud. `serial`: the one that it was stamped with."""

    id: str
    serial: str = ""


@dataclass
class Serial:
    """What the model knows of a serial number."""

    sn: str
    owner: int
    key: str
    state: str = "NOTSTAMP"
    upload: Upload | None = None
    """Stamped in the cloud."""
    source: str = ""
    """Checksum of the file whose hash was signed."""
    asked: list[int] = field(default_factory=list)
    """The attributes that were signed, one for each request."""
    signatures: dict[int, str] = field(default_factory=dict)


class Client:
    """One organisation's calls."""

    def __init__(self, caller: Caller, organisation_id: Any) -> None:
        self.caller, self.organisation_id = caller, organisation_id
        self.uploads: list[Upload] = []
        self.keys: dict[str, Serial] = {}
        self.whole = 0

    async def balance(self) -> tuple[int, int]:
        """Free stamps, and serial numbers without a stamp."""
        told = (await self.caller.post("backend/function/saldopos", {}))["result"]
        return told["saldo"], told["notstamp"]

    async def upload(self) -> Upload:
        """A new file in the cloud."""
        form = part("file", LETTER, "surat.pdf") + END
        told = await self.caller.post("fileupload/uploaddoc2", form, kind=MULTIPART)
        return Upload(told["id"])


class World:
    """A site with signer and worker, and two clients."""

    def __init__(self, wire: WireSite, clients: list[Client], certificate: bytes) -> None:
        self.wire, self.clients, self.certificate = wire, clients, certificate
        self.loop = asyncio.get_running_loop()
        self.seen: set[str] = set()

    def do[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something in the loop of the site, from the thread of the rules."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


class Wire(RuleBasedStateMachine):
    """Calls of two clients, each of which also tries the serial numbers of the other."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.serials: list[Serial] = []

    @initialize()
    def begin(self) -> None:
        self.map = f"map-{uuid4()}"
        for client in self.world.clients:
            client.keys = {}
            client.uploads = [self.world.do(client.upload()) for _ in range(2)]
            client.whole = sum(self.world.do(client.balance()))

    @rule(who=CLIENTS, key=st.sampled_from(["", "", "map", "upload-0", "upload-1"]))
    def take(self, who: int, key: str) -> None:
        client = self.world.clients[who]
        order = facts_of("surat.pdf") | {"isUpload": False}
        if key.startswith("upload"):
            key = client.uploads[int(key[-1])].id
            order |= {"isUpload": True}
        elif key:
            key = self.map
        told = self._post(who, "stampv2/chanel/stampv2", order | ({"idfile": key} if key else {}))
        assert told["statusCode"] == "00", told
        assert told["result"].get("image", "/9j/").startswith("/9j/")
        sn, known = told["result"]["sn"], client.keys.get(key)
        if known is not None:
            assert sn == known.sn, "the same idfile gets the same serial number"
            self.world.seen.add("taken again")
            return
        assert sn not in {one.sn for one in self.serials}
        self.serials.append(Serial(sn, who, key))
        client.keys |= {key: self.serials[-1]} if key else {}

    @precondition(lambda self: self.serials)
    @rule(who=CLIENTS, number=NUMBERS, upload=FEW, retry=st.booleans())
    def sign_in_cloud(self, who: int, number: int, upload: int, retry: bool) -> None:
        serial, file = self._serial(number), self.world.clients[who].uploads[upload]
        is_first = serial.state == "NOTSTAMP" and not file.serial
        may = serial.owner == who and (is_first or (serial.upload is file and file.serial == serial.sn))
        names = {"src": f"/sharefolder/doc_{file.id}.pdf", "dest": f"sharefolder/final_{file.id}.pdf"}
        order = order_of(retry=retry) | names | {"refToken": serial.sn, "docId": file.id, "onPrem": False}
        told = self._post(who, "stampservice/keystamp/adapter/docSigningZ", order)
        self._expect(told, may=may, what="cloud")
        if may:
            serial.state, serial.upload, file.serial = "STAMP", file, serial.sn

    @precondition(lambda self: self.serials)
    @rule(who=CLIENTS, number=NUMBERS, attributes=st.integers(0, 6), source=FEW, retry=st.booleans())
    def sign_hash(self, who: int, number: int, attributes: int, source: int, retry: bool) -> None:
        serial, checksum = self._serial(number), hashlib.sha256(b"%d" % source).hexdigest()
        is_same = serial.source in ("", checksum) and serial.upload is None
        is_repeat = serial.asked[-1:] == [attributes]
        may = (
            serial.owner == who
            and serial.state != "RETURNED"
            and is_same
            and (is_repeat or len(serial.asked) < HASHES_MAX)
        )
        der = signed_attributes(self.world.certificate, hashlib.sha256(b"isi %d" % attributes).digest())
        order = signing_order(serial.sn, der, checksum, retry=retry)
        told = self._post(who, "stampservice/keystamp/pdfsigning/rest/docSigningB", order)
        self._expect(told, may=may, what="hash")
        if may:
            signature = serial.signatures.setdefault(attributes, told["data"])
            assert told["data"] == signature, "a repeat gets the stored signature"
            serial.state, serial.source = "STAMP", checksum
            serial.asked += [] if is_repeat else [attributes]

    @precondition(lambda self: self.serials)
    @rule(who=CLIENTS, number=NUMBERS)
    def change(self, who: int, number: int) -> None:
        serial = self._serial(number)
        told = self._post(who, f"stampv2/stamping/update-data/{serial.sn}", {"namedipungut": "Siti"})
        may = serial.owner == who and serial.state == "NOTSTAMP"
        assert (told["statusCode"] == "00") == may, told

    @precondition(lambda self: self.serials)
    @rule(who=CLIENTS, number=NUMBERS)
    def give_back(self, who: int, number: int) -> None:
        serial, client = self._serial(number), self.world.clients[who]
        back = self.world.do(
            return_serials(
                self.world.wire.running.line.database.site,
                [serial.sn],
                organisation_id=client.organisation_id,
                now=datetime.now(UTC),
            )
        )
        may = serial.owner == who and serial.state == "NOTSTAMP"
        assert back == ([serial.sn] if may else [])
        if may:
            serial.state = "RETURNED"
            client.keys.pop(serial.key, None)
            self.world.seen.add("given back")

    @precondition(lambda self: self.serials)
    @rule(who=CLIENTS, number=NUMBERS)
    def look(self, who: int, number: int) -> None:
        serial = self._serial(number)
        told = self._post(who, "backend/api/chanel/stamp/ext", {"filter": serial.sn}, method="GET")
        if serial.owner != who:
            assert told["statusCode"] != "00"
        else:
            assert told["result"]["data"][0]["status"] == serial.state

    @invariant()
    def no_stamp_is_lost_or_used_twice(self) -> None:
        for who, client in enumerate(self.world.clients):
            own = [one for one in self.serials if one.owner == who]
            used = sum(one.state == "STAMP" for one in own)
            saldo, waiting = self.world.do(client.balance())
            assert waiting >= sum(one.state == "NOTSTAMP" for one in own)
            assert saldo + waiting + used == client.whole

    def _serial(self, number: int) -> Serial:
        return self.serials[number % len(self.serials)]

    def _post(self, who: int, path: str, body: dict[str, Any], method: str = "POST") -> Any:
        caller = self.world.clients[who].caller
        answer = self.world.do(caller.send(method, path, body))
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def _expect(self, told: Any, *, may: bool, what: str) -> None:
        self.world.seen.add(f"{what} {'signed' if may else told['errorCode']}")
        assert (told["errorCode"] == "00") == may, told
        assert told["status"] == ("True" if may else "False")


@pytest.mark.long
async def test_any_order_of_calls_uses_a_stamp_for_each_document(wire: WireSite) -> None:
    await wire.running.line.set_state(QueueState.OFF)
    await wire.setup.start_signer()
    clients = [Client(await wire.of(one), one.id) for one in (wire.chain.retailer, wire.chain.distributor)]
    certificate, *_ = await hash_chain(wire.running.app.signer)
    world = World(wire, clients, certificate)
    rules: Any = lambda: Wire(world)  # noqa: E731
    few = settings(
        max_examples=6, stateful_step_count=20, deadline=None, derandomize=True, database=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    async with working(wire):
        await asyncio.to_thread(run_state_machine_as_test, rules, settings=few)
    assert world.seen >= {"taken again", "given back", "cloud signed", "cloud 92", "hash signed", "hash 92"}
    twice = """SELECT count(*) FROM (SELECT serial FROM stamping.hash_request GROUP BY serial
               HAVING count(DISTINCT source_sha256) > 1) s"""
    assert await wire.setup.value(twice) == 0
    await wire.setup.assert_sound()
