"""Uploaded files are stamped with serial numbers that were taken before, as clients ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from meterai.stamping.job_watch import JobWatch
from meterai.stamping.queries import document_page
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from tests.api.conftest import running
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.attacks.signing import signed_by_somebody
from tests.pdf import samples
from tests.pdf.test_ink import page, text
from tests.stamping.conftest import front, jail, pki, shared_tsa
from tests.web.test_forms import END, MULTIPART, part

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage
SIGN = "stampservice/keystamp/adapter/docSigningZ"
BOX = {"visLLX": 237, "visLLY": 559, "visURX": 337.5, "visURY": 459, "visSignaturePage": 1}


async def uploaded(firm: Caller, data: bytes) -> str:
    """The id of a new upload."""
    told = await firm.post("fileupload/uploaddoc2", part("file", data, "surat.pdf") + END, kind=MULTIPART)
    id: str = told["id"]
    return id


def order(id: str, serial: str, **changes: object) -> dict[str, Any]:
    """A request as clients send it."""
    return {
        "onPrem": False, "docId": id, "certificatelevel": "NOT_CERTIFIED", "docpass": "", "location": "BATAM",
        "src": f"/sharefolder/doc_{id}.pdf", "dest": f"/sharefolder/final_{id}.pdf", "refToken": serial,
        "spesimenPath": f"/sharefolder/qr_{serial}.jpg", "profileName": "emeteraicertificateSigner",
        "reason": "Akta Pejabat", "retryFlag": "1", **BOX, **changes,
    }  # fmt: skip


@asynccontextmanager
async def working(wire: WireSite) -> AsyncIterator[None]:
    """A worker that makes what is due."""

    async def work() -> None:
        while True:
            await run_due_jobs(wire.setup.tools(), worker="test")
            await asyncio.sleep(0.05)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()


async def test_a_file_is_stamped_once_however_often_it_is_asked(wire: WireSite) -> None:
    await wire.setup.start_signer()
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    serial, spare = await wire.taken(wire.chain.enterprise, 2)
    id = await uploaded(firm, samples.nearly_empty(2))
    balance = (await firm.post("backend/function/saldopos"))["result"]
    assert (balance["saldo"], balance["notstamp"]) == (68, 2)
    async with working(wire):
        told, again = await asyncio.gather(
            firm.post(SIGN, order(id, serial)),
            firm.post(SIGN, order(id, serial, src=f"sharefolder/doc_{id}.pdf", docId="")),
        )
        later = await firm.post(SIGN, order(id, serial, certificatelevel="NO_CHANGES_ALLOWED"))
    url = told.pop("urlFile")
    assert told == {"status": "True", "errorCode": "00", "errorMessage": "-"}
    assert (
        again["urlFile"] == later["urlFile"] == url == f"http://situs/wire/fileupload/getfile3/final_{id}.pdf"
    )
    file = await firm.send("GET", f"fileupload/getfile3/final_{id}.pdf")
    judged = judge(JudgeRequest(data=file.body, trust=wire.running.app.trust, moment=datetime.now(UTC)))
    assert judged.verdict is Verdict.GENUINE
    assert (await other.send("GET", f"fileupload/getfile3/final_{id}.pdf")).status == 404

    balance = (await firm.post("backend/function/saldopos"))["result"]
    assert (balance["saldo"], balance["notstamp"]) == (68, 1)
    state = (await firm.get(f"backend/api/chanel/stamp/ext?filter={serial}"))["result"]
    assert (state["total"], state["data"][0]["status"]) == (1, "STAMP")
    assert (await firm.post(SIGN, order(id, spare)))["errorCode"] == "92", "the file has its stamp"
    second = await uploaded(firm, samples.nearly_empty(1))
    assert (await firm.post(SIGN, order(second, serial)))["errorCode"] == "92", "another file"


async def test_places_and_profiles_are_what_the_request_says(wire: WireSite) -> None:
    firm = await wire.of(wire.chain.enterprise)
    serials = iter(await wire.taken(wire.chain.enterprise, 4))

    async def placed(data: bytes, **changes: object) -> tuple[Any, ...]:
        id = await uploaded(firm, data)
        told = await firm.post(SIGN, order(id, next(serials), **changes))
        assert told["errorCode"] == "97", told
        assert " / " in told["errorMessage"]
        found = await document_page(wire.setup.db, UUID(id))
        assert found is not None
        (place,) = found.placements
        return found.profile, place.spot, place.may_cover

    letter, full = samples.nearly_empty(2), page(text(280, 500, "Setuju"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("meterai.api.wire.resources.cloud_signing.WAIT_S", 0.01)
        assert await placed(letter) == ("sign_later", (1, 237.25, 459, 100), False)
        below = {"visSignaturePage": "9", "visURX": "600", "visURY": "20"}
        last = await placed(letter, **below, certificatelevel="NO_CHANGES_ALLOWED")
        assert last == ("final", (2, 363.5, 234.5, 110), False)
        assert await placed(full) == ("sign_later", (1, 237.25, 459, 100), True)
        proposed = dict.fromkeys(("visLLX", "visLLY", "visURX", "visURY"), "")
        assert (await placed(letter, **proposed))[1][0] == 2


async def test_what_is_missing_or_wrong_has_a_code_and_uses_nothing(wire: WireSite) -> None:
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    id, (serial,) = await uploaded(firm, samples.nearly_empty(1)), await wire.taken(wire.chain.enterprise, 1)

    async def code(asker: Caller = firm, **changes: object) -> str:
        told = await asker.post(SIGN, order(id, serial, **changes))
        assert (told["status"], " / " in told["errorMessage"]) == ("False", True)
        found: str = told["errorCode"]
        return found

    mandatory = ["profileName", "src", "dest", "reason", "location", "spesimenPath", "certificatelevel"]
    for field in [*mandatory, "refToken"]:
        assert await code(**{field: ""}) == "90", field
        assert await code(**{field: None}) == "90", field
    assert await code(profileName="other") == "91"
    assert await code(certificatelevel="CERTIFIED") == "90"
    assert await code(visLLX="left") == "90"
    assert await code(src="/sharefolder/doc_x.pdf", docId="") == "90"
    assert await code(docId="0" * 32) == "90"
    assert await code(refToken="ABC") == "92"
    assert await code(other) == "90", "a file of somebody else"
    theirs = await uploaded(other, samples.nearly_empty(1))
    assert (await other.post(SIGN, order(theirs, serial)))["errorCode"] == "92"
    stranger = Caller(wire, "")
    assert (await stranger.post(SIGN, order(id, serial)))["errorCode"] == "97"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("meterai.api.wire.resources.cloud_signing.WAIT_S", 0.01)
        assert (await stranger.post(SIGN, order(id, serial, jwToken=firm.token)))["errorCode"] == "97"
    listed = (await firm.get(f"stampv2/chanel/sale/stamp/ext/{firm.user_id}"))["result"]
    assert listed["total"] == 0, "the last one is on its way"


async def test_a_refused_file_has_its_code_and_lets_the_serial_number_go(
    wire: WireSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = await wire.of(wire.chain.enterprise)
    (serial,) = await wire.taken(wire.chain.enterprise, 1)
    id = await uploaded(firm, samples.nearly_empty(1))
    for reason, code in [("pdf.certified", "83"), ("pdf.signed_broken", "81"), ("seal.field_missing", "96")]:

        async def refuse(self: JobWatch, job_id: UUID, *, within_s: float, why: str = reason) -> bool:
            await wire.setup.database.owner.execute(
                "SELECT stamping.refuse_jobs(ARRAY[$1::uuid], ARRAY[$2], now())", job_id, why
            )
            return True

        monkeypatch.setattr(JobWatch, "wait_for", refuse)
        assert (await firm.post(SIGN, order(id, serial)))["errorCode"] == code
        balance = (await firm.post("backend/function/saldopos"))["result"]
        assert (balance["saldo"], balance["notstamp"]) == (69, 1)


async def test_nothing_of_a_signed_file_is_covered(wire: WireSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meterai.api.wire.resources.cloud_signing.WAIT_S", 0.01)
    firm = await wire.of(wire.chain.enterprise)
    (serial,) = await wire.taken(wire.chain.enterprise, 1)
    id = await uploaded(firm, signed_by_somebody(page(text(280, 500, "Setuju")), box=(40, 40, 140, 80)))
    told = await firm.post(SIGN, order(id, serial))
    assert (told["errorCode"], "page 1" in told["errorMessage"]) == ("90", True)
    free = {"visLLX": 400, "visLLY": 200, "visURX": 480, "visURY": 280}
    assert (await firm.post(SIGN, order(id, serial, **free)))["errorCode"] == "97"
    found = await document_page(wire.setup.db, UUID(id))
    assert found is not None
    assert (found.profile, found.placements[0].spot) == ("signed", (1, 400, 200, 80))
