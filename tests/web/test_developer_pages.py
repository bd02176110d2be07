"""The pages for developers say what the description of the API says."""

from __future__ import annotations

import re
from inspect import signature
from typing import Any, get_args, get_type_hints

import msgspec

from meterai.api.access.access_tokens import TOKEN_LIVES
from meterai.api.access.message_signatures import AGE_MAX
from meterai.api.conventions.operations import JSON_BYTES_MAX
from meterai.api.conventions.paging import Limit
from meterai.api.routes import HANDLERS
from meterai.api.wire.routes import ENDPOINTS
from meterai.api.wire.session import TOKEN_LIVES as WIRE_TOKEN_LIVES
from meterai.cli.tools.adapter import adapter
from meterai.stamping.model import JobState
from meterai.stamping.scenarios import Scenario
from meterai.texts.api_problems import explanation_of
from meterai.texts.developers.groups import GROUPS
from meterai.texts.developers.object_states import OBJECTS
from meterai.texts.developers.sandbox_values import SCENARIOS
from meterai.texts.developers.wire_calls import WIRE_CALLS
from meterai.texts.wire import BUSINESS_CODES, SIGNING_CODES
from meterai.web.developers.example_bodies import resolved
from meterai.web.developers.reference import operations_of
from tests.api.partner import json_of
from tests.web.asking import ask
from tests.web.running_site import RunningSite

PAGES = ("", "/referensi", "/keadaan", "/galat", "/uji", "/kawat", "/batas", "/perubahan")


async def described(running: RunningSite) -> Any:
    return json_of(await ask(running.site, "/api/openapi.json"))


async def test_each_page_is_there_in_both_languages_and_the_same_for_everyone(running: RunningSite) -> None:
    addresses = [f"/pengembang{page}" for page in PAGES]
    addresses += [f"/pengembang/referensi/{group.slug}" for group in GROUPS]
    for address in addresses:
        for prefix, language in (("", "id"), ("/en", "en")):
            answer = await ask(running.site, prefix + address)
            assert answer.status == 200, address
            assert f'<html lang="{language}"' in answer.text
            assert not answer.cookies
            assert answer.headers["cache-control"] == "public, max-age=5"
    assert (await ask(running.site, "/pengembang/referensi/lain")).status == 404


async def test_the_reference_holds_every_operation_in_one_group(running: RunningSite) -> None:
    document = await described(running)
    tags = [tag for group in GROUPS for tag in group.tags]
    assert len(tags) == len(set(tags))
    wanted = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    grouped = [one.id for group in GROUPS for one in operations_of(document, group)]
    assert sorted(grouped) == sorted(wanted), "GROUPS in texts/developers/groups.py names all tags"
    for group in GROUPS:
        text = (await ask(running.site, f"/en/pengembang/referensi/{group.slug}")).text
        for one in operations_of(document, group):
            assert f'id="{one.id}"' in text
            for _, codes in one.refusals:
                assert all(f"/api/problems/{code}" in text for code in codes)


async def test_examples_of_bodies_are_what_the_operations_take(running: RunningSite) -> None:
    document = await described(running)
    types = {handler.fn.__name__: get_type_hints(handler.fn, include_extras=True) for handler in HANDLERS}
    wanted = {name: hints["data"] for name, hints in types.items() if "data" in hints}
    for group in GROUPS:
        for one in operations_of(document, group):
            name = re.sub("[A-Z]", lambda sign: "_" + sign[0].lower(), one.id)
            if name in wanted:
                msgspec.json.decode(one.bodies[0].example, type=wanted.pop(name))
    assert not wanted


async def test_all_states_of_objects_are_explained(running: RunningSite) -> None:
    components = (await described(running))["components"]["schemas"]
    for one in OBJECTS:
        schema = resolved(components[one.schema]["properties"][one.field], components)
        known = schema.get("enum") or re.findall(r"[a-z_]+(?=[,.]| or)", schema["description"])
        assert set(one.states) == set(known), one.schema
    explained = {one.schema for one in OBJECTS} | {
        "OwnOrganisation",
        "DeliveryLog",
        "SerialAnswer",
        "IncidentUpdateNow",
    }
    stated = {
        name
        for name, schema in components.items()
        if "state" in schema.get("properties", {}) and schema.get("additionalProperties") is not False
    }
    assert stated <= explained


async def test_limits_are_those_of_the_api(running: RunningSite) -> None:
    text = (await ask(running.site, "/en/pengembang/batas")).text
    figures = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", text)
    said = dict(figures)
    minutes = int(TOKEN_LIVES.total_seconds()) // 60
    assert said["How long a token counts, in minutes"] == str(minutes)
    assert said["Age of an assertion and of a message signature, in minutes"] == str(AGE_MAX.seconds // 60)
    assert said["Size of any other request in JSON"].startswith(str(JSON_BYTES_MAX >> 10))
    assert said["Entries of a page of a list"] == str(get_args(Limit)[1].le)
    order = (await described(running))["components"]["schemas"]["StampOrder"]["properties"]
    assert said["Stamps on a document in one request"] == str(order["places"]["anyOf"][0]["maxItems"])


async def test_the_page_of_the_sandbox_names_every_scenario_and_its_end(running: RunningSite) -> None:
    assert [one.name for one in SCENARIOS] == list(Scenario)
    text = (await ask(running.site, "/en/pengembang/uji")).text
    assert "This is not the test environment" in text
    for scenario in SCENARIOS:
        state, _, code = scenario.end.partition(" ")
        assert f"<code>{scenario.name}</code>" in text
        assert state in list(JobState)
        assert not code or explanation_of(code)


async def test_the_page_of_the_wire_names_every_endpoint_code_and_limit(running: RunningSite) -> None:
    text = (await ask(running.site, "/en/pengembang/kawat")).text
    named = {
        (call.role, re.sub(r"\{\w+\}", "{}", call.path)): set(call.methods.split(", ")) for call in WIRE_CALLS
    }
    assert len(named) == len(WIRE_CALLS)
    for one in ENDPOINTS:
        place = (one.role, re.sub(r"\{\w+\}", "{}", one.path))
        assert named.get(place) == set(one.methods), f"{place} is missing in texts/developers/wire_calls.py"
    known = {
        f"{method.upper()} {path}"
        for path, methods in (await described(running))["paths"].items()
        for method in methods
    }
    for call in WIRE_CALLS:
        assert f"<code>{{{call.role}}}{call.path}</code>" in text
        assert set(call.instead) <= known
        assert all(f"<code>{one}</code>" in text for one in call.instead)
    options = {f"--{name}" for name in signature(adapter).parameters}
    (sample,) = re.findall("<code>meterai adapter (.+)</code>", text)
    assert {word for word in sample.split() if word.startswith("--")} <= options
    for name, codes in (("statusCode", BUSINESS_CODES), ("errorCode", SIGNING_CODES)):
        part = text.partition(f'id="{name}"')[2].partition("</dl>")[0]
        assert re.findall("<dt><code>([0-9]{2})</code>", part) == [one.code for one in codes]
    said = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", text))
    assert said["How long a token counts, in hours"] == str(int(WIRE_TOKEN_LIVES.total_seconds()) // 3600)
    assert said["Size of any other request"].startswith(str(JSON_BYTES_MAX >> 10))
    taking = await running.line.database.owner.fetchval(
        "SELECT prosrc FROM pg_proc WHERE oid = 'stamping.ask_hash'::regproc"
    )
    figure = said["Hashes that can be signed for a serial number, after lost answers"]
    assert f"IF last >= {figure} THEN" in taking
