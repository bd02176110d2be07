"""Files of the cloud are uploaded, and fetched by the names of a shared folder."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import running
from tests.api.wire.wire_site import Caller, WireSite, wire
from tests.pdf import samples
from tests.stamping.conftest import front, jail, pki, shared_tsa
from tests.web.test_forms import END, MULTIPART, part

__all__ = ["front", "jail", "pki", "running", "shared_tsa", "wire"]
pytestmark = pytest.mark.storage
UPLOAD = "fileupload/uploaddoc2"


async def test_a_file_is_uploaded_with_its_token_in_the_form_and_fetched_by_nobody_else(
    wire: WireSite,
) -> None:
    firm, other = await wire.of(wire.chain.enterprise), await wire.of(wire.chain.retailer)
    letter = samples.nearly_empty(2)
    form = part("file", letter, "Surat 1.pdf") + part("token", firm.token.encode()) + END
    stranger = Caller(wire, "")
    told = await stranger.post(UPLOAD, form, kind=MULTIPART)
    assert (told["statusCode"], told["message"], told["name"]) == ("00", "success", "Surat 1.pdf")

    again = await firm.post(UPLOAD + "/", form, kind=MULTIPART)
    assert again["id"] != told["id"]
    fetched = await firm.send("GET", f"fileupload/getfile3/doc_{told['id']}.pdf")
    assert (fetched.status, fetched.headers["content-type"]) == (200, "application/pdf")
    assert fetched.body.startswith(b"%PDF")
    for caller, name in [
        (other, f"doc_{told['id']}.pdf"),
        (firm, f"final_{told['id']}.pdf"),
        (firm, "doc_x.pdf"),
    ]:
        refused = await caller.send("GET", f"fileupload/getfile3/{name}")
        assert (refused.status, json.loads(refused.body)["statusCode"]) == (404, "01")


async def test_a_refused_upload_says_why(wire: WireSite) -> None:
    firm = await wire.of(wire.chain.enterprise)

    async def refused(body: bytes, kind: str = MULTIPART) -> str:
        told = await firm.post(UPLOAD, body, kind=kind)
        assert " / " in told["message"]
        assert told["message"] == told["result"]["err"]
        code: str = told["statusCode"]
        return code

    assert await refused(part("file", b"no PDF", "a.pdf") + END) == "01"
    assert await refused(part("file", samples.encrypted(), "a.pdf") + END) == "01"
    assert await refused(part("file", bytes(10 * 2**20 + 1), "a.pdf") + END) == "01"
    assert await refused(part("name", b"a.pdf") + END) == "96"
    assert await refused(part("file", b"%PDF", "a.pdf")) == "96"
    assert await refused(b'{"file":"a.pdf"}', "application/json") == "96"
    assert (await Caller(wire, "").post(UPLOAD, part("file", b"%PDF", "a.pdf") + END, kind=MULTIPART))[
        "statusCode"
    ] == "02"
