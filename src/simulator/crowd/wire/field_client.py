"""The calls of a client in the field, as it makes them and reads their answers. No HTTP status counts."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from simulator.crowd.browser import LOOPBACK, Elsewhere

SHARED: Final = "/sharefolder"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60)
_SIGN_CLOUD: Final = "/keystamp/adapter/docSigningZ"
_SIGN_HERE: Final = "/adapter/pdfsigning/rest/docSigningZ"


class Unreadable(Exception):
    """No answer of the contract came: whether the call was carried out is not known."""


class Refused(Exception):
    """The service refused a call with a code."""

    def __init__(self, call: str, code: str, said: object) -> None:
        super().__init__(f"{call}: {code} {str(said)[:300]}")
        self.call, self.code = call, code


@dataclass(frozen=True, slots=True)
class Addresses:
    """The base addresses that an integrator changes, and nothing else."""

    backend: str
    stampv2: str
    inventory: str
    stampservice: str
    fileupload: str
    adapter: str = ""

    @classmethod
    def at(cls, site: str, adapter: str = "") -> Addresses:
        """Those of a site of ours on this machine. Raises: Elsewhere."""
        if (urlsplit(site).hostname or "") not in {name.strip("[]") for name in LOOPBACK}:
            raise Elsewhere(f"the demo goes to this machine only, not to {site}")
        roles = ("backend", "stampv2", "inventory", "stampservice", "fileupload")
        return cls(adapter=adapter, **{role: f"{site}/wire/{role}" for role in roles})


@dataclass(frozen=True, slots=True)
class Balance:
    """Stamps that are free, and serial numbers without a stamp."""

    saldo: int
    notstamp: int


@dataclass(frozen=True, slots=True)
class TakenSerial:
    """A serial number, and its picture: JPEG bytes on-premise, a file name in the cloud."""

    sn: str
    image: bytes = b""
    filename_qr: str = ""


class FieldClient:
    """Calls the hosts of the wire. Raises: Refused, Unreadable, aiohttp.ClientError, TimeoutError."""

    def __init__(self, session: aiohttp.ClientSession, addresses: Addresses) -> None:
        self._session = session
        self.at = addresses
        self.token = ""
        self.user_id = ""

    async def login(self, user: str, password: str, *, as_form: bool = False) -> str:
        """Gets a token, and keeps it."""
        sent = {"user": user, "password": password}
        how: dict[str, Any] = {"data": sent} if as_form else {"json": sent}
        said = await self._ask("POST", f"{self.at.backend}/api/users/login", **how)
        if said.get("statusCode") != "00" or said.get("message") != "success":
            raise Refused("login", str(said.get("statusCode")), said.get("message"))
        self.token, told = said["token"], said["result"]["data"]["login"]
        self.user_id = str(told["user"]["id"])
        if told["token"] != self.token:
            raise Unreadable("login: two tokens")
        return self.token

    async def balance(self) -> Balance:
        """Free stamps and unstamped serial numbers."""
        said = await self._ask("POST", f"{self.at.backend}/function/saldopos", json={})
        told = said["result"]
        if told["status"] != "00":
            raise Refused("saldopos", told["status"], told.get("message"))
        return Balance(int(told["saldo"]), int(told["notstamp"]))

    async def kinds(self) -> dict[str, str]:
        """The document types: name -> code."""
        said = self._good("jenisdoc", await self._ask("GET", f"{self.at.stampv2}/jenisdoc"))
        return {one["nama"]: one["kode"] for one in said["result"]}

    async def take_serial(
        self, facts: Mapping[str, Any], *, id_file: str = "", as_form: bool = False
    ) -> TakenSerial:
        """Takes a serial number. `id_file`: of an upload (cloud). `as_form`: booleans become texts."""
        sent = dict(facts)
        if id_file:
            sent |= {"isUpload": True, "idfile": id_file}
        how: dict[str, Any] = {"json": {"isUpload": False, "snOnly": False, **sent}}
        if as_form:
            how = {"data": {"snOnly": "false", **{name: str(value) for name, value in sent.items()}}}
        said = self._good("stampv2", await self._ask("POST", f"{self.at.stampv2}/chanel/stampv2", **how))
        got = said["result"]
        if id_file:
            return TakenSerial(got["sn"], filename_qr=got["filenameQR"])
        if not got["image"].startswith("/9j/"):
            raise Unreadable("stampv2: no JPEG")
        return TakenSerial(got["sn"], base64.b64decode(got["image"]))

    async def change_facts(self, serial: str, facts: Mapping[str, Any]) -> None:
        """Changes what is reported of a serial number, while it has no stamp."""
        self._good(
            "update-data",
            await self._ask("POST", f"{self.at.stampv2}/stamping/update-data/{serial}", json=dict(facts)),
        )

    async def status(self, serial: str, *, in_body: bool = False) -> str:
        """STAMP, NOTSTAMP, or nothing when the serial number is not known. `in_body`: a body on GET."""
        address = f"{self.at.backend}/api/chanel/stamp/ext"
        how: dict[str, Any] = {"json": {"filter": serial}} if in_body else {"params": {"filter": serial}}
        said = self._good("status", await self._ask("GET", address, **how))
        found = said.get("result")
        return str(found["data"][0]["status"]) if isinstance(found, dict) and found.get("data") else ""

    async def unstamped(self) -> list[str]:
        """The serial numbers that were taken and not stamped."""
        said = await self._ask("GET", f"{self.at.stampv2}/chanel/sale/stamp/ext/{self.user_id}")
        return [one["serialnumber"] for one in self._good("sale/stamp", said)["result"]["data"]]

    async def picture(self, serial: str) -> bytes:
        """The picture of a serial number, once more."""
        asked = {"serialnumber": serial, "onprem": "true"}
        said = await self._ask("GET", f"{self.at.stampv2}/snqr/qrimage", params=asked)
        return base64.b64decode(self._good("qrimage", said)["result"]["base64"])

    async def upload(self, name: str, content: bytes) -> str:
        """Uploads a PDF. Returns its id."""
        form = aiohttp.FormData()
        form.add_field("token", self.token)
        form.add_field("file", content, filename=name, content_type="application/pdf")
        said = await self._ask("POST", f"{self.at.fileupload}/uploaddoc2", data=form)
        return str(self._good("uploaddoc2", said)["id"])

    async def order_batch(self, return_url: str, documents: Sequence[Mapping[str, Any]]) -> str:
        """Asks for serial numbers of many documents. Returns the batch."""
        sent = {"return_url": return_url, "tipe": "10000", "partial": True, "document": list(documents)}
        said = await self._ask("POST", f"{self.at.inventory}/api/v2/serialnumber/batch", json=sent)
        return str(self._good("batch", said)["result"]["batchId"])

    async def batch_state(self, batch: str) -> Any:
        """What the service knows of a batch."""
        said = await self._ask("GET", f"{self.at.stampv2}/snqr/status-batch", params={"batchId": batch})
        return self._good("status-batch", said)["result"]

    async def batch_document(self, batch: str, proc: str) -> Any:
        """What a lost webhook would have told of a document."""
        address = f"{self.at.stampv2}/snqr?batchId={quote(batch, safe='')}&procId={quote(proc, safe='')}"
        return self._good("snqr", await self._ask("GET", address))["result"]

    async def sign_in_cloud(self, id_file: str, serial: str, order: Mapping[str, Any]) -> str:
        """Has an upload stamped. Returns where the file is."""
        sent = {
            "src": f"{SHARED}/doc_{id_file}.pdf",
            "dest": f"{SHARED}/final_{id_file}.pdf".lstrip("/"),
            "docId": id_file,
            "onPrem": False,
        }
        address = f"{self.at.stampservice}{_SIGN_CLOUD}"
        return str((await self._sign(address, serial, {**order, **sent}))["urlFile"])

    async def sign_here(self, source: str, target: str, *, serial: str, order: Mapping[str, Any]) -> None:
        """Has the adapter stamp a file of the shared folder. `source`, `target`: names in it."""
        sent = {"src": f"{SHARED}/{source}", "dest": f"{SHARED}/{target}"}
        await self._sign(f"{self.at.adapter}{_SIGN_HERE}", serial, {**order, **sent})

    async def fetch(self, address: str) -> bytes:
        """Downloads a stamped file."""
        head = {"Authorization": f"Bearer {self.token}"}
        async with self._session.get(address, headers=head, timeout=_TIMEOUT) as answer:
            content = await answer.read()
        if not content.startswith(b"%PDF-"):
            raise Unreadable(f"{address}: {content[:200]!r}")
        return content

    async def _sign(self, address: str, serial: str, order: Mapping[str, Any]) -> Any:
        sent = {"docpass": "", "jwToken": self.token, "refToken": serial, **order}
        said = await self._ask("POST", address, json=sent)
        if said.get("status") != "True" or said.get("errorCode") != "00":
            raise Refused("docSigningZ", str(said.get("errorCode")), said.get("errorMessage"))
        return said

    def _good(self, call: str, said: Any) -> Any:
        if said.get("statusCode") != "00":
            result = said.get("result")
            error = result.get("err") if isinstance(result, dict) else result
            raise Refused(call, str(said.get("statusCode")), error or said.get("message"))
        return said

    async def _ask(self, method: str, address: str, **how: Any) -> Any:
        head = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._session.request(method, address, headers=head, timeout=_TIMEOUT, **how) as answer:
            content = await answer.read()
        try:
            said = msgspec.json.decode(content)
        except msgspec.DecodeError as error:
            raise Unreadable(f"{address}: {content[:200]!r}") from error
        if not isinstance(said, dict):
            raise Unreadable(f"{address}: {content[:200]!r}")
        return said
