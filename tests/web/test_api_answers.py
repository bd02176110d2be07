"""Answers and refusals of the API on the site."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from meterai.api.gateway_notices import NOTICE_BYTES_MAX
from meterai.api.verification import read_document, read_sha256
from meterai.kit.http.body_budget import PROCESS_BUDGET
from meterai.pdf.limits import CHECKED_BYTES_MAX
from meterai.sales.adapters.midtrans import Midtrans
from meterai.sales.gateways import Gateways
from meterai.texts.api_problems import FOR_MACHINES
from meterai.texts.mechanism.translation import translate
from meterai.texts.refusals import TABLE
from tests.web.asking import ask
from tests.web.running_site import RunningSite

PROBLEM = "application/problem+json"
UNKNOWN = "/api/v1/digests/" + "0" * 64


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        (UNKNOWN, 404, "digest.unknown"),
        ("/api/v1/digests/xyz", 422, "digest.unreadable"),
        ("/api/v1/serials/1234", 404, "serial.malformed"),
        ("/api/v1/nothing", 404, "api.not_found"),
    ],
)
async def test_a_refusal_is_a_problem_with_a_code(
    running: RunningSite, address: str, status: int, code: str
) -> None:
    visitor = running.visitor()
    await visitor.get(address)
    assert (visitor.status, visitor.headers["content-type"]) == (status, PROBLEM)
    problem = json.loads(visitor.text)
    assert (problem["status"], problem["code"], problem["help_code"]) == (status, code, "")
    words = FOR_MACHINES.get(code) or TABLE[code]
    for name, language in (("detail", "en"), ("detail_id", "id")):
        said = (translate(sentence, language, words.facts) for sentence in (words.what, words.next))
        assert problem[name] == " ".join(said)


async def test_a_method_that_an_address_does_not_have_and_a_body_too_large_are_problems(
    running: RunningSite,
) -> None:
    visitor = running.visitor()
    await visitor.post(UNKNOWN)
    problem = json.loads(visitor.text)
    assert (visitor.status, problem["status"], problem["code"]) == (405, 405, "api.unreadable")
    assert "GET" in visitor.headers["allow"]
    body = b"0" * (CHECKED_BYTES_MAX + 1)
    answer = await ask(running.site, "/api/v1/verifications", method="POST", body=body)
    assert (answer.status, answer.headers["content-type"]) == (413, PROBLEM)
    assert json.loads(answer.text)["code"] == "pdf.too_large"
    assert "12 MB" in json.loads(answer.text)["detail"]
    with capture_logs() as logged:
        await visitor.post("/api/v1/payments/midtrans/notices", much="x" * NOTICE_BYTES_MAX)
    assert (visitor.status, visitor.headers["content-type"]) == (422, PROBLEM)
    assert json.loads(visitor.text)["code"] == "payment.notice_unreadable", "it is no document"
    assert [one["event"] for one in logged] == ["payment_notice_refused"], "money may be waiting"


async def test_a_form_with_a_file_in_it_is_not_judged_as_a_document(running: RunningSite) -> None:
    """`curl --data` removes the line ends of a file: a genuine one would be called broken.

    `curl --data-binary` sends the whole file under the same content type.
    """
    fields = "application/x-www-form-urlencoded"
    for kind, body in (
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=berkas\r\n\r\n%PDF-1.7\r\n--x--\r\n",
        ),
        (fields, b"berkas=%25PDF-1.7"),
        (fields, b"%PDF-1.7"),
        ("application/pdf", b"%PDF-1.7startxref9%%EOF"),
        ("application/json; charset=utf-8", b'\n{"file": "JVBERi0xLjcK"}\n'),
    ):
        answer = await ask(
            running.site, "/api/v1/verifications", method="POST", headers={"content-type": kind}, body=body
        )
        assert (answer.status, json.loads(answer.text)["code"]) == (422, "api.form")

    async def whole() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7\n"

    for kind, packed in ((fields, "Identity"), ("application/json", "")):
        headers = {"content-type": kind, "content-encoding": packed}
        sent = SimpleNamespace(headers=headers, stream=whole)
        assert await read_document(cast(Any, sent)) == b"%PDF-1.7\n"


def test_a_digest_in_capitals_is_the_same_one() -> None:
    assert read_sha256("AB" * 32) == "ab" * 32


async def test_a_request_without_a_document_is_refused_and_not_judged(running: RunningSite) -> None:
    """A client that was asked to try again may have read its file to the end already.

    Without a refusal it would record that a genuine file can't be checked.
    """
    answer = await ask(running.site, "/api/v1/verifications", method="POST")
    assert (answer.status, json.loads(answer.text)["code"]) == (422, "api.empty")


async def test_a_document_that_is_packed_on_its_way_is_refused_and_not_called_unreadable(
    running: RunningSite,
) -> None:
    """A client that compresses its body would record that a genuine file can't be checked."""
    answer = await ask(
        running.site,
        "/api/v1/verifications",
        method="POST",
        headers={"content-type": "application/pdf", "content-encoding": "gzip"},
        body=gzip.compress(b"%PDF-1.7"),
    )
    assert (answer.status, json.loads(answer.text)["code"]) == (422, "api.packed")


async def test_a_document_for_which_there_is_no_room_is_a_problem_that_passes(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PROCESS_BUDGET, "_bytes_max", 10)
    answer = await ask(running.site, "/api/v1/verifications", method="POST", body=b"%PDF-1.7 and more")
    assert (answer.status, json.loads(answer.text)["code"]) == (429, "form.busy")
    assert answer.headers["retry-after"] == "5"


async def test_a_fault_carries_a_help_code(running: RunningSite) -> None:
    visitor = running.visitor()
    running.app.gateways = None
    await visitor.post("/api/v1/payments/midtrans/notices")
    problem = json.loads(visitor.text)
    assert (visitor.status, problem["status"], problem["code"]) == (500, 500, "server.fault")
    assert len(problem["help_code"]) == 9


async def test_the_dashboards_test_of_our_address_for_notices_is_answered_200(running: RunningSite) -> None:
    """The dashboard's test names an order that does not exist, with a longer name than our orders have."""
    running.app.gateways = Gateways([Midtrans("http://127.0.0.1:1", "key")])
    said = {
        "order_id": "payment_notif_test_G684004555_3d1a6e1a-5f0b-4c1e-9c53-0f6a2b7f6a11",
        "status_code": "200",
        "gross_amount": "10000.00",
        "transaction_status": "settlement",
    }
    signed = f"{said['order_id']}{said['status_code']}{said['gross_amount']}key"
    body = json.dumps({**said, "signature_key": hashlib.sha512(signed.encode()).hexdigest()}).encode()
    for new in (True, False):
        answer = await ask(running.site, "/api/v1/payments/midtrans/notices", method="POST", body=body)
        assert (answer.status, json.loads(answer.text)) == (200, {"status": "ok", "new": new})


async def test_the_description_is_served(running: RunningSite) -> None:
    visitor = running.visitor()
    await visitor.get("/api/openapi.json")
    assert (visitor.status, visitor.headers["content-type"]) == (200, "application/json")
    assert json.loads(visitor.text)["openapi"].startswith("3.1")
