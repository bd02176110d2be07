"""The wait page in Chromium: each state at 360 px and on a desktop, both languages; what it does itself."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.published_documents import Announcement, Close, Status
from meterai.waiting_room.files.queue_folder import publish
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.tickets import decode_ticket
from tests.browser.conftest import SCREENSHOTS
from tests.browser.person import Person, Site
from tests.gate.visitor import get
from tests.players.queue_twin import GateProcess, Queue, schedule_from

BEFORE_US = 48_231
"""People in the first window, before everybody in these tests."""
PAGE_BYTES_MAX = 14_000
SCRIPT_BYTES_MAX = 3_000
FORM_SCRIPT_BYTES_MAX = 400
EVENING = [(600, 5_000, 6_000), (3_600, 30_000, 36_000), (7_200, 58_000, 70_000), (14_400, 110_000, 140_000)]
STEADY = [(3_600, 100_000, 100_000)]
SLOW_EVENING = [(600, 200, 400), (3_600, 1_000, 2_000), (10_800, 3_000, 7_000)]
NOTE = Announcement(
    id="Pembayaran lewat VA BNI sedang lambat. Tempat Anda tidak berubah.",
    en="Payments by BNI virtual account are slow now. Your place does not change.",
)


class LineWithGate:
    """A queue with its gate, and somebody who stands in it."""

    def __init__(self, root: Path) -> None:
        self.queue = Queue(root, schedule_from(time.time() - 2, open_s=3 * 3_600, window_s=2))
        close = Close(
            event="casn", window=1, starts_at=0, ends_at=0, count=BEFORE_US, root="00" * 32, gates=[]
        )  # fmt: skip
        publish(
            self.queue.folder.window_close(1), published_documents.sign(close, self.queue.keys.controller)
        )
        self.gate = GateProcess(root)
        self.gate.start()
        self.tell()
        self.site = Site(self.gate.url, "http://127.0.0.1:9", "http://127.0.0.1:9", SCREENSHOTS)

    def tell(self, state: QueueState = QueueState.OPEN, **facts: object) -> None:
        """Publishes a status, and waits until the gate has it."""
        status = self.queue.status(state=state, **({"fan": EVENING, "poll": (1, 1)} | facts))
        deadline = time.monotonic() + 15
        while f'"sequence":{status.sequence},'.encode() not in self.seen():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def seen(self) -> bytes:
        """The status that the gate gives out."""
        return get(self.gate.port, "/antre/casn/d/status.json").body

    def leads(self, state: str, language: str) -> str:
        """The page of the site to which the button of a state leads."""
        wanted = {"admitted": "masuk", "closed": "sertifikat"}.get(state, "kabari")
        return f"http://127.0.0.1:9{'/en' if language == 'en' else ''}/casn/{wanted}"

    def draw(self, ticket: str) -> None:
        """Ends the window of a ticket, and those before it."""
        window = decode_ticket(ticket).window
        deadline = time.monotonic() + 15
        while self.queue.count_of(1, window) is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for number in range(2, window + 1):
            if not self.queue.folder.window_reveal(number).exists():
                self.queue.close(number, [1])
        self.tell()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LineWithGate]:
    line = LineWithGate(tmp_path_factory.mktemp("wait"))
    yield line
    line.gate.stop()


type Arrive = Callable[..., Person]


@pytest.fixture
def arrive(chromium: Browser, line: LineWithGate) -> Iterator[Arrive]:
    """People who arrive at the gate."""
    people: list[Person] = []

    def come(width: int = 360, language: str = "id", *, scripts: bool = True) -> Person:
        people.append(Person(chromium, line.site, width=width, scripts=scripts, language=language))
        return people[-1]

    yield come
    for person in people:
        person.leave()


def take_place(person: Person, contact: str) -> str:
    """Fills in the form. Returns the ticket."""
    person.open("/antre/casn?baru")
    person.page.locator("#kontak").fill(contact)
    person.press("Ambil tempat" if person.language == "id" else "Take a place")
    person.page.wait_for_url("**/t/*")
    return person.page.url.rpartition("/")[2]


def take_drawn_place(line: LineWithGate, person: Person, contact: str) -> str:
    """Does the same, and waits for the end of the window: the person has a number."""
    ticket = take_place(person, contact)
    line.draw(ticket)
    return ticket


EVERYBODY = [(360, "id"), (1_280, "en")]
"""The visits that look for barriers: each width and each language once."""


def up_to(people: int, **facts: object) -> dict[str, object]:
    """The frontier after this number of people in the first window."""
    return {"called": people, "frontiers": [(1, people * 2**64 // BEFORE_US), (0, 0)]} | facts


STATES: dict[str, tuple[dict[str, object], str, str]] = {
    "waiting": (up_to(20_000, note=NOTE), "Selesai paling lambat pukul", "Done by"),
    "come-back": ({}, "kembali pukul", "come back at"),
    "near": (up_to(BEFORE_US - 12), "Giliran Anda hampir tiba", "Your turn is near"),
    "not-tonight": ({"fan": SLOW_EVENING}, "Kemungkinan besar tidak sempat", "Most likely not in time"),
    "unsure": ({"fan": [(10_800, 30_000, 60_000)]}, "Mungkin sempat", "Probably in time"),
    "halted": ({"state": QueueState.HALTED}, "Antrean berhenti sebentar", "held for a moment"),
    "out-of-stock": ({"state": QueueState.OUT_OF_STOCK}, "Stok meterai sedang habis", "out of stock"),
    "stalled": (up_to(20_000, stalled=True), "kode sedang terganggu", "sending of codes, are disturbed"),
    "admitted": ({"frontiers": [(10_000, 0), (0, 0)]}, "Masuk sekarang", "Enter now"),
    "closed": ({"state": QueueState.CLOSED}, "Ambil bukti antre", "Take the certificate"),
}


@pytest.mark.long
def test_every_state_looks_right_on_a_phone_and_on_a_desk(line: LineWithGate, arrive: Arrive) -> None:
    people = [arrive(width, language) for width, language in EVERYBODY]
    for person in people:
        person.open("/antre/casn")
        person.approve("queue-joining")
    ticket = take_place(people[0], "ani@contoh.id")
    for person in people:
        person.open(f"/antre/casn/t/{ticket}")
        person.approve("queue-undrawn")
    line.draw(ticket)
    for name, (facts, indonesian, english) in STATES.items():
        for person in people:
            person.look_away()  # else the page comes again by itself when the state changes
        line.tell(**facts)  # type: ignore[arg-type]
        for person in people:
            answer = person.open(f"/antre/casn/t/{ticket}")
            person.sees(indonesian if person.language == "id" else english)
            person.approve(f"queue-{name}")
            assert len(answer.body()) <= PAGE_BYTES_MAX, (name, len(answer.body()))
            assert person.page.locator("form").first.get_attribute("action") == line.leads(
                name, person.language
            )
    line.tell()


@pytest.mark.long
def test_the_lottery_and_the_end_look_right_too(tmp_path: Path, arrive: Arrive) -> None:
    now = time.time()
    people = [arrive(width, language) for width, language in EVERYBODY]
    for name, schedule in (
        ("lottery", schedule_from(now, lottery_s=3_600)),
        ("lottery-of-the-unknown", schedule_from(now, lottery_s=3_600)),
        ("over", schedule_from(now - 7_200, open_s=3_600)),
        ("direct", schedule_from(now)),
    ):
        queue = Queue(tmp_path / name, schedule)
        state = QueueState.DIRECT if name == "direct" else QueueState.LOTTERY
        queue.status(
            state=state, waiting=210_000, **({"fan": []} if name == "lottery-of-the-unknown" else {})
        )
        with GateProcess(tmp_path / name) as gate:
            for person in people:
                language = person.language
                person.site = Site(gate.url, "http://127.0.0.1:9", "http://127.0.0.1:9", SCREENSHOTS)
                person.open("/antre/casn")
                person.approve(f"queue-{name}")
                if name.startswith("lottery"):
                    take_place(person, f"{language}{person.width}@contoh.id")
                    person.sees("Anda ikut undian" if language == "id" else "You are in the draw")
                    unknown = "can't be estimated" if language == "en" else "belum dapat diperkirakan"
                    person.sees("%" if name == "lottery" else unknown)
                    person.approve(f"queue-{name}-ticket")
                person.forget()


def test_the_page_is_one_answer_and_its_script_is_small(line: LineWithGate, arrive: Arrive) -> None:
    person = arrive()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    ticket = take_place(person, "satu@contoh.id")
    asked.clear()
    answer = person.open(f"/antre/casn/t/{ticket}")
    page = answer.text()
    assert len(answer.body()) <= PAGE_BYTES_MAX
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    sizes = sorted(len(script.encode()) for script in scripts)
    assert len(sizes) == 2, "the wait page's own, and what every form needs"
    assert sizes[0] <= FORM_SCRIPT_BYTES_MAX
    assert sizes[1] <= SCRIPT_BYTES_MAX
    assert page.count("src=") == page.count('src="data:image/png;base64,') == 1, "nothing more is fetched"
    person.page.wait_for_timeout(500)
    others = [url for url in asked if not url.endswith((ticket, "status.json", ".svg"))]
    assert others == []


@pytest.mark.long
def test_a_look_that_is_never_answered_is_not_waited_for(line: LineWithGate, arrive: Arrive) -> None:
    """A phone's connection may break silently: nothing ends the request for minutes."""
    person = arrive()
    ticket = take_drawn_place(line, person, "hilang@contoh.id")
    asked: list[str] = []

    def stay_silent(route: Route) -> None:
        asked.append(route.request.url)

    person.page.route("**/status.json", stay_silent)
    person.page.clock.install()
    person.open(f"/antre/casn/t/{ticket}")
    for _ in range(8):
        person.page.clock.run_for(15_000)
    assert len(asked) >= 3


def test_an_announcement_appears_within_one_poll(line: LineWithGate, arrive: Arrive) -> None:
    person = arrive()
    ticket = take_drawn_place(line, person, "kabar@contoh.id")
    person.open(f"/antre/casn/t/{ticket}")
    person.page.evaluate("window.same = true")
    line.tell(**up_to(2_000, note=NOTE, log=(4_711, "ab" * 16)))
    expect(person.page.locator("#note")).to_have_text(NOTE.id, timeout=6_000)
    expect(person.page.locator("#head")).to_have_text(f"4711:{'ab' * 16}")
    expect(person.page.locator("#ahead")).to_have_text(re.compile(r"46\.2\d\d"))
    assert person.page.evaluate("window.same"), "it was not loaded again"
    line.tell()
    expect(person.page.locator("#note")).to_be_hidden(timeout=6_000)


def test_the_head_of_the_log_can_be_kept_without_a_script_too(line: LineWithGate, arrive: Arrive) -> None:
    people = [arrive(360, "id", scripts=False), arrive(1_280, "en")]
    ticket = take_place(people[1], "sidik@contoh.id")
    line.draw(ticket)
    line.tell(log=(1_048_576, "0123456789abcdef" * 2))
    for person in people:
        person.open(f"/antre/casn/t/{ticket}")
        person.page.locator("summary").click()
        expect(person.page.locator("#head")).to_have_text(f"1048576:{'0123456789abcdef' * 2}")
        expect(person.page.locator("#head")).to_be_visible()
        person.approve("queue-head")
    line.tell()


def test_the_script_tells_the_turn_in_the_event_s_zone_and_ignores_an_older_status(
    line: LineWithGate, arrive: Arrive
) -> None:
    person = arrive()
    ticket = take_drawn_place(line, person, "zona@contoh.id")
    line.tell(**up_to(1_000, fan=STEADY))
    older = line.seen()
    line.tell(**up_to(2_000, fan=STEADY))
    person.open(f"/antre/casn/t/{ticket}")
    person.page.evaluate("window.same = true")
    line.tell(**up_to(12_000, fan=STEADY))
    ahead, wanted = person.page.locator("#ahead"), re.compile(r"36\.2\d\d")
    expect(ahead).to_have_text(wanted, timeout=6_000)
    told_at = published_documents.decode(line.seen(), Status).at
    people = int(ahead.inner_text().replace(".", "")) + 1
    turn = datetime.fromtimestamp(told_at + 3_600 * people / 100_000, ZoneInfo("Asia/Jakarta"))
    expect(person.page.locator("#turn")).to_have_text(f"{turn:%H.%M} WIB")
    told = datetime.fromtimestamp(told_at, ZoneInfo("Asia/Jakarta"))
    expect(person.page.locator("#updated")).to_have_text(f"{told:%H.%M.%S} WIB")
    looks: list[str] = []

    def answer(route: Route) -> None:
        looks.append(route.request.url)
        route.fulfill(body=older)

    person.page.route("**/status.json", answer)
    while len(looks) < 2:
        person.page.wait_for_timeout(100)
    expect(ahead).to_have_text(wanted)
    assert person.page.evaluate("window.same")
    person.page.unroute("**/status.json")
    line.tell()


def test_who_is_called_finds_the_button_without_doing_anything(line: LineWithGate, arrive: Arrive) -> None:
    person = arrive(language="en")
    ticket = take_drawn_place(line, person, "dipanggil@contoh.id")
    person.open(f"/antre/casn/t/{ticket}")
    line.tell(frontiers=[(10_000, 0), (0, 0)])
    button = person.page.get_by_role("button", name="Enter now")
    expect(button).to_be_visible(timeout=8_000)
    assert person.page.title().startswith("● It is your turn")
    form = person.page.locator("form").first
    assert form.get_attribute("action") == "http://127.0.0.1:9/en/casn/masuk"
    assert form.locator("input[name=tiket]").input_value() == ticket
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 800, "seen without scrolling"
    person.sees(re.compile(r"Enter within (9|10) minutes, before \d\d:\d\d WIB"))
    left = person.page.locator("#left")
    first = left.inner_text()
    assert re.fullmatch(r"9:\d\d|10:00", first)
    expect(left).not_to_have_text(first, timeout=3_000)
    person.approve("queue-counting")
    plain = arrive(scripts=False)
    plain.open(f"/antre/casn/t/{ticket}")
    plain.sees(re.compile(r"Masuklah dalam (9|10) menit, sebelum pukul \d\d\.\d\d WIB"))
    expect(plain.page.locator("#left")).to_be_hidden()
    entered = {"name": "sudah_casn", "url": line.gate.url}
    for id, there, not_there in (
        ("00" * 12, "Enter now", "Go on with the order"),
        (decode_ticket(ticket).id.hex(), "Go on with the order", "Enter now"),
    ):
        person.look_away()
        line.tell(frontiers=[(10_000, 0), (0, 0)])
        person.context.add_cookies([{**entered, "value": id}])  # type: ignore[list-item]
        person.open(f"/antre/casn/t/{ticket}")
        expect(person.page.get_by_role("button", name=there)).to_be_visible()
        assert not_there not in person.page.content()
    person.sees("You have entered")
    person.approve("queue-entered")
    line.tell()


def test_the_ticket_is_shared_and_copied_with_one_press(line: LineWithGate, arrive: Arrive) -> None:
    person, plain = arrive(), arrive(scripts=False)
    person.page.add_init_script("navigator.share = async facts => { window.shared = facts.url }")
    ticket = take_place(person, "bagi@contoh.id")
    address = f"{line.gate.url}/antre/casn/t/{ticket}"
    for button, there in (("Bagikan", True), ("Salin", True)):
        expect(person.page.get_by_role("button", name=button)).to_be_visible(visible=there)
    person.press("Bagikan")
    assert person.page.evaluate("window.shared") == address
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.press("Salin")
    expect(person.page.locator("#salin")).to_have_text("Tersalin")
    assert person.page.evaluate("navigator.clipboard.readText()") == address
    person.page.add_init_script("navigator.share = undefined")
    person.look_again()
    expect(person.page.locator("#bagi")).to_be_hidden()
    plain.open(f"/antre/casn/t/{ticket}")
    expect(plain.page.locator("#salin")).to_be_hidden()
    expect(plain.page.locator("#teks")).to_have_value(address)


def test_a_tab_that_comes_to_the_front_looks_at_once(line: LineWithGate, arrive: Arrive) -> None:
    person = arrive()
    ticket = take_drawn_place(line, person, "balik@contoh.id")
    line.tell(poll=(60, 60))
    person.open(f"/antre/casn/t/{ticket}")
    person.page.wait_for_timeout(500)  # it would look after a minute
    with person.page.expect_request("**/status.json", timeout=5_000):
        person.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    line.tell()


@pytest.mark.long
def test_who_is_next_looks_often_whatever_the_guess_of_the_evening_is(
    line: LineWithGate, arrive: Arrive
) -> None:
    """A long outage is feared. When it ends after seconds, the next people must not be away."""
    person = arrive()
    ticket = take_drawn_place(line, person, "berikut@contoh.id")
    person.open(f"/antre/casn/t/{ticket}")
    line.tell(**up_to(BEFORE_US - 10, fan=[(3_000, 0, 5), (9_000, 5, 20_000)], poll=(1, 60), rate=600))
    looks: list[str] = []
    person.page.on("request", lambda request: looks.append(request.url))
    person.page.wait_for_timeout(8_000)
    assert len([url for url in looks if url.endswith("status.json")]) >= 3
    line.tell()


def test_a_page_that_its_gate_tells_otherwise_is_not_fetched_at_every_look(
    line: LineWithGate, arrive: Arrive
) -> None:
    """The status says that the turn is near, its gate does not: thousands would fetch pages every second."""
    person = arrive()
    ticket = take_drawn_place(line, person, "lain@contoh.id")
    line.tell(called=BEFORE_US - 10)  # the frontier, from which the gate counts, is at the beginning
    person.open(f"/antre/casn/t/{ticket}")
    person.page.evaluate("window.same = true")
    line.tell(called=BEFORE_US - 8)
    expect(person.page.locator("#ahead")).to_have_text(re.compile(r"^\d\d?$"), timeout=6_000)
    assert person.page.evaluate("window.same"), "it was not loaded again"
    line.tell()


@pytest.mark.long
def test_a_page_whose_time_is_over_stays_while_nobody_answers(line: LineWithGate, arrive: Arrive) -> None:
    """An error page of the browser would replace the ticket."""
    person = arrive()
    ticket = take_place(person, "gangguan@contoh.id")
    person.open(f"/antre/casn/t/{ticket}")
    person.page.evaluate("window.same = true")
    reload_s = float(person.page.locator("#wait").get_attribute("data-reload") or 0)
    assert 2 <= reload_s <= 12, "its window is drawn soon"
    person.page.route("**/antre/**", lambda route: route.abort())
    person.page.wait_for_timeout(reload_s * 1_000 + 1_500)
    assert person.page.evaluate("window.same")
    expect(person.page.locator("#teks")).to_have_value(f"{line.gate.url}/antre/casn/t/{ticket}")
    person.page.unroute("**/antre/**")
    line.draw(ticket)
    person.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(person.page.locator("#turn")).to_be_visible(timeout=5_000)
    assert person.page.evaluate("window.same === undefined"), "it was fetched anew"
    person.errors.clear()


@pytest.mark.long
def test_whose_status_is_refused_for_long_reads_so_and_gets_the_page_anew_once_that_is_answered(
    line: LineWithGate, arrive: Arrive
) -> None:
    person = arrive()
    ticket = take_drawn_place(line, person, "ditolak@contoh.id")
    person.page.clock.install()
    person.open(f"/antre/casn/t/{ticket}")
    person.page.evaluate("window.same = true")
    reload_s = float(person.page.locator("#wait").get_attribute("data-reload") or 0)
    person.page.route("**/antre/**", lambda route: route.fulfill(status=503, body=""))

    def is_same_after(seconds: float) -> bool:
        person.page.clock.fast_forward(int(seconds * 1_000))
        person.page.wait_for_timeout(150)
        return bool(person.page.evaluate("window.same"))

    lost = person.page.locator("#lost")
    assert all(is_same_after(20) for _ in range(3))
    expect(lost).to_be_hidden()
    assert is_same_after(20)
    expect(lost).to_contain_text("Tempat Anda tidak hilang")
    assert is_same_after(reload_s), "nobody answers at all"
    person.page.route(f"**/t/{ticket}", lambda route: route.continue_())
    with person.page.expect_navigation():
        person.page.clock.fast_forward(40_000)  # until the next look
    expect(lost).to_be_hidden()
    person.errors.clear()


@pytest.mark.long
def test_a_page_loads_itself_once_when_the_status_stands_still(line: LineWithGate, arrive: Arrive) -> None:
    """Its promises may be over, and a server that has nothing newer promises nothing."""
    person = arrive()
    ticket = take_drawn_place(line, person, "janji@contoh.id")
    line.tell(poll=(60, 60))
    person.page.clock.install()
    person.open(f"/antre/casn/t/{ticket}")
    reload_s = float(person.page.locator("#wait").get_attribute("data-reload") or 0)
    loads: list[str] = []
    person.page.on("request", lambda request: loads.append(request.url))

    def loads_after(seconds: int) -> int:
        for _ in range(seconds // 15):
            person.page.clock.run_for(15_000)
            person.page.wait_for_timeout(60)
        return sum(url.endswith(ticket) for url in loads)

    assert reload_s > 600
    assert loads_after(210) == 1
    assert loads_after(300) == 1, "once for a status"
    line.tell()


def test_a_lost_connection_costs_nothing(line: LineWithGate, arrive: Arrive) -> None:
    person = arrive()
    ticket = take_drawn_place(line, person, "sinyal@contoh.id")

    def broken(route: Route) -> None:
        route.fulfill(status=502, body="")

    person.page.route("**/status.json", broken)
    person.open(f"/antre/casn/t/{ticket}")
    person.page.wait_for_timeout(3_500)
    person.page.unroute("**/status.json")
    line.tell(note=NOTE)
    expect(person.page.locator("#note")).to_have_text(NOTE.id, timeout=8_000)
    assert all("502" in error for error in person.errors)
    person.errors.clear()
    line.tell()


def test_the_code_on_the_screen_opens_the_place_on_another_phone(line: LineWithGate, arrive: Arrive) -> None:
    first, other = arrive(), arrive()
    ticket = take_place(first, "pindah@contoh.id")
    picture = Image.open(io.BytesIO(first.page.locator(".qr").screenshot(scale="css")))
    (code,) = zxingcpp.read_barcodes(
        picture.convert("L").resize((864, 864), Image.Resampling.NEAREST),
        formats=zxingcpp.BarcodeFormat.QRCode,  # among its dots other kinds may be seen by chance
    )
    assert code.text == f"{line.gate.url}/antre/casn/t/{ticket}"
    other.go(code.text)
    expect(other.page.locator("#teks")).to_have_value(f"{line.gate.url}/antre/casn/t/{ticket}")
    other.go(f"{line.gate.url}/antre/casn")
    assert other.page.url.endswith(ticket), "the other phone keeps it now"


def test_without_javascript_the_page_comes_again_by_itself_and_says_that_somebody_is_there(
    line: LineWithGate, arrive: Arrive
) -> None:
    person = arrive(scripts=False)
    ticket = take_drawn_place(line, person, "polos@contoh.id")
    line.tell(**up_to(BEFORE_US - 3))
    page = person.open(f"/antre/casn/t/{ticket}").text()
    assert re.search(r'<noscript><meta http-equiv="refresh" content="([2-9]|10)">', page)
    person.sees("Giliran Anda hampir tiba")
    window = decode_ticket(ticket).window
    path = line.queue.folder.gate(1) / f"w{window}.ready"
    deadline = time.monotonic() + 5
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert decode_ticket(ticket).id in path.read_bytes()
    line.tell()
