"""The apology after the incident: one officer asks for it, a second one publishes it, both in the console."""

from __future__ import annotations

import time
from typing import Final

from tests.evening.console import Desk
from tests.evening.place import Place
from tests.evening.readers import Reader, measure

CHANGES: Final = {
    "id": "Kami menambah penyedia pembayaran kedua, dan berlatih pindah kepadanya setiap bulan.",
    "en": "We add a second payment provider, and practise the change to it each month.",
}


def publish_apology(place: Place, ani: Desk, budi: Desk, *, picture: str) -> None:
    """Lets Ani look at the draft and ask for its publication, and Budi read and approve it.

    Raises: AssertionError when it is out before both have approved it, or not out afterwards.
    """
    for desk in (ani, budi):
        desk.sign_in()
    ani.draft_apology(1, CHANGES)
    place.clock.pass_by(minutes=1)  # the code of the sign-in is used up
    ani.approve()
    ani.sees("Another officer")
    site = place.service.addresses.site
    page = Reader(f"{site}/en/kabar/1")
    assert not page.reads(), "one officer has published it alone"
    budi.read_apology(1, CHANGES, picture=picture)
    since = time.monotonic()
    budi.approve()
    assert CHANGES["en"] in page.reads(), "it is not out"
    links = {"home": Reader(f"{site}/en"), "API": Reader(f"{site}/api/v1/announcements")}
    measure(links, "/kabar/1", since=since)
