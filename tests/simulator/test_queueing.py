"""How somebody in the crowd reads the wait page and the status, and which forms of a page it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg
import msgspec
import pytest
from aiohttp import web

from meterai.kit.installation import read_addresses
from meterai.kit.installation_secrets import Secrets
from simulator.crowd.applicant import Applicant
from simulator.crowd.browser import Browser, Response
from simulator.crowd.cpu_time import cpu_seconds, set_apart
from simulator.crowd.forms import form_with
from simulator.crowd.papers import make_letter
from simulator.crowd.queued_applicant import (
    Place,
    QueuedApplicant,
    Status,
    pause_before_look,
    place_on,
    seconds_left,
)
from simulator.crowd.service import Service, find_service
from tests.ports import free_port
from tests.running_service import RunningService
from tests.sandbox.twins import served

WAIT_PAGE = (
    '<div id="wait" data-status="/antre/casn/d/status.json" data-window="{window}" data-place="{place}" '
    'data-number="{number}" data-called="{called}" data-near="{near}" data-poll="{poll}" '
    'data-reload="{reload}">'
)


def page(**told: object) -> Response:
    facts = {"window": 3, "place": "", "number": "", "called": "", "near": "", "poll": 9, "reload": 4} | told
    return Response(200, {}, WAIT_PAGE.format(**facts).encode(), "http://localhost/antre/casn/t/x")


def status(*, frontier: tuple[int, int] = (0, 0), called: int = 0, rate: int = 600) -> Status:
    fan = [(600, 0, 3_000), (1_800, 2_000, 15_000)]
    return Status(state="open", frontiers=[frontier, (0, 0)], rate=rate, called=called, poll=(2, 60), fan=fan)


def test_a_place_is_unknown_until_its_window_is_drawn() -> None:
    assert place_on(page()) == Place(3, None, 0, is_called=False, is_near=False, poll_s=9, reload_s=4)
    drawn = place_on(page(place=2**63, number=17, called=1))
    assert (drawn.place, drawn.number, drawn.is_called) == (2**63, 17, True)


@pytest.mark.parametrize(
    ("frontier", "is_called"),
    [((2, 2**64 - 1), False), ((3, 500), False), ((3, 501), True), ((4, 0), True)],
)
def test_whoever_stands_before_the_frontier_is_called(frontier: tuple[int, int], is_called: bool) -> None:
    place = place_on(page(place=500, number=17))
    assert place.is_called_by(status(frontier=frontier)) is is_called
    assert not place_on(page()).is_called_by(status(frontier=(3, 2**64 - 1)))


def test_people_near_the_front_look_more_often() -> None:
    place = place_on(page(place=500, number=1_001))

    def pause(**told: int) -> float:
        return pause_before_look(place, msgspec.structs.replace(status(**told), fan=[]))

    assert pause(called=1_000) == 2
    assert pause(called=500) == pytest.approx(12.5)
    assert pause(rate=1) == 60
    assert pause(rate=0) == 60


def test_people_near_the_front_look_often_when_the_fan_is_afraid_too() -> None:
    """The fan counts an outage with minutes to come; when it ends, those who are next shall be there."""
    afraid = msgspec.structs.replace(status(called=900, rate=1_200), fan=[(600, 0, 50), (1_200, 0, 400)])
    place = place_on(page(place=500, number=1_001))
    assert seconds_left(place, afraid) > 600
    assert pause_before_look(place, afraid) == 2
    assert pause_before_look(place, msgspec.structs.replace(afraid, rate=0)) == 60


def test_the_time_until_the_turn_is_read_from_the_fan_and_after_its_end_from_the_rate() -> None:
    place = place_on(page(place=500, number=1_001))
    assert seconds_left(place, status(called=1_000)) == pytest.approx(0.2)
    assert seconds_left(place, status()) == pytest.approx(200.2)
    assert seconds_left(place_on(page(place=500, number=9_000)), status()) == pytest.approx(1_200)
    far = place_on(page(place=500, number=60_001))
    assert seconds_left(far, status()) == 6_000
    assert seconds_left(far, status(rate=0)) == 3_600


def test_a_form_is_found_by_its_fields_and_no_other_form_is_mixed_in() -> None:
    html = (
        '<form action="/bahasa"><input name="bahasa" value="en"></form>'
        '<form method="post" action="/beli"><input type="hidden" name="bukti" value="b&amp;c">'
        '<input name="kontak"></form>'
    )
    found = form_with(html, "kontak")
    assert (found.action, found.fields) == ("/beli", {"bukti": "b&c", "kontak": ""})
    with pytest.raises(LookupError, match="kode"):
        form_with(html, "kode")


async def test_while_nobody_has_to_wait_people_go_the_way_that_the_gate_shows() -> None:
    async def gate(request: web.Request) -> web.Response:
        way = "/en/beli?acara=casn&amp;a=1"
        return web.Response(text=f'<a class="button" href="{way}">Go straight in</a>')

    async def site(request: web.Request) -> web.Response:
        return web.Response(text=f'<form><input name="kiriman" value="{request.query["a"]}"></form>')

    application = web.Application()
    application.add_routes([web.get("/antre/casn", gate), web.get("/en/beli", site)])
    async with served(application, free_port()) as url:
        service = Service(pid=1, site=url, inbox="", gateway="", gate=url)
        person = QueuedApplicant(service, contact="ani@contoh.id", gate=url)
        page = await person._enter()
        person.browser.close()
    assert 'name="kiriman" value="1"' in page.text
    assert not person.ticket


SERVICE_THAT_STARTS_A_PROCESS = """if True:
    import subprocess, sys
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
    children = []
    for line in sys.stdin:
        children.append(subprocess.Popen(sleeping))
        print(children[-1].pid, flush=True)
    for child in children:
        child.kill()
"""


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two processors")
def test_a_service_set_apart_keeps_its_processor_until_the_end_whatever_ends_it() -> None:
    usual = os.sched_getaffinity(0)
    command = [sys.executable, "-c", SERVICE_THAT_STARTS_A_PROCESS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdin is not None
        assert service.stdout is not None

        def start() -> int:
            print(file=service.stdin, flush=True)
            return int(service.stdout.readline())

        pids = [os.getpid(), service.pid, start()]
        with (
            suppress(KeyboardInterrupt),
            set_apart(service.pid, product_cpu=min(usual), crowd_cpu=max(usual)),
        ):
            pids.append(start())
            assert [os.sched_getaffinity(pid) for pid in pids] == [{max(usual)}, *[{min(usual)}] * 3]
            raise KeyboardInterrupt
        assert [os.sched_getaffinity(pid) for pid in pids] == [usual] * 4


@pytest.mark.journey  # a process that looks like the site
def test_what_a_jail_spent_that_was_replaced_is_the_jails() -> None:
    spin = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    name = "'meterai.' + 'jail'"  # in two pieces: the site's own command line shall not hold it
    jail = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}, {name}])"
    site = f"{jail}; print(flush=True); sys.stdin.read()"
    before = cpu_seconds(os.getpid())  # of a service that other files use
    with subprocess.Popen(
        [sys.executable, "-c", site, "meterai.processes.site"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        spent = cpu_seconds(os.getpid())
        process.communicate()
    assert spent["jails"] - before.get("jails", 0) >= 0.25
    assert spent["site"] - before.get("site", 0) < 0.25


class Forgotten(Applicant):
    """A person whose first code is lost in a crash of the database."""

    data: Path

    async def _read_code(self, asked_at: float) -> str:
        code = await super()._read_code(asked_at)
        if len(self.codes_read) == 1:
            url, secrets = read_addresses(self.data).database, Secrets(self.data)
            database = await asyncpg.connect(url, user="meterai_owner", password=secrets.database_owner)
            await database.execute("DELETE FROM customers.code WHERE value = $1", self.contact)
            await database.close()
        return code


@pytest.mark.long
async def test_whose_code_is_gone_asks_for_another_as_the_page_says(service: RunningService) -> None:
    found = find_service(service.data)
    applicant = Forgotten(found, contact="hilang@contoh.id", elsewhere=Browser(found.site))
    applicant.data = service.data
    outcome = await applicant.buy_and_stamp([("surat.pdf", make_letter("A", "B"))])
    assert (len(outcome.files), len(applicant.codes_read)) == (1, 2)
