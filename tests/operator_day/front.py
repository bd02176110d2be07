"""docs/first-start.md, 5: nginx with TLS, the first deposit, Prometheus, and a stamp bought from outside."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from pathlib import Path
from typing import Final

from tests.operator_day.day import Day
from tests.operator_day.pages import DOCS
from tests.operator_day.world import SITE

LETTER: Final = Path(__file__).parents[1] / "corpus" / "files" / "matplotlib" / "type42.pdf"
_DEPLOY: Final = DOCS.parent / "deploy"


def open_front(day: Day) -> None:
    """nginx with the certificate of the public name; the site behind it answers."""
    for path, file in (
        ("/etc/ssl/meterai.example.pem", "site.pem"),
        ("/etc/ssl/private/meterai.example.key", "site.key.pem"),
    ):
        day.machine.write(path, (day.world.pki / file).read_text())
    day.root.run(day.page("first-start.md").block("deploy/nginx.conf").filled())
    day.root.run(f"curl --silent --show-error --fail {SITE}/status > /dev/null")
    headers = day.root.run("curl --silent --show-error --head http://meterai.example/").lower()
    assert f"location: {SITE}/" in headers, headers


def book_deposit(day: Day) -> None:
    """The first deposit: seen before with --dry-run, then signed by two officers."""
    command = "meterai issue-quota 500 --deposit 0123456789ABCDEF"
    told = day.officer.run(f"{command} --dry-run")
    assert "Nothing is booked" in told, told
    asked = day.officer.run(f"{command} --sign-with ani", ends={4})
    number = asked.partition("meterai release sign ")[2].split()[0]
    told = day.officer.run(f"meterai release sign {number} --sign-with budi")
    assert "Issued 500 stamps" in told, told


def watch(day: Day) -> None:
    """Debian's Prometheus reads the figures over TLS and knows every alarm."""
    day.fetching.run("apt-get install prometheus")
    block = (
        day.page("metrics.md").block("promtool check config").filled({"alertmanager.example": "localhost"})
    )
    day.root.run(block)
    deadline = time.monotonic() + 120
    while (found := _targets(day)) != {"meterai": {"up"}, "meterai-roles": {"up"}}:
        assert time.monotonic() < deadline, found
        time.sleep(2)
    rules = _asked(day, "rules")["groups"]
    names = [rule["name"] for group in rules for rule in group["rules"]]
    assert len(names) == (_DEPLOY / "alarms.yml").read_text().count("- alert:"), names
    assert all(rule["health"] in ("ok", "unknown") for group in rules for rule in group["rules"]), rules


def _targets(day: Day) -> dict[str, set[str]]:
    """How the targets of each job are."""
    found: dict[str, set[str]] = {}
    for one in _asked(day, "targets").get("activeTargets", []):
        found.setdefault(one["labels"]["job"], set()).add(one["health"])
    return found


def _asked(day: Day, what: str) -> dict[str, list[dict]]:  # type: ignore[type-arg]
    told = day.machine.run(f"curl --silent http://127.0.0.1:9090/api/v1/{what} || true")
    return json.loads(told)["data"] if told else {}


def _alarms_that_ring(day: Day) -> set[str]:
    """The alarms that ring now, by Prometheus."""
    return {one["labels"]["alertname"] for one in _asked(day, "alerts")["alerts"] if one["state"] == "firing"}


def buy(day: Day, name: str = "first") -> str:
    """Somebody outside buys a stamp: ASLI for the site and for `meterai verify`. Returns its serial."""
    out = day.folder / f"{name}.pdf"
    told = json.loads(day.world.run("tests.operator_day.people", LETTER, out))
    assert (told["verdict"], told["register"]) == ("ASLI", "confirmed"), told
    assert verdict(day, out) == "ASLI"
    return str(told["serials"][0])


def buy_first(day: Day) -> None:
    """Somebody outside buys a stamp over HTTPS; the site and `meterai verify` call the file ASLI."""
    buy(day)


def site_says(day: Day, file: Path) -> str:
    """What the site's own verification says of a file, as JSON."""
    place = _put(day, file)
    asked = f"curl --silent --show-error --data-binary @{place} -H 'Content-Type: application/pdf'"
    return day.machine.run(f"{asked} {SITE}/api/v1/verifications")


def verdict(day: Day, file: Path) -> str:
    """What `meterai verify` on the machine says of a file (docs/first-start.md, 5)."""
    place = _put(day, file)
    said = day.officer.run(f'meterai verify {place} --json --trust-root "$METERAI_DATA/pki/trust/root.pem"')
    return str(json.loads(said.splitlines()[0])["verdict"])


def _put(day: Day, file: Path) -> str:
    """Puts a file on the machine, for everybody to read. Returns its path there."""
    place = f"/srv/{file.name}"
    day.machine.run(f"base64 -d > {place}", typed=b64encode(file.read_bytes()).decode())
    return place


def end_day(day: Day) -> None:
    """`meterai check --all` and the audit trail hold, no unit has failed, and no alarm rings."""
    check_everything(day)
    day.officer.run("meterai history --verify")
    deadline = time.monotonic() + 180
    while ringing := _alarms_that_ring(day):
        assert time.monotonic() < deadline, ringing
        time.sleep(5)


def check_everything(day: Day) -> None:
    """`meterai check --all` holds, and no unit has failed."""
    told = day.officer.run("meterai check --all")
    assert "I9" in told, told
    failed = day.root.run("systemctl --failed --no-legend --plain")
    assert "meterai" not in failed, failed
