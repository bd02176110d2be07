"""The work that joins need, in Chromium: a script does it, or people wait. How long a slow phone works."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from meterai.kit.http import work_demand
from meterai.kit.http.proof_of_work import UNIT
from meterai.kit.http.work_demand import difficulty_of
from tests.browser.conftest import SCREENSHOTS
from tests.browser.person import Person, Site
from tests.gate.visitor import join
from tests.players.queue_twin import GateProcess, Queue, schedule_from

SLOWED = 6
NUMBERS_MAX = 100_000
"""A phone that is six times slower than the machine of docs/benchmarks.md tries these in 1.3 s."""
SOLVER = Path(work_demand.__file__).parent / "static" / "work_solver.js"
SOLVES_IN_VAIN = """([solver, maxnumber]) => {
  const worker = {};
  new Function("self", solver)(worker);
  let answer = null;
  worker.postMessage = (number) => { answer = number; };
  const began = performance.now();
  const salt = "0011223344556677?expires=1700000000&d=8&";
  worker.onmessage({ data: { challenge: "0".repeat(64), salt, maxnumber } });
  if (answer !== -1) throw new Error("it solved what has no solution");
  return performance.now() - began;
}"""


def test_a_phone_computes_the_work_that_a_busy_queue_asks_for(tmp_path: Path, chromium: Browser) -> None:
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    with GateProcess(tmp_path, gate_work="on") as gate:
        site = Site(gate.url, "http://127.0.0.1:9", "http://127.0.0.1:9", SCREENSHOTS)
        person = Person(chromium, site, width=360, scripts=True, language="id")
        person.open("/antre/casn")
        person.page.locator("#kontak").fill("kerja@contoh.id")
        person.press("Ambil tempat")
        person.page.wait_for_url("**/t/*")
        person.sees("Simpan tiket Anda")
        person.leave()


def test_a_form_that_lacks_work_is_sent_again_by_itself(tmp_path: Path, chromium: Browser) -> None:
    """Thirty neighbours have places. Nothing on the form says that the next one needs work."""
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    with GateProcess(tmp_path, gate_work="auto") as gate:
        for number in range(32):
            join(gate.port, f"0812{number:08}")
        site = Site(gate.url, "http://127.0.0.1:9", "http://127.0.0.1:9", SCREENSHOTS)
        person = Person(chromium, site, width=360, scripts=True, language="id")
        person.open("/antre/casn")
        person.page.locator("#kontak").fill("kerja@contoh.id")
        person.context.new_cdp_session(person.page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        began = time.monotonic()
        person.press("Ambil tempat")
        person.page.wait_for_url("**/t/*")
        print(f"from the button to the place: {time.monotonic() - began:.2f} s")
        person.sees("Simpan tiket Anda")
        assert len(person.posts) == 2
        person.leave()


@pytest.mark.everyday("Worker")
@pytest.mark.parametrize("lacks", ["Worker", "Worker; delete HTMLFormElement.prototype.requestSubmit"])
def test_where_a_script_runs_and_computes_nothing_a_wait_stands_in(
    tmp_path: Path, chromium: Browser, lacks: str
) -> None:
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    with GateProcess(tmp_path, gate_work="on") as gate:
        site = Site(gate.url, "http://127.0.0.1:9", "http://127.0.0.1:9", SCREENSHOTS)
        person = Person(chromium, site, width=360, scripts=True, language="id")
        person.context.add_init_script(f"delete window.{lacks}")
        person.open("/antre/casn")
        person.page.locator("#kontak").fill("lama@contoh.id")
        person.press("Ambil tempat")
        person.sees("Tunggu 15 detik, lalu tekan tombol ini sekali lagi")
        person.approve("queue-no-work")
        person.press("Ambil tempat")
        person.sees(re.compile(r"Tunggu 1?\d detik"))
        time.sleep(15)
        person.press("Ambil tempat")
        person.page.wait_for_url("**/t/*")
        person.leave()


@pytest.mark.everyday("en-1280")
@pytest.mark.parametrize(("language", "width"), [("id", 360), ("en", 1280)])
def test_without_javascript_a_wait_stands_in_for_the_work(
    tmp_path: Path, chromium: Browser, language: str, width: int
) -> None:
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    with GateProcess(tmp_path, gate_work="on") as gate:
        site = Site(gate.url, "http://127.0.0.1:9", "http://127.0.0.1:9", SCREENSHOTS)
        person = Person(chromium, site, width=width, scripts=False, language=language)
        button = {"id": "Ambil tempat", "en": "Take a place"}[language]
        person.open("/antre/casn")
        person.page.locator("#kontak").fill("kode@contoh.id")
        person.press(button)
        person.sees({"id": "Tunggu 15 detik", "en": "Wait 15 seconds"}[language])
        person.approve("queue-wait")
        if width == 360:
            time.sleep(15)
            person.press(button)
            person.page.wait_for_url("**/t/*")
        person.leave()


def test_the_work_of_the_3000th_of_a_network_is_what_was_measured_on_a_slow_phone(
    tmp_path: Path, chromium: Browser
) -> None:
    """Two seconds are the limit. `pytest -s` prints today's; on a busy machine they say nothing.

    The browser's main thread does it here: a debugger slows no workers down.
    """
    queue = Queue(tmp_path, schedule_from(time.time(), window_s=3_600))
    queue.status()
    hardest = UNIT * difficulty_of(2_999)
    assert hardest <= NUMBERS_MAX
    with GateProcess(tmp_path) as gate:
        site = Site(gate.url, "http://127.0.0.1:9", "http://127.0.0.1:9", SCREENSHOTS)
        person = Person(chromium, site, width=360, scripts=True, language="id")
        person.open("/antre/casn")
        debugger = person.context.new_cdp_session(person.page)
        debugger.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        spent_ms = person.page.evaluate(SOLVES_IN_VAIN, [SOLVER.read_text(), hardest])
        print(f"{hardest} numbers: {spent_ms:.0f} ms")
        assert spent_ms > 0
        person.leave()
