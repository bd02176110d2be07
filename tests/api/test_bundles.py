"""A partner's bundle: named, uploaded in pieces, stamped from the organisation's stock, fetched."""

from __future__ import annotations

import hashlib
import io
import uuid
import zipfile
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from meterai.api.conventions.problems import problem_response
from meterai.api.resources import bundle_results
from meterai.api.routes import ROUTES
from meterai.background.partner_events import note_bundle_ends
from meterai.bootstrap import lots_of
from meterai.kernel.clock import business_date, system_clock
from meterai.kit.files.free_space import DiskReserve
from meterai.kit.settings import Settings
from meterai.partners.model import Organisation, OrganisationState, Terms, stock_account_id
from meterai.partners.stamps.ordering import forget_liable_parties, note_bundle_jobs
from meterai.partners.use_cases.add_organisation import set_state
from meterai.partners.use_cases.agree import agree
from meterai.partners.use_cases.make_reports import make_due_report
from meterai.stamping.upload_room import UploadRoom
from meterai.stamping.use_cases import reserve_parts, upload_to_bundle
from meterai.stamping.use_cases.end_bundles import end_bundles
from meterai.verification.model import FaceLimits, Trust
from meterai.web.site import build_site
from tests.api.partner import Partner, Tokens, caller_of, code_of, json_of, register
from tests.api.test_reports import table_of
from tests.api.test_stamps import FACTS, LIABLE
from tests.partners.organisations import make_chain
from tests.stamping.conftest import front, jail, pki, setup, shared_tsa
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import StampingSetup
from tests.web.asking import Answer
from tests.web.running_site import OFFER

__all__ = ["front", "jail", "pki", "setup", "shared_tsa"]
pytestmark = pytest.mark.storage
URL = "/api/v1/bundles"
LETTERS = {f"2026/surat-{n}.pdf": make_letter(f"Surat {n}") for n in range(3)}


def site_of(setup: StampingSetup) -> Any:
    db = setup.database.site
    app: Any = SimpleNamespace(
        signer=setup.client,
        settings=Settings(queue_folder=str(setup.data / "queue"), gate_url="http://gerbang"),
        db=db, secret=b"s" * 32, clock=system_clock, public_url="http://situs", jail=setup.jail,
        objects=setup.objects, trust=Trust(roots_pem=()), face_limits=FaceLimits(),
        upload_room=UploadRoom(
            db, DiskReserve({"data": setup.data}, 0), network_bytes_max=1 << 30, all_bytes_max=1 << 30
        ),
    )  # fmt: skip
    return build_site(app, offer=OFFER, more_routes=ROUTES, problem=problem_response)


async def partner_with(
    setup: StampingSetup, tokens: Tokens, role: str = "enterprise"
) -> tuple[Partner, Organisation]:
    chain = await make_chain(setup.db, now=system_clock(), name=uuid.uuid4().hex[:6])
    organisation = getattr(chain, role)
    await register(setup.database.owner, organisation.id)
    return tokens.partner(site_of(setup), caller_of(organisation.id)), organisation


def manifest(letters: dict[str, bytes], **more: object) -> bytes:
    lines = [
        {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **more}
        for path, data in letters.items()
    ]
    return b"\n".join(map(msgspec.json.encode, lines))


async def put(partner: Partner, address: str, body: bytes, kind: str = "application/pdf") -> Answer:
    return await partner.send("PUT", address, body=body, headers={"content-type": kind})


async def opened(partner: Partner, letters: dict[str, bytes], **more: object) -> tuple[str, list[Any]]:
    made = await partner.post(URL, {"place": {"by": "position", "position": "bottom-right"}})
    assert made.status == 201, made.body
    address = made.headers["location"]
    named = await put(partner, f"{address}/manifest", manifest(letters, **more), "application/x-ndjson")
    assert json_of(named) == {"files": len(letters), "new": len(letters)}, named.body
    return address, json_of(await partner.get(f"{address}/files"))["data"]


async def upload_all(partner: Partner, address: str, files: list[Any]) -> None:
    for file, data in zip(files, LETTERS.values(), strict=True):
        await put(partner, f"{address}/files/{file['id']}/content", data)


async def finish(setup: StampingSetup, *, after_s: int = 1) -> None:
    """What the worker does from some seconds later on: the next parts, and the stamping cycle."""
    worker = setup.database.worker
    for seconds in range(after_s, after_s + 3):
        now = system_clock() + timedelta(seconds=seconds)
        await reserve_parts.reserve_due_parts(worker, lots_of(worker), after=note_bundle_jobs, now=now)
        await setup.make_due()
        await setup.work()


async def events(partner: Partner) -> list[tuple[str, Any]]:
    return [(event["type"], event["data"]) for event in json_of(await partner.get("/api/v1/events"))["data"]]


async def crash(*_: object) -> None:
    raise InterruptedError


async def test_a_bundle_is_named_uploaded_stamped_in_parts_and_fetched(
    setup: StampingSetup, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve_parts, "PART", 2)
    monkeypatch.setattr(reserve_parts, "NEXT_BELOW", 1)
    monkeypatch.setattr(bundle_results, "ZIP_FILES_MAX", 2)
    partner, organisation = await partner_with(setup, tokens)
    address, files = await opened(partner, LETTERS)
    assert [(file["path"], file["state"]) for file in files] == [(path, "expected") for path in LETTERS]
    again = await put(partner, f"{address}/manifest", manifest(LETTERS), "application/x-ndjson")
    assert json_of(again) == {"files": 3, "new": 0}
    for file, data in zip(files, LETTERS.values(), strict=True):
        sent = json_of(await put(partner, f"{address}/files/{file['id']}/content", data))
        assert (sent["file"]["state"], sent["received"]) == ("ready", len(data))
    started = await partner.post(f"{address}/start", {"documents": 3})
    assert (started.status, json_of(started)["state"]) == (202, "stamping"), started.body
    assert json_of(started)["files"]["waiting"] == 1
    worker: Any = SimpleNamespace(db=setup.database.worker, clock=system_clock)
    assert await note_bundle_ends(worker) == 0
    await finish(setup)
    ended = json_of(await partner.get(address))
    assert (ended["state"], ended["files"]["stamped"]) == ("ended", 3)
    with pytest.raises(InterruptedError):
        await end_bundles(worker.db, crash, now=system_clock())
    assert (await note_bundle_ends(worker), await note_bundle_ends(worker)) == (1, 0)
    assert await events(partner) == [("bundle.finished", {"id": ended["id"], "state": "ended"})]
    lines = (await partner.get(f"{address}/results.ndjson")).body.splitlines()
    results = [msgspec.json.decode(line) for line in lines]
    assert len({line["serial"] for line in results}) == 3
    first = await partner.get(f"{address}/results.zip")
    second = await partner.get(first.headers["link"].split(";")[0].strip("<>").removeprefix("http://situs"))
    packed = [zipfile.ZipFile(io.BytesIO(answer.body)) for answer in (first, second)]
    found = {name: one.read(name) for one in packed for name in one.namelist()}
    assert {name: hashlib.sha256(data).hexdigest() for name, data in found.items()} == {
        line["path"]: line["stamped_sha256"] for line in results
    }
    stock = stock_account_id(organisation.id)
    assert await setup.value("SELECT debits_posted FROM ledger.account WHERE id = $1", stock) >= 3


async def test_an_upload_that_broke_off_goes_on_where_it_was(
    setup: StampingSetup, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_to_bundle, "PIECE_BYTES_MIN", 100)
    partner, _ = await partner_with(setup, tokens)
    (path, data), *_ = LETTERS.items()
    address, (file,) = await opened(partner, {path: data})
    one = f"{address}/files/{file['id']}"
    await put(partner, f"{one}/content", data[:300])
    assert json_of(await partner.get(one))["received"] == 300

    async def go_on(offset: int, piece: bytes) -> Answer:
        headers = {"content-type": "application/partial-upload", "upload-offset": str(offset)}
        return await partner.send("PATCH", f"{one}/content", body=piece, headers=headers)

    assert code_of(await go_on(200, data[200:])) == (409, "bundle.offset")
    assert json_of(await go_on(300, data[300:500]))["received"] == 500
    done = json_of(await go_on(500, data[500:]))
    assert (done["received"], done["file"]["state"]) == (len(data), "ready")
    assert await setup.value("SELECT count(*) FROM stamping.upload_piece") == 0


async def test_a_bundle_counts_against_the_agreement_before_anything_is_spent(
    setup: StampingSetup, tokens: Tokens
) -> None:
    partner, organisation = await partner_with(setup, tokens)
    await agree(setup.db, organisation.id, Terms(unit_price=10_000, stamps_per_day_max=1), now=system_clock())
    address, files = await opened(partner, LETTERS)
    await upload_all(partner, address, files)
    assert code_of(await partner.post(f"{address}/start", {})) == (429, "partner.day_limit")
    assert json_of(await partner.get(address))["files"]["ready"] == 3
    assert await setup.value("SELECT count(*) FROM stamping.serial") == 0


@pytest.mark.long
async def test_a_bundle_of_a_suspended_organisation_halts_until_it_is_active_again(
    setup: StampingSetup, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve_parts, "PART", 2)
    partner, organisation = await partner_with(setup, tokens)
    address, files = await opened(partner, LETTERS)
    await upload_all(partner, address, files)
    await partner.post(f"{address}/start", {})
    await set_state(setup.db, organisation.parent_id, OrganisationState.SUSPENDED, now=system_clock())
    await finish(setup)
    halted = json_of(await partner.get(address))
    assert (halted["state"], halted["problem"]) == ("halted", "partner.not_active")
    assert (halted["files"]["stamped"], halted["files"]["waiting"]) == (2, 1)
    await set_state(setup.db, organisation.parent_id, OrganisationState.ACTIVE, now=system_clock())
    await finish(setup, after_s=16)
    ended = json_of(await partner.get(address))
    assert (ended["state"], ended["problem"], ended["files"]["stamped"]) == ("ended", None, 3)


async def test_a_collectors_manifest_says_what_it_reports_of_each_file(
    setup: StampingSetup, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve_parts, "PART", 2)
    partner, _ = await partner_with(setup, tokens, "collector")
    address, month = (
        (await partner.post(URL, {})).headers["location"],
        f"{business_date(system_clock()):%Y-%m}",
    )
    for facts, why in ((None, "type, number, date, value, liable"), (FACTS | {"value": None}, "value")):
        answer = await put(
            partner, f"{address}/manifest", manifest(LETTERS, facts=facts), "application/x-ndjson"
        )
        assert code_of(answer) == (422, "bundle.manifest_line")
        assert f"facts.missing: {why}" in json_of(answer)["detail"]
    assert json_of(await partner.get(f"{address}/files"))["data"] == []

    await put(partner, f"{address}/manifest", manifest(LETTERS, facts=FACTS), "application/x-ndjson")
    assert (await partner.post(f"{address}/cancel")).status == 200
    assert await forget_liable_parties(setup.database.worker, years=10, now=system_clock()) == 3

    address, files = await opened(partner, LETTERS, facts=FACTS)
    corrected = manifest(LETTERS, facts=FACTS | {"value": 9_000_000})
    await put(partner, f"{address}/manifest", corrected, "application/x-ndjson")
    await upload_all(partner, address, files)
    assert (await partner.post(f"{address}/start", {})).status == 202
    await finish(setup)
    assert json_of(await partner.get(address))["files"]["stamped"] == 3
    assert await setup.value("SELECT count(*) FROM partners.file_facts") == 0
    report = await partner.post("/api/v1/reports", {"kind": "collector_month", "month": month})
    await make_due_report(setup.database.worker, clock=system_clock)
    made = json_of(await partner.get(report.headers["location"]))
    rows = table_of((await partner.get(made["files"]["csv"])).body)
    assert [(row["Nilai dokumen"], row["Nama pihak terutang"]) for row in rows] == [
        ("9000000", LIABLE["name"])
    ] * 3


async def test_what_does_not_fit_is_refused_and_nothing_is_lost(setup: StampingSetup, tokens: Tokens) -> None:
    partner, _ = await partner_with(setup, tokens)
    (path, data), *_ = LETTERS.items()
    address, (file,) = await opened(partner, {path: data})
    content = f"{address}/files/{file['id']}/content"
    other = bytes(reversed(data))
    assert code_of(await put(partner, content, other)) == (422, "bundle.other_content")
    assert code_of(await put(partner, content, data + b"x")) == (409, "bundle.offset")
    for line in (b"{}", b"no JSON", manifest({"../etc.pdf": data}), manifest({"x.docx": data})):
        answer = await put(partner, f"{address}/manifest", line, "application/x-ndjson")
        assert code_of(answer) == (422, "bundle.manifest_line"), line
    assert code_of(await partner.get(f"{address}/results.zip")) == (409, "document.not_released")

    stranger, _ = await partner_with(setup, tokens)
    for answer in (
        await stranger.get(address),
        await stranger.get(f"{address}/files"),
        await stranger.get(f"{address}/files/{file['id']}"),
        await put(stranger, content, data),
        await put(stranger, f"{address}/manifest", manifest(LETTERS), "application/x-ndjson"),
        await stranger.post(f"{address}/start", {}),
        await stranger.post(f"{address}/cancel"),
        await stranger.get(f"{address}/results.ndjson"),
        await stranger.get(f"{address}/results.zip"),
    ):
        assert code_of(answer) == (404, "api.unknown_id")
    cancelled = await partner.post(f"{address}/cancel")
    assert (cancelled.status, json_of(cancelled)["state"]) == (200, "cancelled")
    worker: Any = SimpleNamespace(db=setup.database.worker, clock=system_clock)
    assert await note_bundle_ends(worker) == 1
    ((kind, told),) = await events(partner)
    assert (kind, told["state"]) == ("bundle.finished", "cancelled")
    assert code_of(await put(partner, content, data)) == (409, "bundle.cancelled")
    assert code_of(await partner.post(f"{address}/start", {})) == (409, "bundle.cancelled")
