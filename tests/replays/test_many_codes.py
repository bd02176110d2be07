"""Replay: one machine has hundreds of codes sent to different numbers, which cost us money and annoy people.

Before: 600 codes to different numbers from one address in fifteen minutes, unchallenged; to any country.
"""

from __future__ import annotations

import itertools
import time
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from meterai.kit.installation_secrets import Secrets
from tests.replays.asking import asking_at, code_for, messages_to, owner_of, solved, until_sent
from tests.running_service import RunningService, running_service

pytestmark = [pytest.mark.journey, pytest.mark.long]
NUMBERS = itertools.count(time.time_ns() % 10**7)


def number() -> str:
    """A telephone number of the home country that nobody has used."""
    return f"0813{next(NUMBERS) % 10**8:08}"


def metrics_of(service: RunningService) -> dict[tuple[str, ...], float]:
    """(name, values of its labels by their names' order...) -> value."""
    token = Secrets(service.data).metrics_token
    asking = Request(f"{service.addresses.site}/api/v1/metrics", headers={"Authorization": f"Bearer {token}"})
    with urlopen(asking) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
    }


async def let_codes_end(service: RunningService) -> None:
    """Lets ten minutes pass for all codes."""
    owner = await owner_of(service)
    await owner.execute("UPDATE customers.code SET expires_at = now()")
    await owner.close()


async def test_from_thirty_codes_on_a_network_works_for_each(service: RunningService) -> None:
    machine = asking_at(service, "192.0.2.9")
    asked = [await machine.ask(number()) for _ in range(120)]
    free = [page for page in asked if page.url.endswith("/saya/kode")]
    assert 30 <= len(free) <= 31
    assert {page.status for page in asked if page not in free} == {422}
    neighbour = asking_at(service, "192.0.2.77")
    page = await neighbour.ask(number())
    assert page.status == 422
    assert (await solved(neighbour, page)).url.endswith("/saya/kode"), "and nobody is refused"
    elsewhere = asking_at(service, "198.18.3.9")
    assert (await elsewhere.ask(number())).url.endswith("/saya/kode")


async def test_a_household_with_ipv6_is_one_network(service: RunningService) -> None:
    asked = [await asking_at(service, f"2001:db8:7:1::{n:x}").ask(number()) for n in range(20)]
    assert 10 <= sum(page.url.endswith("/saya/kode") for page in asked) <= 11


async def test_the_numbers_of_a_foreign_country_have_a_small_budget() -> None:
    with running_service({"METERAI_CODES_PER_DAY_FOREIGN": "5"}) as service:
        pages = [await asking_at(service, f"203.0.{n}.1").ask(f"+1 202 555 01{n:02}") for n in range(8)]
        assert [page.url.endswith("/saya/kode") for page in pages] == [True] * 5 + [False] * 3
        assert "Pakai alamat email" in pages[-1].text
        person = asking_at(service, "203.0.113.1")
        assert (await person.ask("orang@contoh.id")).url.endswith("/saya/kode")
        assert (await person.ask(number())).url.endswith("/saya/kode"), "the home country's is not spent"
        await until_sent(service, "%2B12025550107")
        assert messages_to(service, "%2B12025550107") == []


async def test_the_budget_of_the_home_country_only_alarms() -> None:
    with running_service(
        {"METERAI_CODES_PER_DAY_HOME": "3", "METERAI_CODES_PER_DAY_FOREIGN": "2"}
    ) as service:
        person, numbers = asking_at(service, "203.0.113.1"), [number() for _ in range(5)]
        pages = [await person.ask(contact) for contact in numbers]
        assert [page.url.endswith("/saya/kode") for page in pages] == [True] * 5, "codes go on"
        seen = metrics_of(service)
        assert seen["meterai_codes_sent_today", "home", "62"] == 5
        assert seen["meterai_codes_day_budget", "home", "62"] == 3
        assert seen["meterai_codes_sent", "phone"] == 5
        assert seen["meterai_codes_unused", "phone"] == 0, "they can still be used"
        await person.type(pages[-1], await code_for(service, "%2B62" + numbers[-1][1:]))
        await let_codes_end(service)
        seen = metrics_of(service)
        parts = [seen[f"meterai_codes_{part}", "phone"] for part in ("sent", "used", "unused")]
        assert parts == [5, 1, 4], "codes that are sent and not used are seen"
