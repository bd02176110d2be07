"""The description of the API is made from its handlers and says what they do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from meterai.api.conventions.once import key_of
from meterai.api.openapi.refusals import codes_of
from meterai.api.routes import HANDLERS
from meterai.kernel.refusals import Refusal
from meterai.texts.api_problems import FOR_MACHINES
from meterai.texts.refusals import TABLE
from tests.api.partner import json_of
from tests.web.asking import ask
from tests.web.running_site import RunningSite

API = Path(__file__).parents[2] / "src" / "meterai" / "api"


@pytest.fixture
async def document(running: RunningSite) -> dict[str, Any]:
    answer = await ask(running.site, "/api/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    described: dict[str, Any] = json_of(answer)
    return described


async def test_every_operation_is_described_with_its_refusals(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    served = {
        (re.sub(r":\w+}", "}", path), method)
        for handler in HANDLERS
        for path in handler.paths
        for method in handler.http_methods
    }
    assert described == served, "each declares its operation"
    assert codes_of(document) <= FOR_MACHINES.keys() | TABLE.keys()
    names = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(set(names)) == len(names)


async def test_the_description_says_when_to_ask_again_and_who_may_ask(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            named = re.findall(r"{(\w+)}", path)
            given = [each["name"] for each in one["parameters"] if each["in"] == "path"]
            assert given == named, path
            assert {"500", "503"} <= one["responses"].keys(), path
            for status, answer in one["responses"].items():
                waits = "Retry-After" in answer.get("headers", {})
                assert waits == (status in ("429", "503")), (path, status)
            if {"oauth2"} <= one.get("security", [{}])[0].keys():
                assert {"401", "403", "429"} <= one["responses"].keys(), path
                keys = [each for each in one["parameters"] if each["name"] == "Idempotency-Key"]
                assert bool(keys) == (method == "post"), path
            for content in one.get("requestBody", {}).get("content", {}).values():
                assert content["schema"], path


async def test_the_codes_that_a_file_raises_are_among_those_that_its_operations_declare(
    document: dict[str, Any],
) -> None:
    """Generators of clients make their errors from these lists."""
    declared = codes_of(document)
    raised = {
        code
        for file in [*(API / "resources").glob("*.py"), API / "verification.py", API / "gateway_notices.py"]
        for code in re.findall(r'Refusal\(\s*Kind\.\w+, "([a-z_]+\.[a-z_]+)"', file.read_text())
    }
    assert raised
    assert raised <= declared


async def test_it_describes_the_keys_that_are_taken(document: dict[str, Any]) -> None:
    named = document["paths"]["/api/v1/stamps"]["post"]["parameters"]
    schema = next(one["schema"] for one in named if one["name"] == "Idempotency-Key")
    for key in ("a", '"a"', '"', '""', ""):
        is_taken = bool(key.strip('"'))
        assert bool(re.search(schema["pattern"], key)) == is_taken
        scope: Any = {"headers": [(b"idempotency-key", key.encode())]}
        if is_taken:
            assert key_of(scope) == "a"
        else:
            with pytest.raises(Refusal, match=r"api\.key_missing"):
                key_of(scope)


async def test_a_manifest_may_name_nothing_and_a_file_is_never_empty(document: dict[str, Any]) -> None:
    bundle = "/api/v1/bundles/{bundle_id}"
    manifest = document["paths"][f"{bundle}/manifest"]["put"]["requestBody"]["content"]
    content = document["paths"][bundle + "/files/{file_id}/content"]["put"]["requestBody"]["content"]
    assert manifest == {"application/x-ndjson": {"schema": {"type": "string"}}}
    assert content["application/pdf"]["schema"]["minLength"] == 1
