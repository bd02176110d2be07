"""The page of a large bundle: files that were not stamped come first, the others follow page by page."""

from __future__ import annotations

import hashlib
import io
import re
import uuid
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest

from meterai.customers.organisations import SELLER
from meterai.kit.formats.display import size_text
from meterai.stamping.bundles.result_zip import each, zip_of
from meterai.web.bundles import bundle_routes as routes
from meterai.web.bundles import bundling
from tests.waiting_room.line import NOON
from tests.web.asking import ask
from tests.web.running_site import RunningSite, Visitor, sign_in

BUNDLE = uuid.uuid4()
PAGE = f"/saya/banyak/{BUNDLE}"


async def with_files(running: RunningSite, count: int) -> Visitor:
    """A visitor with a started bundle in which the check refused every file."""
    visitor = running.visitor()
    await sign_in(running, visitor, "email:kantor@contoh.id")
    owner = running.line.database.owner
    await owner.execute(
        """INSERT INTO stamping.bundle (id, organisation_id, customer_id, door, created_at, started_at)
           SELECT $1, $3, customer_id, 'cli', $2, $2 FROM customers.session""",
        BUNDLE,
        NOON,
        SELLER,
    )
    await owner.execute(
        """INSERT INTO stamping.bundle_file (id, bundle_id, path, sha256, bytes, refusal_code)
           SELECT gen_random_uuid(), $1, lpad(n::text, 4, '0') || '.pdf', repeat('0', 64), 9, 'pdf.unreadable'
           FROM generate_series(1, $2) n""",
        BUNDLE,
        count,
    )
    return visitor


async def test_a_large_bundle_is_shown_a_page_at_a_time_and_its_state_once(running: RunningSite) -> None:
    visitor = await with_files(running, 101)
    shown = {}
    for page in ("", "?hal=2", "?hal=3", "?hal=99", "?hal=-1"):
        await visitor.get(f"/en{PAGE}{page}")
        shown[page] = [int(name) for name in re.findall(r"(\d{4})\.pdf</p>", visitor.text)]
        assert "101 files were left out" in visitor.text
    assert shown[""] == shown["?hal=-1"] == list(range(1, 51))
    assert shown["?hal=2"] == list(range(51, 101))
    assert shown["?hal=3"] == shown["?hal=99"] == [101]
    await visitor.get(f"{PAGE}/laporan.csv")
    assert visitor.text.count(".pdf,") == 101
    await visitor.get(f"{PAGE}/keadaan")
    known = {"cookie": "masuk=email:kantor@contoh.id", "if-none-match": visitor.headers["etag"]}
    again = await ask(running.site, f"{PAGE}/keadaan", headers=known)
    assert (again.status, again.body, again.headers["x-ended"]) == (304, b"", "1")


async def test_what_was_added_of_too_much_is_found_again_and_nobody_uploads_it_anew(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the form that opened the bundle is loaded again under the bundle's own address."""
    running.app.jail = running.app.objects = None  # refused by its name: nobody reads it
    monkeypatch.setattr(bundling, "FILES_MAX", 0)
    monkeypatch.setattr(routes, "FILES_MAX", 0)
    visitor = running.visitor()
    await sign_in(running, visitor, "email:kantor@contoh.id")
    await visitor.get("/saya/banyak")
    limits = f"paling banyak 0 berkas dan {size_text(bundling.BUNDLE_BYTES_MAX, 'id')}; sekali unggah paling"
    assert f"{limits} besar {size_text(bundling.UPLOAD_BYTES_MAX, 'id')}" in visitor.text, "told before"
    sent = b'--b\r\ncontent-disposition: form-data; name="berkas"; filename=".."\r\n\r\nx\r\n--b--\r\n'
    await visitor._ask("POST", "/saya/banyak", sent, "multipart/form-data; boundary=b")
    bundle = await running.line.database.owner.fetchval("SELECT id FROM stamping.bundle")
    assert (visitor.status, "Terlalu banyak berkas" in visitor.text) == (422, True)
    assert f'data-address="/saya/banyak/{bundle}"' in visitor.text
    assert f'href="/en/saya/banyak/{bundle}" hreflang="en"' in visitor.text


async def test_a_form_that_is_sent_while_it_is_still_being_checked_is_the_same_bundle_afterwards(
    running: RunningSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read of a page that was loaded again while it was sent: the answer asks to come back."""
    running.app.jail = running.app.objects = None  # refused by its name: nobody reads it
    visitor = running.visitor()
    await sign_in(running, visitor, "email:kantor@contoh.id")
    sent = b'--b\r\ncontent-disposition: form-data; name="berkas"; filename=".."\r\n\r\nx\r\n--b--\r\n'
    owner = running.line.database.owner
    customer = await owner.fetchval("SELECT customer_id FROM customers.session")
    await visitor.get("/saya/banyak")
    for is_busy, status in ((False, 303), (True, 429), (False, 303)):
        if form := re.search(r'action="(/saya/banyak\?kiriman=[^"]+)"', visitor.text):
            address = form[1]
        monkeypatch.setattr(routes, "_uploading", {customer} if is_busy else set())
        await visitor._ask("POST", address, sent, "multipart/form-data; boundary=b")
        assert visitor.status == status
    assert await owner.fetchval("SELECT count(*) FROM stamping.bundle") == 1


async def test_no_file_of_the_zip_takes_the_place_of_another_when_it_is_unpacked() -> None:
    """Names may collide when the ZIP is unpacked.

    Two uploads may have the same name, or names that differ only in case, or the name of a folder. One name
    that Windows refuses may stop the unpacking of all files.
    """
    paths = ["a (2).pdf", "a.pdf", "A.PDF", "a.pdf", "b/a.pdf", "tanpa", "c.pdf", "C.pdf/d.pdf"]
    paths += ["surat: 12?.pdf", "aux/Con .pdf", "e. /nul", "console.pdf", "f_.pdf", "f?.pdf/g.pdf"]
    files: list[Any] = [
        SimpleNamespace(path=path, stamped_sha256=hashlib.sha256(str(n).encode()).hexdigest())
        for n, path in enumerate(paths)
    ]

    async def get(key: str) -> bytes:
        return next(str(n).encode() for n, file in enumerate(files) if file.stamped_sha256 == key)

    objects: Any = SimpleNamespace(get=get)
    packed = b"".join([part async for part in zip_of(objects, each(paths), each(files))])
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    names = ["a (2).pdf", "a.pdf", "A (3).pdf", "a (4).pdf", "b/a.pdf", "tanpa.pdf"]
    names += ["c (2).pdf", "C.pdf/d.pdf", "surat_ 12_.pdf", "_aux/_Con .pdf", "e. _/_nul.pdf", "console.pdf"]
    names += ["f_ (2).pdf", "f_.pdf/g.pdf"]
    assert found == {name: str(n).encode() for n, name in enumerate(names)}
