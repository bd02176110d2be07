"""Bad input at every operation: a problem with a stable code that the description has, and nothing changes.

The operations and their fields come from the description of the API.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from meterai.partners.clients.model import SCOPES
from tests.api.described import JSON, Operation, Request, operations
from tests.api.partner import json_of
from tests.api.tables import TRACES, rows_of
from tests.api.two_partners import Owner, owner_of_everything
from tests.web.asking import Answer, ask
from tests.web.running_site import RunningSite

INVALID = (422, "api.invalid")
HUNDRED_MB = 100 << 20
CHUNK = b" " * (64 << 10)
USED = "dipakai"
"""A key that named another request."""


class Trials:
    """Tries requests of an organisation, and notes each answer that is not the one to expect."""

    def __init__(self, running: RunningSite, owner: Owner, every: list[Operation]) -> None:
        self.running, self.owner, self.every = running, owner, every
        self.faults: list[str] = []
        self.count = 0

    def usual(self, operation: Operation) -> Request:
        """A request with the organisation's own ids that would be carried out."""
        return operation.request({slot: self.owner.ids[slot.prefix][0] for slot in operation.slots})

    async def send(
        self, request: Request, *, parts: Iterator[dict[str, Any]] | None = None, **headers: str | None
    ) -> Answer:
        """Sends a request. `headers`: instead of the usual ones; None takes one out.

        `parts`: the messages with its body. At their end the client is gone.
        """

        async def receive() -> dict[str, Any]:
            return next(parts or iter(()), {"type": "http.disconnect"})

        return await ask(
            self.running.site,
            request.address,
            method=request.method,
            headers=self._headers(request, headers),
            body=request.body or b"",
            arriving=receive if parts else None,
        )

    async def expect(
        self, operation: Operation, request: Request, *allowed: tuple[int, str], **headers: str | None
    ) -> None:
        """Notes a fault unless the answer is one of these problems, and the description has it."""
        self.judge(operation, await self.send(request, **headers), *allowed, about=f"{request} {headers}")

    def judge(self, operation: Operation, answer: Answer, *allowed: tuple[int, str], about: str) -> None:
        """Notes a fault unless the answer is one of these problems, and the description has it."""
        self.count += 1
        is_problem = answer.headers.get("content-type") == "application/problem+json"
        got = answer.status, json_of(answer)["code"] if is_problem else ""
        if got not in allowed or got[1] not in operation.codes(got[0]):
            self.faults.append(f"{operation}: {got} for {about[:300]}")

    def _headers(self, request: Request, changes: Mapping[str, str | None]) -> dict[str, str]:
        usual = {
            "authorization": f"Bearer {self.owner.partner.token}",
            "idempotency-key": str(uuid.uuid4()),
            **request.headers,
        }
        named = {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in (usual | named).items() if value is not None}


@pytest.fixture
async def trials(running: RunningSite) -> AsyncIterator[Trials]:
    """What is tried in a test. At its end there is no fault, and no row has changed."""
    document = json_of(await ask(running.site, "/api/openapi.json"))
    made = Trials(running, await owner_of_everything(running, ""), list(operations(document)))
    assert (await made.owner.partner.post("/api/v1/bundles", {"sign_later": True}, key=USED)).status == 201
    before = await rows_of(running.line.database.owner, without=TRACES)
    yield made
    assert not made.faults, "\n".join(made.faults)
    assert made.count > 40
    assert await rows_of(running.line.database.owner, without=TRACES) == before


@dataclass(frozen=True)
class Field:
    """A field of a body, and the way to it."""

    way: tuple[str | int, ...]
    schema: Mapping[str, Any]


def fields(
    operation: Operation, schema: Mapping[str, Any], way: tuple[str | int, ...] = ()
) -> Iterator[Field]:
    """All fields of a schema, also those inside others. Of several kinds the first."""
    schema = operation.plain(schema)
    if way:
        yield Field(way, schema)
    for name, inner in schema.get("properties", {}).items():
        yield from fields(operation, inner, (*way, name))
    if schema.get("type") == "array":
        yield from fields(operation, schema["items"], (*way, 0))


def with_value(operation: Operation, body: Any, field: Field, value: Any) -> Any:
    """The body with another value of a field. What is around the field is made from its schema."""
    changed, schema = msgspec.json.decode(msgspec.json.encode(body)), operation.body_schema
    here = changed
    for step in field.way[:-1]:
        schema = operation.plain(schema["items"] if step == 0 else schema["properties"][step])
        if step != 0 and step not in here:
            here[step] = operation.sample(schema, str(step), {})
        here = here[step]
    if field.way[-1] == 0:
        here[:] = [value]
    else:
        here[field.way[-1]] = value
    return changed


def bad_values(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Values that a schema does not allow: of another type, too long, out of range, and no text at all."""
    if "enum" in schema:
        yield from (7, "lain", ["lain"])
        return
    match schema["type"]:
        case "string":
            yield from (7, [], {}, True, "x" * (schema.get("maxLength", 100_000) + 1), "a\x00b")
        case "integer" | "number":
            yield from ("7", [], True, 10**30, -(10**30), float(2**60) + 0.5)
            yield from (
                schema[side] + step for side, step in (("minimum", -1), ("maximum", 1)) if side in schema
            )
        case "boolean":
            yield from ("true", 1, [])
        case "array":
            yield from ("x", {}, [None], [[]])
        case "object":
            yield from ("x", [], 7)


async def test_fields_of_bodies(trials: Trials) -> None:
    for operation in trials.every:
        if operation.media_type != JSON:
            continue
        usual = trials.usual(operation)
        body = msgspec.json.decode(usual.body or b"")
        of_bodies = [(422, code) for code in operation.codes(422)]
        for field in fields(operation, operation.body_schema):
            for value in bad_values(field.schema):
                bad = msgspec.json.encode(with_value(operation, body, field, value))
                await trials.expect(operation, replace(usual, body=bad), *of_bodies)
        for bad in ({**body, "stray": 1}, [], "x", 7, None):
            await trials.expect(operation, replace(usual, body=msgspec.json.encode(bad)), INVALID)
        deep = b"[" * 100_000 + b"]" * 100_000
        for raw in (b"{", b"", b'{"\xff": 1}', b'{"stray": "\\ud800"}', deep, b'{"stray": ' + deep + b"}"):
            unreadable = (400, "api.body_unreadable")
            await trials.expect(operation, replace(usual, body=raw), unreadable, INVALID)
        await trials.expect(operation, usual, (415, "api.media_type"), content_type="text/plain")


async def test_parts_of_addresses_and_headers(trials: Trials) -> None:
    for operation in trials.every:
        own = {slot: trials.owner.ids[slot.prefix][0] for slot in operation.slots if slot.at != "query"}
        usual = operation.request(own)
        queries = ["stray=1", "a=1&a=1"]
        for each in operation.told["parameters"]:
            if each["in"] == "query":
                name = each["name"]
                queries += [f"{name}={value}" for value in ("x" * 5_000, "%00", f"1&{name}=1")]
        for query in queries:
            await trials.expect(operation, replace(usual, address=f"{usual.address}?{query}"), INVALID)
        for each in operation.told["parameters"]:
            if each["in"] == "header" and operation.plain(each["schema"])["type"] == "integer":
                for value in ("x", "-1", "1.5", str(10**12), ""):
                    await trials.expect(operation, usual, INVALID, **{each["name"].lower(): value})
        for slot in own:
            if slot.at == "path":
                for id in ("x", "%00", f"{slot.prefix}_" + "9" * 26, "x" * 5_000):
                    request = operation.request({**own, slot: id})
                    await trials.expect(operation, request, (404, "api.unknown_id"))


async def test_tokens_scopes_signatures_and_keys(trials: Trials) -> None:
    program = trials.owner.program
    ended = await program.token()
    trials.running.line.now += timedelta(minutes=16)
    trials.owner.partner.token = fresh = await program.token()
    head, claims, tag = fresh.split(".")
    for operation in trials.every:
        usual = trials.usual(operation)
        others = [scope for scope in SCOPES if scope != operation.scope]
        poor = await program.token(*others)
        for token, problem in (
            (None, (401, "access.no_token")),
            (f"Bearer {head}.{claims}.{tag[::-1]}", (401, "access.token_wrong")),
            (f"Bearer {ended}", (401, "access.token_ended")),
            (f"Bearer {poor}", (403, "access.scope")),
        ):
            await trials.expect(operation, usual, problem, authorization=token)
        signature = {"signature_input": 'sig=("@method");keyid="x";created=1', "signature": "sig=:AAAA:"}
        await trials.expect(operation, usual, (401, "access.signature_wrong"), **signature)
        if operation.method == "POST":
            await trials.expect(operation, usual, (400, "api.key_missing"), idempotency_key=None)
            await trials.expect(operation, usual, (422, "api.key_reused"), idempotency_key=USED)


async def test_bodies_that_are_cut_or_too_large(trials: Trials) -> None:
    for operation in trials.every:
        if operation.media_type:
            usual = trials.usual(operation)
            declared = await trials.send(usual, content_length=str(HUNDRED_MB))
            for answer in (declared, await trials.send(usual, parts=endless())):
                trials.judge(operation, answer, (413, "api.body_too_large"), about="100 MB")
            cut = await trials.send(
                usual, parts=iter([{"type": "http.request", "body": b" ", "more_body": True}])
            )
            trials.judge(operation, cut, (400, "api.body_cut"), about="a body that was cut off")


def endless() -> Iterator[dict[str, Any]]:
    """The messages of a body of 100 MB, of which only one chunk is held."""
    for _ in range(HUNDRED_MB // len(CHUNK)):
        yield {"type": "http.request", "body": CHUNK, "more_body": True}
