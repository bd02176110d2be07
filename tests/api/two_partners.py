"""Two partners before a site. Each has one or more of everything that has an id."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from meterai.kernel.typed_ids import Prefix, write_id
from meterai.kit.files.object_store import FolderStore
from meterai.partners.use_cases.make_reports import make_due_report
from tests.api.partner import Partner, json_of
from tests.api.programs import Program, registered
from tests.partners.organisations import make_chain
from tests.web.running_site import RunningSite
from tests.web.test_stored_documents import RIGHT, stored

type Ids = Mapping[Prefix, list[str]]
FILE = b"%PDF-1.7 isi"


class Owner:
    """A distributor with a program, and the ids of its things."""

    def __init__(self, program: Program, partner: Partner, ids: Ids) -> None:
        self.program, self.partner, self.ids = program, partner, ids


async def owner_of_everything(running: RunningSite, name: str) -> Owner:
    """Makes a distributor with organisations below it, and one thing of each kind at least."""
    running.app.objects = FolderStore(running.line.folder.path.parent / "objects")
    chain = await make_chain(running.line.database.app, now=running.line.now, name=name)
    program = await registered(running, chain.distributor.id)
    partner = await program.partner()
    document = await stored(
        running, chain.distributor.account_holder, RIGHT, organisation_id=chain.distributor.id
    )
    ids: dict[Prefix, list[str]] = {
        Prefix.ORGANISATION: [
            write_id(Prefix.ORGANISATION, one.id) for one in (chain.enterprise, chain.distributor)
        ],
        Prefix.CLIENT: [program.client_id],
        Prefix.KEY: [program.key_id],
        Prefix.DOCUMENT: [write_id(Prefix.DOCUMENT, document)],
        Prefix.BLOCK: [one["id"] for one in await _told(partner, "blocks")],
    }
    ids[Prefix.STAMP] = [await _made(partner, "stamps", {"document_id": ids[Prefix.DOCUMENT][0]})]
    ids[Prefix.BUNDLE], ids[Prefix.FILE] = await _bundle(partner)
    ids[Prefix.WEBHOOK] = [await _made(partner, "webhooks", {"url": "https://contoh.id/kait"})]
    sent = json_of(await partner.post(f"/api/v1/webhooks/{ids[Prefix.WEBHOOK][0]}/tests"))
    ids[Prefix.DELIVERY], ids[Prefix.EVENT] = [sent["id"]], [sent["event_id"]]
    month = f"{running.line.now:%Y-%m}"
    ids[Prefix.REPORT] = [await _made(partner, "reports", {"kind": "stock", "month": month})]
    assert await make_due_report(running.line.database.worker, clock=lambda: running.line.now)
    return Owner(program, partner, ids)


async def _bundle(partner: Partner) -> tuple[list[str], list[str]]:
    bundle = await _made(partner, "bundles", {})
    line = {"path": "a.pdf", "sha256": hashlib.sha256(FILE).hexdigest(), "bytes": len(FILE)}
    headers = {"content-type": "application/x-ndjson"}
    address = f"/api/v1/bundles/{bundle}"
    named = await partner.send("PUT", f"{address}/manifest", body=msgspec.json.encode(line), headers=headers)
    assert named.status == 200, named.text
    files = await _told(partner, f"bundles/{bundle}/files")
    return [bundle], [one["id"] for one in files]


async def _made(partner: Partner, what: str, order: Mapping[str, Any]) -> str:
    answer = await partner.post(f"/api/v1/{what}", order)
    assert answer.status in (201, 202), answer.text
    return answer.headers["location"].rpartition("/")[2]


async def _told(partner: Partner, what: str) -> list[Any]:
    answer = await partner.get(f"/api/v1/{what}")
    assert answer.status == 200, answer.text
    data: list[Any] = json_of(answer)["data"]
    return data
