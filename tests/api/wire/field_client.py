"""A client as integrators have it: written from the description of the wire alone, with other addresses.

It sends forms here and JSON there, puts bases and paths together carelessly, and looks at no status.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

type Send = Callable[[str, str, dict[str, str], bytes], Awaitable[bytes]]
"""Sends a request: method, address, headers, body. Gives the body of the answer."""
FORM = "application/x-www-form-urlencoded"


class FieldClient:
    """Talks to five hosts. `bases`: the address of each role."""

    def __init__(self, send: Send, bases: dict[str, str]) -> None:
        self._send = send
        self._bases = bases
        self.token = ""
        self.user: dict[str, Any] = {}

    async def log_in(self, user: str, password: str) -> None:
        """Keeps the token."""
        told = await self._json(
            "POST", "backend", "api/users/login", form={"user": user, "password": password}
        )
        assert told["message"] == "success"
        assert told["statusCode"] == "00"
        self.token = told["result"]["data"]["login"]["token"]
        self.user = told["result"]["data"]["login"]["user"]

    async def balance(self) -> int:
        """What is left."""
        told = await self._json("GET", "backend", "/function/saldopos")
        assert told["result"]["status"] == "00", told["result"]["message"]
        return int(told["result"]["saldo"])

    async def balance_of_place(self) -> int:
        """What is left to the entry of the login that collects."""
        places = self.user["userdetails"][0]["locationother"]
        place = next(one["id"] for one in places if one["description"] == "PEMUNGUT")
        told = await self._json("GET", "backend", f"/sale/saldo-scm?idLoc={place}&db=true")
        return int(told["result"]["saldo"])

    async def serial(self, **fields: Any) -> tuple[str, bytes]:
        """A serial number and its picture."""
        told = await self._json("POST", "stampv2", "/chanel/stampv2", {"isUpload": False, **fields})
        assert told["statusCode"] == "00", told["result"]["err"]
        picture = told["result"]["image"]
        assert picture.startswith("/9j/")
        return told["result"]["sn"], base64.b64decode(picture)

    async def upload(self, name: str, data: bytes) -> str:
        """The id of a file in the shared folder."""
        edge = uuid.uuid4().hex
        body = (
            f'--{edge}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{self.token}\r\n--{edge}\r\n'
            f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        ).encode() + data + f"\r\n--{edge}--\r\n".encode()  # fmt: skip
        kind = f"multipart/form-data; boundary={edge}"
        told = json.loads(await self._raw("POST", "fileupload", "/uploaddoc2", body, kind=kind))
        assert told["statusCode"] == "00", told["message"]
        return str(told["id"])

    async def serial_of_upload(self, id: str, **fields: Any) -> tuple[str, str]:
        """A serial number for an uploaded file, and the name of its picture."""
        told = await self._json(
            "POST", "stampv2", "/chanel/stampv2", form={"isUpload": "true", "idfile": id, **fields}
        )
        assert told["statusCode"] == "00", told["result"]["err"]
        return told["result"]["sn"], told["result"]["filenameQR"]

    async def sign_upload(self, id: str, serial: str, picture: str, *, tries: int = 5) -> bytes:
        """The stamped file. Asks again with the same serial number while it may."""
        body = {
            "onPrem": False,
            "docId": id,
            "certificatelevel": "NOT_CERTIFIED",
            "docpass": "",
            "refToken": serial,
            "src": f"/sharefolder/doc_{id}.pdf",
            "dest": f"/sharefolder/final_{id}.pdf",
            "jwToken": self.token,
            "spesimenPath": f"/sharefolder/{picture}",
            "profileName": "emeteraicertificateSigner",
            "reason": "Akta Pejabat",
            "location": "JAKARTA",
            "visLLX": 237,
            "visLLY": 559,
            "visURX": 337,
            "visURY": 459.0,
            "visSignaturePage": 1,
            "retryFlag": "1",
        }
        told: dict[str, Any] = {}
        for _ in range(tries):
            told = await self._json("POST", "stampservice", "/keystamp/adapter/docSigningZ", body)
            if told["errorCode"] not in ("93", "94", "95", "96", "97"):
                break
        assert (told["status"], told["errorCode"]) == ("True", "00"), told["errorMessage"]
        return await self._send("GET", told["urlFile"], {"Authorization": f"Bearer {self.token}"}, b"")

    async def state(self, serial: str) -> str:
        """STAMP or NOTSTAMP. Asks with a body on GET."""
        told = await self._json("GET", "backend", "/api/chanel/stamp/ext", {"filter": serial})
        assert told["result"]["total"] == 1
        return str(told["result"]["data"][0]["status"])

    async def adapter_call(self, name: str, **fields: Any) -> dict[str, Any]:
        """What an adapter asks of the signer."""
        told = await self._json("POST", "stampservice", f"/keystamp/pdfsigning/rest/{name}", fields)
        assert told["errorCode"] == "00", told["errorMessage"]
        return told

    async def _json(
        self, method: str, role: str, path: str, body: Any = None, *, form: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        content, kind = json.dumps(body).encode() if body is not None else b"", "application/json"
        if form is not None:
            content, kind = urlencode(form).encode(), FORM
        told: dict[str, Any] = json.loads(await self._raw(method, role, path, content, kind=kind))
        return told

    async def _raw(self, method: str, role: str, path: str, body: bytes, *, kind: str) -> bytes:
        headers = {"Content-Type": kind, "x-Gateway-APIKey": "whatever"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return await self._send(method, self._bases[role] + path, headers, body)
