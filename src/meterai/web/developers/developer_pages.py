"""Renders the pages for developers. They are the same for everyone, so each is rendered once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.settings import Settings, public_url
from meterai.kit.wire_hosts import ROLES, base_address
from meterai.partners.sandbox.model import is_on
from meterai.texts.api_problems import explanation_of
from meterai.texts.developers.changes import CHANGES
from meterai.texts.developers.groups import GROUPS, Group
from meterai.texts.developers.object_states import OBJECTS
from meterai.texts.developers.sandbox_values import REFUSED_VALUES, SCENARIOS
from meterai.texts.developers.wire_calls import WIRE_CALLS
from meterai.texts.told import Text, said
from meterai.texts.wire import BUSINESS_CODES, SIGNING_CODES
from meterai.web.developers.limits import limits_of, wire_limits
from meterai.web.developers.reference import operations_of
from meterai.web.pages.templates import Pages
from meterai.web.requests.visits import Visit

SAMPLES: Final = Path(__file__).parent / "samples"
type DescribeApi = Callable[[], Mapping[str, Any]]


def no_api() -> Mapping[str, Any]:
    """The description of a site without API."""
    return {"paths": {}, "components": {"schemas": {}}}


class DeveloperPages:
    """The pages of one process. `describe`: gives the description of the API."""

    def __init__(self, pages: Pages, settings: Settings, describe: DescribeApi) -> None:
        self._pages = pages
        self._settings = settings
        self._describe = describe
        self._made: dict[tuple[str, str], bytes] = {}
        self._made_with = pages.news

    def page(self, visit: Visit, template: str, **values: Any) -> bytes:
        """The page at the visitor's address, rendered the first time that somebody asks for it, and for new
        news.
        """
        if self._made_with is not self._pages.news:
            self._made, self._made_with = {}, self._pages.news
        address = visit.language, visit.path
        if address not in self._made:
            self._made[address] = self._pages.render(visit, f"developers/{template}", **values)
        return self._made[address]

    def start(self) -> dict[str, Any]:
        """The values of the first page."""
        names = ("curl", "Python", "TypeScript")
        return {
            "make_key": _sample("key.txt"),
            "samples": {name: _sample(f"start-{name.lower()}.txt") for name in names},
        }

    def index(self) -> dict[str, Any]:
        """The values of the index of the reference."""
        return {"groups": [(group, operations_of(self._document, group)) for group in GROUPS]}

    def group(self, slug: str, language: str) -> dict[str, Any]:
        """The values of a page of the reference. Raises: Refusal NOT_FOUND `page.not_found`."""
        group = _group(slug)
        operations = operations_of(self._document, group)
        codes = {code for one in operations for _, codes in one.refusals for code in codes}
        return {
            "group": group,
            "operations": operations,
            "words": {code: _words(code, language) for code in codes},
        }

    def states(self) -> dict[str, Any]:
        """The values of the page about states."""
        return {"objects": OBJECTS}

    def errors(self, language: str) -> dict[str, Any]:
        """The values of the page of all refusals that operations name, by the part before the dot."""
        parts: dict[str, list[tuple[Text, tuple[str, ...]]]] = {}
        for code, statuses in sorted(self._statuses.items()):
            parts.setdefault(code.partition(".")[0], []).append((_words(code, language), statuses))
        return {"parts_of_errors": parts}

    def sandbox(self) -> dict[str, Any]:
        """The values of the page about the sandbox."""
        return {
            "has_sandbox": is_on(self._settings),
            "scenarios": SCENARIOS,
            "refused_values": REFUSED_VALUES,
            "scenario_sample": _sample("scenario.txt"),
            "clock_sample": _sample("clock.txt"),
        }

    def limits(self, language: str) -> dict[str, Any]:
        """The values of the page about limits."""
        return {"limits": limits_of(self._settings, language)}

    def wire(self, language: str) -> dict[str, Any]:
        """The values of the page for integrators whose client was made for another service."""
        settings = self._settings
        return {
            "addresses": {
                role: base_address(role, public_url=public_url(settings), hosts=settings.wire_hosts)
                for role in ROLES
            },
            "calls": [(call, [self._place_of(one) for one in call.instead]) for call in WIRE_CALLS],
            "business_codes": BUSINESS_CODES,
            "signing_codes": SIGNING_CODES,
            "wire_limits": wire_limits(language),
        }

    def changes(self) -> dict[str, Any]:
        """The values of the changelog."""
        return {"changes": CHANGES}

    def _place_of(self, named: str) -> tuple[str, str]:
        """An operation such as `POST /api/v1/stamps`, and its address in the reference."""
        return named, self._places.get(named, "/pengembang/referensi")

    @cached_property
    def _places(self) -> dict[str, str]:
        return {
            f"{one.method} {one.path}": f"/pengembang/referensi/{group.slug}#{one.id}"
            for group in GROUPS
            for one in operations_of(self._document, group)
        }

    @cached_property
    def _document(self) -> Mapping[str, Any]:
        return self._describe()

    @cached_property
    def _statuses(self) -> dict[str, tuple[str, ...]]:
        """The statuses with which each code is answered."""
        found: dict[str, set[str]] = {"api.not_found": {"404"}, "api.unreadable": {"405"}}
        for group in GROUPS:
            for operation in operations_of(self._document, group):
                for status, codes in operation.refusals:
                    for code in codes:
                        found.setdefault(code, set()).add(status)
        return {code: tuple(sorted(statuses)) for code, statuses in found.items()}


def _group(slug: str) -> Group:
    for group in GROUPS:
        if group.slug == slug:
            return group
    raise Refusal(Kind.NOT_FOUND, "page.not_found")


def _words(code: str, language: str) -> Text:
    explanation = explanation_of(code)
    assert explanation is not None, code  # a test compares the codes with the words
    return said(code, explanation, language)


def _sample(name: str) -> str:
    return (SAMPLES / name).read_text().strip()
