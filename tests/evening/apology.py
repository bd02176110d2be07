"""The apology after the incident: one officer asks for it, a second one releases it."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from tests.evening.console import Desk
from tests.evening.place import Place
from tests.evening.readers import Reader, measure

CHANGES: Final = {
    "id": "Kami menambah penyedia pembayaran kedua, dan berlatih pindah kepadanya setiap bulan.",
    "en": "We add a second payment provider, and practise the change to it each month.",
}
_WAITS_FOR_ANOTHER: Final = 4


def publish_apology(place: Place, desk: Desk, *, picture: str) -> None:
    """Looks at the draft at Ani's desk, then lets her ask for it and Budi release it.

    Raises: AssertionError when it is out before both have signed, or not out afterwards.
    """
    desk.sign_in("ani")
    desk.draft_apology(1, CHANGES, picture=picture)
    changes = place.folder / "changes.txt"
    changes.write_text(f"{CHANGES['id']}\n---\n{CHANGES['en']}\n")
    asked = ("incident", "apology", "1", "--changes", str(changes), "--sign-with", place.key_of("ani"))
    place.meterai(*asked, ends=_WAITS_FOR_ANOTHER)
    page = Reader(f"{place.service.addresses.site}/en/kabar/1")
    assert not page.reads(), "one officer has published it alone"
    [request] = msgspec.json.decode(place.meterai("release", "list", "--json"))
    since = time.monotonic()
    place.meterai("release", "sign", str(request["number"]), "--sign-with", place.key_of("budi"))
    text = page.reads()
    assert CHANGES["en"] in text, "it is not out"
    site = place.service.addresses.site
    links = {"home": Reader(f"{site}/en"), "API": Reader(f"{site}/api/v1/announcements")}
    measure(links, "/kabar/1", since=since)
