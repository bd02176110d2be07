"""Checking a file is apart from buying: anybody may check, so it takes no jail from buyers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from PIL import Image

from meterai.jail.pool import JailPool
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.body_budget import PROCESS_BUDGET
from meterai.verification.picture_codes import READ_PICTURE
from meterai.verification.use_cases.judge_document import JUDGE
from tests.verification.photos import saved
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite

FORM = b'--x\r\nContent-Disposition: form-data; name="berkas"; filename="a.pdf"\r\n\r\n%PDF-1.7\r\n--x--\r\n'


@pytest.fixture
def busy(running: RunningSite) -> RunningSite:
    """The jails for checks are all busy."""
    running.app.check_jail = JailPool([JUDGE], waiting_max=0)
    return running


@pytest.mark.parametrize(
    ("address", "said"), [("/periksa", "Pemeriksa sedang penuh."), ("/en/periksa", "The verifier is busy.")]
)
async def test_who_comes_while_many_files_are_checked_is_told_so(
    busy: RunningSite, address: str, said: str
) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await ask(busy.site, address, method="POST", headers=headers, body=FORM)
    assert (answer.status, said in answer.text) == (200, True)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/periksa", "Tidak ada kode QR yang terbaca di gambar ini."),
        ("/en/periksa", "No QR code could be read"),
    ],
)
async def test_a_photo_is_read_for_its_codes(running: RunningSite, address: str, said: str) -> None:
    running.app.check_jail = JailPool([READ_PICTURE], spare=False)
    picture = saved(Image.new("L", (300, 300), 255), "PNG")
    body = FORM.replace(b"%PDF-1.7", picture)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    try:
        answer = await ask(running.site, address, method="POST", headers=headers, body=body)
    finally:
        await running.app.check_jail.close()
    assert (answer.status, said in answer.text) == (422, True)
    assert "data-verdict" not in answer.text


async def test_machines_are_told_to_ask_again(busy: RunningSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not say that the document can't be verified, which they would record."""

    async def told() -> tuple[int, str, str | None]:
        answer = await ask(busy.site, "/api/v1/verifications", method="POST", body=b"%PDF-1.7")
        return answer.status, json.loads(answer.text)["code"], answer.headers.get("retry-after")

    assert await told() == (429, "jail.busy", "5")

    async def run(*_: Any) -> None:
        raise Refusal(Kind.UNAVAILABLE, "jail.unavailable")

    monkeypatch.setattr(busy.app.check_jail, "run", run)
    assert await told() == (503, "jail.unavailable", "5")


async def test_files_that_wait_to_be_checked_take_no_more_memory_than_they_may(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, is_free = 0, asyncio.Event()

    async def judge(*_: Any, **__: Any) -> None:
        nonlocal waiting
        waiting += 1
        await is_free.wait()
        raise Refusal(Kind.BUSY, "jail.busy")

    running.app.check_jail = None
    monkeypatch.setattr("meterai.web.verify.checking.judge_document", judge)
    monkeypatch.setattr(PROCESS_BUDGET, "_bytes_max", 2_500)
    body = FORM.replace(b"%PDF-1.7", b"%PDF-1.7" + bytes(1_000))

    def send() -> asyncio.Task[Answer]:
        headers = {"content-type": "multipart/form-data; boundary=x"}
        return asyncio.create_task(ask(running.site, "/periksa", method="POST", headers=headers, body=body))

    sent = [send(), send()]
    while waiting < 2:
        await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        refused = await send()
    assert (refused.status, waiting) == (429, 2)
    assert "Sedang banyak unggahan besar" in refused.text
    is_free.set()
    for task in (*sent, send()):
        assert "Sedang banyak dokumen yang dikerjakan" in (await task).text
    assert waiting == 3


async def test_who_reads_the_answer_slowly_keeps_no_room(
    busy: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PROCESS_BUDGET, "_bytes_max", 10)
    headers = {"content-type": "multipart/form-data; boundary=x"}
    for _ in range(3):  # in one task, which goes on after the answer
        answer = await ask(busy.site, "/periksa", method="POST", headers=headers, body=FORM)
        assert answer.status == 200
