"""Partners upload documents and stamp them by the API, from their own stock and within their agreement."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from meterai.background.partner_events import note_asked_events, note_stamp_ends
from meterai.kernel.clock import system_clock
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.kit import outbox
from meterai.kit.settings import Settings
from meterai.partners.model import Organisation, OrganisationState, stock_account_id
from meterai.partners.stamps.ordering import forget_liable_parties
from meterai.partners.use_cases.add_organisation import set_state
from meterai.stamping.cycle.job_ends import RELEASED
from meterai.stamping.use_cases.run_cycle import run_due_jobs
from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from meterai.verification.trust import load_trust
from tests.api.conftest import running, tokens
from tests.api.partner import Partner, Tokens, caller_of, code_of, json_of, register
from tests.partners.organisations import Chain, make_chain
from tests.pdf import samples
from tests.pdf.test_ink import page, text
from tests.stamping.conftest import front, jail, pki, setup, shared_tsa
from tests.stamping.stamping_setup import StampingSetup
from tests.web.running_site import RunningSite

__all__ = ["front", "jail", "pki", "running", "setup", "shared_tsa", "tokens"]
pytestmark = pytest.mark.storage

LETTER = samples.nearly_empty(2)
CORNER = [{"by": "position", "position": "bottom-right"}]
STAMPS = "/api/v1/stamps"
DOCUMENTS = "/api/v1/documents"
LIABLE = {"identity_type": "nik", "identity": "3173012345678901", "name": "Budi Santoso"}
FACTS = {
    "type": "sum_of_money", "number": "INV-7", "date": "2026-12-01", "value": 7_500_000, "liable": LIABLE,
}  # fmt: skip


@dataclass
class Partners:
    """A site with a chain of partners, and the worker that makes their stamps."""

    setup: StampingSetup
    chain: Chain
    site: RunningSite
    tokens: Tokens

    def of(self, organisation: Organisation) -> Partner:
        return self.tokens.partner(self.site.site, caller_of(organisation.id))

    async def left(self, organisation: Organisation) -> int:
        """Stamps that the organisation may still use."""
        left = await self.setup.database.owner.fetchval(
            "SELECT credits_posted - debits_posted - debits_pending FROM ledger.account WHERE id = $1",
            stock_account_id(organisation.id),
        )
        return int(left)


@pytest_asyncio.fixture
async def partners(front: StampingSetup, running: RunningSite, tokens: Tokens) -> Partners:
    """Without a signer, for tests that end before signing."""
    running.app.jail, running.app.objects, running.app.clock = front.jail, front.objects, system_clock
    running.app.trust = load_trust(front.data / "pki" / "trust")
    chain = await make_chain(front.database.app, now=datetime.now(UTC))
    for organisation in vars(chain).values():
        await register(front.database.owner, organisation.id)
    return Partners(front, chain, running, tokens)


def order(data: bytes = LETTER, places: Any = CORNER, **more: Any) -> dict[str, Any]:
    return {"file": base64.b64encode(data).decode(), "name": "surat.pdf", "places": places, **more}


async def uploaded(partner: Partner, data: bytes = LETTER, **headers: str) -> Any:
    answer = await partner.post(
        f"{DOCUMENTS}?name=kontrak.pdf", data, content_type="application/pdf", **headers
    )
    assert answer.status == 201, answer.body
    return json_of(answer)


async def test_one_call_stamps_a_document(partners: Partners) -> None:
    await partners.setup.start_signer()
    partner = partners.of(partners.chain.enterprise)

    async def worker() -> None:
        while True:
            await run_due_jobs(partners.setup.tools(), worker="test")
            await asyncio.sleep(0.05)

    working = asyncio.create_task(worker())
    try:
        answer = await partner.post(STAMPS, order(), prefer="respond-async, wait=25")
    finally:
        working.cancel()
    assert (answer.status, answer.headers["preference-applied"]) == (201, "wait=25"), answer.body
    stamp = json_of(answer)
    (serial,) = stamp["serials"]
    assert (stamp["state"], stamp["problem"], serial["place"]["page"]) == ("released", None, 2)
    assert answer.headers["location"].endswith(f"{STAMPS}/{stamp['id']}")

    file = await partner.get(f"{STAMPS}/{stamp['id']}/file")
    assert hashlib.sha256(file.body).hexdigest() == stamp["file"]["sha256"]
    judged = judge(JudgeRequest(data=file.body, trust=partners.site.app.trust, moment=datetime.now(UTC)))
    assert judged.verdict is Verdict.GENUINE
    assert await partners.left(partners.chain.enterprise) == 69
    used = "SELECT credits_posted FROM ledger.account WHERE kind = 'used' AND organisation_id = $1"
    owner = partners.setup.database.owner
    assert await owner.fetchval(used, partners.chain.enterprise.id) == 1
    assert await owner.fetchval(used, partners.chain.distributor.id) == 0

    worker_app: Any = SimpleNamespace(
        settings=Settings(), db=partners.setup.database.worker, clock=system_clock
    )
    ends = await outbox.claim(worker_app.db, system_clock(), limit=9, lease_s=1, topics=(RELEASED,))
    for _ in range(2):  # a worker may die before it marks the rows as done
        await note_stamp_ends(worker_app, ends)
    assert await note_asked_events(worker_app) > 0
    events = json_of(await partner.get("/api/v1/events"))["data"]
    assert [event["type"] for event in events] == ["stamp.released", "block.received"]
    assert events[0]["data"] == {"id": stamp["id"], "document": stamp["document_id"]}


async def test_without_waiting_the_answer_comes_before_the_stamp(partners: Partners) -> None:
    partner = partners.of(partners.chain.enterprise)
    answer = await partner.post(STAMPS, order(), prefer="wait=0.4")
    assert answer.status == 202
    stamp = json_of(answer)
    assert (stamp["state"], stamp["file"], stamp["ended_at"]) == ("accepted", None, None)
    assert await partners.left(partners.chain.enterprise) == 69
    assert code_of(await partner.get(f"{STAMPS}/{stamp['id']}/file")) == (409, "stamp.not_released")


async def test_a_wait_ends_when_its_time_is_over(partners: Partners) -> None:
    answer = await partners.of(partners.chain.enterprise).post(STAMPS, order(), prefer="wait=1")
    assert (answer.status, json_of(answer)["state"]) == (202, "accepted")


async def test_the_same_order_again_stamps_once(partners: Partners) -> None:
    partner, key = partners.of(partners.chain.enterprise), str(uuid.uuid4())
    first = await partner.post(STAMPS, order(), key=key)
    again = await partner.post(STAMPS, order(), key=key)
    assert json_of(first) == json_of(again)
    # A crash of the site lost the answer, but not the job.
    await partners.setup.database.owner.execute(
        "UPDATE jobs.keyed_request SET status = NULL, headers = NULL, body = NULL, running_until = now()"
    )
    repeated = await partner.post(STAMPS, order(), key=key)
    assert json_of(repeated)["id"] == json_of(first)["id"]
    assert await partners.left(partners.chain.enterprise) == 69


async def test_an_uploaded_document_is_stamped_where_its_order_says(partners: Partners) -> None:
    data = page(text(330, 408, "Hormat kami, Siti Rahmawati") + text(60, 700, "Perjanjian sewa"))
    partner = partners.of(partners.chain.enterprise)
    document = await uploaded(partner, data)
    assert (document["name"], document["pages"], document["stamp_id"]) == ("kontrak.pdf", 1, None)
    assert document["uploaded_sha256"] == hashlib.sha256(data).hexdigest()
    stored = await partner.get(f"{DOCUMENTS}/{document['id']}/file")
    assert hashlib.sha256(stored.body).hexdigest() == document["sha256"]

    keyword = {"by": "keyword", "keyword": "Siti Rahmawati", "side": "right"}
    spot = {"by": "coordinates", "page": 1, "x": 60, "y": 100, "size": 72}
    answer = await partner.post(STAMPS, {"document_id": document["id"], "places": [keyword, spot]})
    assert answer.status == 202, answer.body
    first, second = (serial["place"] for serial in json_of(answer)["serials"])
    assert 460 < first["x"] < 500
    assert 360 < first["y"] < 370
    assert second == {"page": 1, "x": 60.0, "y": 100.0, "size": 72.0}
    assert await partners.left(partners.chain.enterprise) == 68

    found = json_of(await partner.get(f"{DOCUMENTS}/{document['id']}"))
    assert found["stamp_id"] == json_of(answer)["id"]
    taken = await partner.post(STAMPS, {"document_id": document["id"]})
    assert code_of(taken) == (409, "document.stamped_already")
    assert await partners.left(partners.chain.enterprise) == 68


async def test_lists_have_pages_and_find_documents_by_digest(partners: Partners) -> None:
    partner = partners.of(partners.chain.enterprise)
    documents = [(await uploaded(partner, samples.nearly_empty(pages)))["id"] for pages in (1, 2, 3)]
    first = json_of(await partner.get(f"{DOCUMENTS}?limit=2"))
    last = json_of(await partner.get(f"{DOCUMENTS}?limit=2&cursor={first['next_cursor']}"))
    assert [one["id"] for one in first["data"] + last["data"]] == documents[::-1]
    digest = hashlib.sha256(samples.nearly_empty(2)).hexdigest()
    by_digest = json_of(await partner.get(f"{DOCUMENTS}?sha256={digest}"))
    assert [one["id"] for one in by_digest["data"]] == [documents[1]]
    stamps = [json_of(await partner.post(STAMPS, {"document_id": one}))["id"] for one in documents[:2]]
    assert [one["id"] for one in json_of(await partner.get(STAMPS))["data"]] == stamps[::-1]
    of_one = json_of(await partner.get(f"{STAMPS}?document_id={documents[0]}"))
    assert [one["id"] for one in of_one["data"]] == stamps[:1]
    other = partners.of(partners.chain.retailer)
    assert json_of(await other.get(STAMPS))["data"] == json_of(await other.get(DOCUMENTS))["data"] == []
    assert json_of(await other.get(f"{DOCUMENTS}?sha256={digest}"))["data"] == []


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"places": [{"by": "keyword", "keyword": "tidak ada"}]}, 422, "placement.keyword_missing"),
        ({"places": [{"by": "keyword", "keyword": "menyatakan"}]}, 422, "placement.over_text"),
        ({"places": [{"by": "coordinates", "page": 9, "x": 1, "y": 1}]}, 422, "placement.page"),
        ({"places": CORNER * 2}, 422, "placement.overlap"),
        ({"places": []}, 422, "api.invalid"),
        ({"places": [{"by": "position", "position": "somewhere"}]}, 422, "api.invalid"),
        ({"places": [{"by": "coordinates", "page": 1, "x": "1", "y": 1}]}, 422, "api.invalid"),
        ({"file": None}, 422, "stamp.one_document"),
        ({"document_id": write_id(Prefix.DOCUMENT, uuid.uuid4())}, 422, "stamp.one_document"),
        ({"file": base64.b64encode(b"Halo").decode()}, 422, "pdf.not_pdf"),
        ({"file": "%%%"}, 422, "api.invalid"),
        ({"colour": "red"}, 422, "api.invalid"),
        ({"facts": {"liable": {**LIABLE, "identity": "12345"}}}, 422, "facts.identity"),
        ({"places": CORNER, "name": ""}, 422, "api.invalid"),
    ],
)
async def test_a_refused_order_uses_nothing(
    partners: Partners, wanted: dict[str, Any], status: int, code: str
) -> None:
    answer = await partners.of(partners.chain.enterprise).post(STAMPS, order() | wanted)
    assert code_of(answer) == (status, code)
    assert await partners.left(partners.chain.enterprise) == 70
    assert await partners.setup.database.owner.fetchval("SELECT count(*) FROM partners.stamp_day") == 0


async def test_a_stamp_may_cover_what_the_order_allows(partners: Partners) -> None:
    over = [{"by": "keyword", "keyword": "menyatakan", "may_cover": True}]
    answer = await partners.of(partners.chain.enterprise).post(STAMPS, order(places=over))
    assert answer.status == 202


async def test_what_belongs_to_others_is_not_found(partners: Partners) -> None:
    owner, other = partners.of(partners.chain.enterprise), partners.of(partners.chain.sub_account)
    document = await uploaded(owner)
    stamp = json_of(await owner.post(STAMPS, {"document_id": document["id"]}))["id"]
    unknown_document, unknown_stamp = (
        write_id(prefix, uuid.uuid4()) for prefix in (Prefix.DOCUMENT, Prefix.STAMP)
    )
    for foreign, unknown in ((document["id"], unknown_document), (stamp, unknown_stamp)):
        base = DOCUMENTS if foreign == document["id"] else STAMPS
        for address in (f"{base}/{{}}", f"{base}/{{}}/file"):
            answers = [await other.get(address.format(id)) for id in (foreign, unknown)]
            assert answers[0].body == answers[1].body
            assert code_of(answers[0]) == (404, "api.unknown_id")
    refused = await other.post(STAMPS, {"document_id": document["id"]})
    assert code_of(refused) == (404, "api.unknown_id")


async def test_an_agreement_limits_stamps_on_a_document_and_a_day(partners: Partners) -> None:
    partner, owner = partners.of(partners.chain.enterprise), partners.setup.database.owner
    id = partners.chain.enterprise.id
    await _limit(owner, id, per_document=1, per_day=3)
    two = [*CORNER, {"by": "position", "position": "bottom-left"}]
    assert code_of(await partner.post(STAMPS, order(places=two))) == (409, "partner.document_limit")
    await _limit(owner, id, per_document=2, per_day=3)
    assert (await partner.post(STAMPS, order(places=two))).status == 202
    over = await partner.post(STAMPS, order(places=two))
    assert code_of(over) == (429, "partner.day_limit")
    assert 0 < int(over.headers["retry-after"]) <= 24 * 3600 + 1
    assert (await partner.post(STAMPS, order())).status == 202, "what was refused did not count"
    assert code_of(await partner.post(STAMPS, order())) == (429, "partner.day_limit")
    assert await partners.left(partners.chain.enterprise) == 67


async def test_a_cap_limits_what_a_client_orders_in_an_hour(partners: Partners) -> None:
    partner = partners.of(partners.chain.enterprise)
    await partners.setup.database.owner.execute("UPDATE partners.client SET stamps_per_hour_max = 1")
    assert (await partner.post(STAMPS, order())).status == 202
    assert code_of(await partner.post(STAMPS, order())) == (429, "client.hour_cap")
    assert await partners.left(partners.chain.enterprise) == 69


async def _limit(owner: Any, organisation_id: uuid.UUID, *, per_document: int, per_day: int) -> None:
    await owner.execute(
        """INSERT INTO partners.agreement
               (id, organisation_id, valid_from, unit_price, stamps_per_document_max, stamps_per_day_max,
                created_at)
           VALUES ($1, $2, (now() AT TIME ZONE 'Asia/Jakarta')::date, 10200, $3, $4, clock_timestamp())""",
        uuid.uuid4(), organisation_id, per_document, per_day,
    )  # fmt: skip


async def test_a_collector_says_what_it_reports(partners: Partners) -> None:
    partner = partners.of(partners.chain.collector)
    missing = await partner.post(STAMPS, order(facts=FACTS | {"liable": None, "value": None}))
    assert code_of(missing) == (422, "facts.missing")
    assert "value, liable" in json_of(missing)["detail"]
    assert code_of(await partner.post(STAMPS, order())) == (422, "facts.missing")
    answer = await partner.post(STAMPS, order(facts=FACTS))
    assert answer.status == 202, answer.body
    stamp = json_of(answer)
    assert stamp["facts"] == FACTS
    assert await partners.left(partners.chain.collector) == 49
    row = await partners.setup.database.owner.fetchrow("SELECT * FROM partners.stamp_facts")
    assert (row["job_id"], row["document_value"]) == (read_id(Prefix.STAMP, stamp["id"]), 7_500_000)


async def test_a_liable_party_is_forgotten_when_tax_law_allows(partners: Partners) -> None:
    partner, owner = partners.of(partners.chain.collector), partners.setup.database.owner
    id = json_of(await partner.post(STAMPS, order(facts=FACTS)))["id"]
    database, now = partners.setup.database.worker, datetime.now(UTC)
    assert await forget_liable_parties(database, years=0, now=now.replace(year=now.year + 5)) == 0
    await owner.execute("UPDATE stamping.job SET created_at = created_at - interval '12 years'")
    assert await forget_liable_parties(database, years=10, now=now) == 1
    facts = json_of(await partner.get(f"{STAMPS}/{id}"))["facts"]
    assert (facts["liable"], facts["value"]) == (None, 7_500_000)


async def test_stock_ends_and_suspended_organisations_stamp_nothing(partners: Partners) -> None:
    chain = partners.chain
    partner = partners.of(chain.sub_account)
    document = (await uploaded(partner))["id"]
    await partners.setup.database.owner.execute(
        "UPDATE ledger.account SET debits_pending = credits_posted - debits_posted WHERE id = $1",
        stock_account_id(chain.sub_account.id),
    )
    assert code_of(await partner.post(STAMPS, {"document_id": document})) == (409, "stamp.no_stock")
    now = datetime.now(UTC)
    await set_state(partners.setup.database.app, chain.enterprise.id, OrganisationState.SUSPENDED, now=now)
    assert code_of(await partner.post(STAMPS, {"document_id": document})) == (409, "partner.not_active")


async def test_a_file_with_a_stamp_gets_another_one_only_if_asked(partners: Partners) -> None:
    await partners.setup.start_signer()
    partner = partners.of(partners.chain.enterprise)
    stamp = json_of(await partner.post(STAMPS, order(profile="sign_later")))
    await partners.setup.work()
    stamped = (await partner.get(f"{STAMPS}/{stamp['id']}/file")).body
    left = [{"by": "position", "position": "bottom-left"}]
    refused = await partner.post(STAMPS, order(stamped, left))
    assert code_of(refused) == (409, "document.carries_stamp")
    assert (await partner.post(STAMPS, order(stamped, left, again=True))).status == 202


async def test_an_upload_arrives_whole_or_not_at_all(partners: Partners) -> None:
    partner = partners.of(partners.chain.enterprise)
    digest = base64.b64encode(hashlib.sha256(LETTER).digest()).decode()
    assert await uploaded(partner, content_digest=f"sha-256=:{digest}:")
    cut = await partner.post(
        DOCUMENTS, LETTER[:-20], content_type="application/pdf", content_digest=f"sha-256=:{digest}:"
    )
    assert code_of(cut) == (422, "document.digest_differs")
    assert code_of(
        await partner.post(DOCUMENTS, b"x" * ((10 << 20) + 1), content_type="application/pdf")
    ) == (
        413,
        "api.body_too_large",
    )
    assert code_of(await partner.post(DOCUMENTS, LETTER, content_type="text/plain")) == (
        415,
        "api.media_type",
    )
    count = await partners.setup.database.owner.fetchval("SELECT count(*) FROM stamping.document")
    assert count == 1


async def test_scopes_are_needed(partners: Partners) -> None:
    reader = partners.tokens.partner(
        partners.site.site, caller_of(partners.chain.enterprise.id, "stamps:read", "documents:read")
    )
    assert code_of(await reader.post(STAMPS, order())) == (403, "access.scope")
    assert code_of(await reader.post(DOCUMENTS, LETTER, content_type="application/pdf")) == (
        403,
        "access.scope",
    )
    assert (await reader.get(STAMPS)).status == (await reader.get(DOCUMENTS)).status == 200
