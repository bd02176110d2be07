"""I16 at every operation: an id of another organisation answers like an id that nobody has.

The operations come from the description of the API. So does the place of each id: one that a new operation
takes is tried without a line here. Where there is no example of its kind, `two_partners.py` needs one.
"""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator, Mapping

import pytest

from meterai.kernel.ids import new_id
from meterai.kernel.typed_ids import Prefix, read_id, write_id
from meterai.web.routes import ROUTES as PAGES
from tests.api.described import Operation, Request, Slot, operations
from tests.api.partner import json_of
from tests.api.tables import TRACES, rows_of
from tests.api.two_partners import Ids, Owner, owner_of_everything
from tests.partners.organisations import make_chain
from tests.waiting_room.line import NOON
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite
from tests.web.test_members import member

AWAITED = frozenset({"stamping.awaited"})
"""A member who starts a bundle waits for its end. It is noted before the bundle is looked for."""
LAST = ("/cancel", "DELETE")
"""What ends things comes after what needs them."""

ON_PAGES = {
    ("dokumen", "document_id"): Prefix.DOCUMENT,
    ("banyak", "id"): Prefix.BUNDLE,
    ("keluarkan", "file_id"): Prefix.FILE,
    ("letak", "file_id"): Prefix.FILE,
    ("blok", "id"): Prefix.BLOCK,
    ("webhook", "webhook_id"): Prefix.WEBHOOK,
    ("laporan", "id"): Prefix.REPORT,
}
"""What an id in the address of a page names, by the word before it and the parameter's name."""
OF_A_PERSON = ("/saya/kontak", "/saya/perangkat", "/saya/pesan")


@pytest.fixture
async def every(running: RunningSite) -> list[Operation]:
    """The operations for partners."""
    return list(operations(json_of(await ask(running.site, "/api/openapi.json"))))


async def send(owner: Owner, request: Request) -> Answer:
    """Sends a request of the organisation, with a new key."""
    headers = {**request.headers, "idempotency-key": str(uuid.uuid4())}
    return await owner.partner.send(request.method, request.address, body=request.body, headers=headers)


def choices(operation: Operation, own: Ids, others: Ids) -> Iterator[dict[Slot, str]]:
    """The ids of a request in which one id or more is another's."""
    for taken in itertools.product((False, True), repeat=len(operation.slots)):
        if any(taken):
            from_whom = [others if is_taken else own for is_taken in taken]
            ids = [whose[slot.prefix] for whose, slot in zip(from_whom, operation.slots, strict=True)]
            for chosen in itertools.product(*ids):
                yield dict(zip(operation.slots, chosen, strict=True))


def unknown(chosen: Mapping[Slot, str], own: Ids) -> dict[Slot, str]:
    """The same ids, but for those of the other: nobody has these."""
    return {
        slot: id if id in own[slot.prefix] else write_id(slot.prefix, new_id(NOON))
        for slot, id in chosen.items()
    }


def seen(answer: Answer, chosen: Mapping[Slot, str]) -> tuple[int, dict[str, str], bytes]:
    """What an answer says, but for the ids that were asked for and the requests that are left."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if not name.startswith(("ratelimit", "request-id"))
    }
    body = answer.body
    for id in chosen.values():
        body = body.replace(id.encode(), b"ID")
    return answer.status, headers, body


async def test_an_id_of_another_organisation_answers_like_an_unknown_one(
    running: RunningSite, every: list[Operation]
) -> None:
    one, other = [await owner_of_everything(running, name) for name in ("satu", "dua")]
    owner = running.line.database.owner
    before = await rows_of(owner, without=TRACES)
    tried = 0
    for operation in every:
        for chosen in choices(operation, one.ids, other.ids):
            nobodys = unknown(chosen, one.ids)
            answers = [await send(one, operation.request(ids)) for ids in (chosen, nobodys)]
            told = [seen(*each) for each in zip(answers, (chosen, nobodys), strict=True)]
            assert told[0] == told[1], f"{operation} tells {chosen} from {nobodys}"
            tried += 1
    assert tried > 40
    assert await rows_of(owner, without=TRACES) == before, "nothing of anybody changed"
    await all_are_known_to_their_owner(other, every)


async def all_are_known_to_their_owner(owner: Owner, every: list[Operation]) -> None:
    """The same requests go through for the one whose ids they have. They were refused for the ids alone."""
    for operation in sorted(every, key=lambda each: str(each).startswith(LAST) or str(each).endswith(LAST)):
        if operation.slots:
            ids = {slot: owner.ids[slot.prefix][0] for slot in operation.slots}
            answer = await send(owner, operation.request(ids))
            code = json_of(answer)["code"] if answer.status >= 400 else ""
            assert not code.startswith(("api.", "access.", "server.")), f"{operation}: {code}"


async def test_lists_show_nothing_of_another_organisation(
    running: RunningSite, every: list[Operation]
) -> None:
    """Also from a cursor on that the other one got."""
    one, other = [await owner_of_everything(running, name) for name in ("satu", "dua")]
    theirs = {id for ids in other.ids.values() for id in ids}
    paged = 0
    for operation in every:
        if not any(each["name"] == "cursor" for each in operation.told["parameters"]):
            continue
        for ids in ({s: who.ids[s.prefix][0] for s in operation.slots} for who in (one, other)):
            address = operation.request(ids).address
            join = "&" if "?" in address else "?"
            first = json_of(await other.partner.get(f"{address}{join}limit=1"))
            cursor = first.get("next_cursor")
            paged += bool(cursor)
            for asked in (address, *([f"{address}{join}cursor={cursor}"] if cursor else ())):
                shown = (await one.partner.get(asked)).text
                assert not [id for id in theirs if id in shown], f"{asked} shows what others have"
    assert paged


async def test_pages_for_members_answer_ids_of_another_organisation_like_unknown_ones(
    running: RunningSite,
) -> None:
    other = await owner_of_everything(running, "dua")
    chain = await make_chain(running.line.database.app, now=NOON, name="satu")
    visitor = await member(running, chain.distributor)
    await visitor.get("/saya")
    signed_in, owner, tried = visitor.text, running.line.database.owner, 0
    before = await rows_of(owner, without=AWAITED)
    for method, path in addresses_of_members():
        told = []
        for ids in (other.ids, {prefix: [write_id(prefix, new_id(NOON))] for prefix in other.ids}):
            address, named = page_address(path, ids)
            visitor.text = signed_in  # with the proof for forms
            where = await (visitor.get(address) if method == "GET" else visitor.post(address))
            ids_and_help = "|".join([*named, "[0-9A-Z]{4}-[0-9A-Z]{4}"])
            told.append((visitor.status, *(re.sub(ids_and_help, "", text) for text in (where, visitor.text))))
        assert told[0] == told[1], f"{method} {path}"
        tried += 1
    assert tried > 20
    assert await rows_of(owner, without=AWAITED) == before, "nothing of anybody changed"


def addresses_of_members() -> list[tuple[str, str]]:
    """Method and path of each page and form of an account that takes the id of a thing."""
    return sorted(
        (method, path)
        for route in PAGES
        for path in route.paths
        for method in route.http_methods & {"GET", "POST"}
        if path.startswith("/saya/") and ":uuid}" in path and not path.startswith(OF_A_PERSON)
    )


def page_address(path: str, ids: Ids) -> tuple[str, list[str]]:
    """The address of a page with ids of these things, and the ids."""
    named = []
    for before, name in re.findall(r"([a-z]+)/{(\w+):uuid}", path):
        prefix = ON_PAGES[before, name]
        id = str(read_id(prefix, ids[prefix][0]))
        path = path.replace(f"{{{name}:uuid}}", id)
        named.append(id)
    return re.sub(r"{\w+:(int|str)}", "1", path), named
