"""The documents say what the code does: settings, API, decisions, files that the pages name."""

import json
import re
from pathlib import Path

import pytest

from meterai.api.routes import ROUTES
from meterai.kit.settings import describe, from_environment

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PARTS = "web|api|workers|cli|kit|sales|stamping|customers|ledger|verification|operations"


def test_every_setting_is_documented_as_it_is() -> None:
    page = (DOCS / "configuration.md").read_text()
    documented = {
        row[0]: (row[1], row[2])
        for row in re.findall(r"\| `(METERAI_\w+)` \| (?:`(.*?)`|empty) \| (.*) \|", page)
    }
    assert documented == {name: (default, meaning) for name, default, meaning in describe()}


def test_a_setting_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="METERAI_PORT"):
        from_environment({"METERAI_PORT": "many"})


def test_the_openapi_description_and_the_routes_agree() -> None:
    described = {
        (path, method.upper())
        for path, methods in json.loads((ROOT / "src/meterai/api/openapi.json").read_text())["paths"].items()
        for method in methods
    }
    served = {
        (re.sub(r":\w+}", "}", path), method)
        for handler in ROUTES
        for path in handler.paths
        for method in handler.http_methods
    }
    assert {entry for entry in served if entry[1] not in ("HEAD", "OPTIONS")} == described


def test_every_decision_is_listed() -> None:
    index = (DOCS / "decisions" / "README.md").read_text()
    for page in DOCS.glob("decisions/0*.md"):
        assert f"({page.name})" in index, f"{page.name} is missing in the list of decisions"


@pytest.mark.parametrize(
    "page", sorted([*DOCS.rglob("*.md"), ROOT / "README.md"]), ids=lambda page: page.name
)
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
    for name in re.findall(
        r"`((?:web|api|workers|cli|kit|sales|stamping|customers|ledger|verification|operations)/[\w/]+\.py)`",
        text,
    ):
        assert (ROOT / "src" / "meterai" / name).exists(), f"{page.name} names {name}"
