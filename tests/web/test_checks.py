"""Checking a file is apart from buying: anybody may ask, so it takes no turn from who is inside."""

from __future__ import annotations

import json

import pytest
from tests.web.asking import ask
from tests.web.door_house import House

from meterai.kit.pdf.jail import JailPool
from meterai.verification.use_cases.judge_document import JUDGE

FORM = b'--x\r\nContent-Disposition: form-data; name="berkas"; filename="a.pdf"\r\n\r\n%PDF-1.7\r\n--x--\r\n'


@pytest.fixture
def busy(house: House) -> House:
    """As many are being checked as may be; the house has no other jail."""
    house.app.check_jail = JailPool([JUDGE], waiting_max=0)
    return house


@pytest.mark.parametrize(
    ("address", "said"), [("/periksa", "Pemeriksa sedang penuh."), ("/en/periksa", "The verifier is busy.")]
)
async def test_who_comes_while_many_files_are_checked_is_told_so(
    busy: House, address: str, said: str
) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await ask(busy.site, address, method="POST", headers=headers, body=FORM)
    assert (answer.status, said in answer.text) == (200, True)


async def test_machines_are_told_so_too(busy: House) -> None:
    answer = await ask(busy.site, "/api/v1/verifications", method="POST", body=b"%PDF-1.7")
    assert (answer.status, json.loads(answer.text)["reasons"]) == (200, ["jail.busy"])
