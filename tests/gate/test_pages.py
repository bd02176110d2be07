"""Pages of the gate: their contents, their scripts, and the page for a failure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from meterai.gate.application import Gate
from meterai.gate.http.server import Request
from meterai.gate.open_event import GateSettings
from meterai.gate.pages import Pages
from meterai.gate.verdict_words import VerdictText
from meterai.waiting_room.rules.model import LOOKS_AFTER

FACTS: dict[str, Any] = {
    "name": "CASN", "slug": "casn", "zone": "Asia/Jakarta", "zone_name": "WIB", "documents": ("Surat",),
    "headline": "Anda di dalam antrean", "note": "", "state": "open", "heard_state": "open",
    "is_called": False, "is_exact": True, "window": 1, "place": 2, "number": 3, "number_shown": "3",
    "ahead": 2, "ahead_shown": "2", "left_s": 4, "is_near": False, "turn": "21.40 WIB", "epoch": 1,
    "sequence": 1, "updated": "21.39.00 WIB", "refresh_s": 5, "poll_s": 5, "reload_s": 120, "code": "",
    "said": VerdictText("good", "Selesai", ("Tunggu",)), "ticket": "T", "address": "", "ticket_link": "https://gate/T",
    "contact": "", "has_entered": False, "call_left_s": None,
    "head": "12:00ff",
}  # fmt: skip


def page(pages: Pages, *, language: str = "id", **facts: Any) -> str:
    return pages.render("wait.html", language, path="/antre/casn/t/T", **(FACTS | facts)).decode()


def test_the_script_looks_again_after_the_same_part_of_the_time_as_the_page_says() -> None:
    assert f"min(left,soon)/{1 / LOOKS_AFTER:g})" in Pages("http://localhost:8000").script


def test_each_has_what_is_his_own_in_a_page() -> None:
    pages = Pages("http://localhost:8000")
    mine = page(pages)
    his = page(
        pages,
        ticket="U",
        ticket_link="https://gate/U",
        number_shown="4.711",
        said=VerdictText("good", "Selesai", ("Tunggu <b>&</b>",)),
    )
    assert his == mine.replace('value="T"', 'value="U"').replace("gate/T<", "gate/U<").replace(
        "<dd>3</dd>", "<dd>4.711</dd>"
    ).replace("Tunggu", "Tunggu &lt;b&gt;&amp;&lt;/b&gt;")
    assert "Bank lambat" in page(pages, note="Bank lambat")
    assert 'lang="en"' in page(pages, language="en")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_foot_of_a_wait_page_names_the_operator_and_leads_to_its_page(language: str) -> None:
    pages = Pages("https://m.example", operator="PT Nyata & Co", contact="bantuan@m.example")
    foot = page(pages, language=language).partition("<footer>")[2].partition("</footer>")[0]
    prefix = "/en" if language == "en" else ""
    assert f'<a href="https://m.example{prefix}/tentang">PT Nyata &amp; Co</a>' in foot
    assert f'<a href="https://m.example{prefix}/privasi">' in foot
    assert foot.count("<a ") == 2


@pytest.mark.parametrize("contact", ["bantuan@m.example", ""])
def test_a_fault_names_the_contact_that_there_is(contact: str, tmp_path: Path) -> None:
    settings = GateSettings(
        1, tmp_path, "http://g", "https://m.example", operator="PT Nyata", contact=contact
    )
    notice = Gate(settings, {}).answers.notice("fault", "id", "/antre/casn", 500, help_code="ABC").decode()
    assert ("mailto:bantuan@m.example" in notice) == bool(contact)
    assert ('href="https://m.example/kontak"' in notice) == (not contact)


def gate_at(address: str, folder: Path, *, site: str = "http://-") -> Gate:
    return Gate(GateSettings(number=1, folder=folder, gate_url=address, site_url=site), {})


def asked(gate: Gate, target: str) -> str:
    request = Request(None, "")
    request.target = target.encode()
    return (gate.handle(request) or b"").decode()


def test_a_page_of_another_release_gets_its_script_as_it_is_now_and_keeps_it_under_no_wrong_name(
    tmp_path: Path,
) -> None:
    gate = gate_at("http://-", tmp_path)
    (address,) = (known for known in gate.pages.assets if "/work." in known)
    head, _, body = asked(gate, address).partition("\r\n\r\n")
    assert "immutable" in head
    older, _, same = asked(gate, "/antre/_/work.0123456789ab.js").partition("\r\n\r\n")
    assert older.startswith("HTTP/1.1 200 ")
    assert "cache-control: public, max-age=60\r\n" in older
    assert same == body
    for strange in ("work.js", "wait.0123456789ab.js", "../app.0123456789ab.py"):
        assert not asked(gate, f"/antre/_/{strange}").startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize(("gate", "site"), [("https://antre.contoh", "http://-"), ("http://-", "https://-")])
def test_a_gate_asks_for_https_when_people_reach_it_so(tmp_path: Path, gate: str, site: str) -> None:
    answer = asked(gate_at(gate, tmp_path, site=site), "/antre/casn")
    assert ("\r\nstrict-transport-security: max-age=31536000\r\n" in answer) == gate.startswith("https")


def test_hosts_below_a_gates_come_by_https_too_where_the_setting_says_so(tmp_path: Path) -> None:
    settings = GateSettings(1, tmp_path, "https://antre.contoh", "https://situs.contoh", hsts="subdomains")
    answer = asked(Gate(settings, {}), "/antre/casn")
    assert "\r\nstrict-transport-security: max-age=31536000; includeSubDomains\r\n" in answer


def test_a_gate_on_a_host_of_its_own_is_closed_to_robots(tmp_path: Path) -> None:
    answer = gate_at("http://-", tmp_path).ready[b"/robots.txt"]
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nUser-agent: *\nDisallow: /\n")


def test_a_fault_of_ours_is_told_in_words(tmp_path: Path) -> None:
    gate = gate_at("http://-", tmp_path)
    gate.open_events["casn"] = object()  # type: ignore[assignment] # whatever is asked of it fails
    request = Request(None, "")
    for target, said in [(b"/antre/casn", "Tempat Anda ada di tiket"), (b"/en/antre/casn", "in the ticket")]:
        request.target = target
        with structlog.testing.capture_logs() as lines:
            answer = (gate.handle(request) or b"").decode()
        assert answer.startswith("HTTP/1.1 500 ")
        assert said in answer
        (line,) = lines
        assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", line["help_code"])
        assert f"<b>{line['help_code']}</b>" in answer, "who reads it out is found in the log"
