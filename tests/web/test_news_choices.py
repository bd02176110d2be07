"""People choose their messages: signed in, by the link in a message, and with their mail program's button."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from meterai.customers.choices import ChoiceLink, NewsKind, make_choice_token
from meterai.customers.contacts import Contact
from meterai.customers.use_cases.choose_news import turn_on
from tests.web.running_site import RunningSite, Visitor
from tests.web.test_contacts_page import add, signed_in

MAIL, PHONE = Contact(kind="email", value="sri@contoh.id"), Contact(kind="phone", value="+6281234567890")


async def takes(running: RunningSite) -> dict[str, set[str]]:
    """What each contact takes, as senders read it."""
    rows = await running.line.database.owner.fetch(
        """SELECT value, k FROM customers.contact c, unnest($1::text[]) k
           WHERE customers.takes_news(c.id, k)""",
        list(NewsKind),
    )
    found: dict[str, set[str]] = {MAIL.value: set(), PHONE.value: set()}
    for row in rows:
        found[row["value"]].add(row["k"])
    return found


def boxes(visitor: Visitor) -> dict[str, str]:
    """The names of the form's boxes that are ticked, and its hidden fields."""
    ticked = re.findall(r'<input type="checkbox" name="([^"]+)" value="1"[^>]* checked', visitor.text)
    return dict.fromkeys((*ticked, *re.findall(r'name="(kontak_[^"]+)"', visitor.text)), "1")


async def one_click(running: RunningSite, address: str) -> Visitor:
    """A mail program's POST (RFC 8058): no cookie, no page before it, from another origin."""
    program = running.visitor()
    program.sent_from, program.origin = "cross-site", "https://mail.contoh"
    body = urlencode({"List-Unsubscribe": "One-Click"}).encode()
    await program._ask("POST", address, body, "application/x-www-form-urlencoded")
    return program


async def test_choices_are_kept_and_one_contact_goes_on_hearing_of_orders(running: RunningSite) -> None:
    visitor = await signed_in(running, PHONE.value)
    await add(running, visitor, MAIL.value)
    everything = {"order", "reminder", "incident"}
    assert await takes(running) == {MAIL.value: everything, PHONE.value: everything}

    await visitor.get("/saya/pesan")
    chosen = boxes(visitor)
    ids = dict(await running.line.database.owner.fetch("SELECT value, id FROM customers.contact"))
    mail, phone = ids[MAIL.value], ids[PHONE.value]
    for off in (f"order_{phone}", f"incident_{phone}"):
        del chosen[off]
    chosen[f"announcement_{mail}"] = "1"
    await visitor.post("/saya/pesan", **chosen)
    assert "Tersimpan." in visitor.text
    wanted = {MAIL.value: everything | {"announcement"}, PHONE.value: {"reminder"}}
    assert await takes(running) == wanted

    chosen = boxes(visitor)
    del chosen[f"order_{mail}"]
    await visitor.post("/saya/pesan", **chosen)
    assert (visitor.status, "sedikitnya satu kontak" in visitor.text) == (422, True)
    assert await takes(running) == wanted

    secret = b"s" * 32
    of_mail = make_choice_token(secret, ChoiceLink(contact_id=mail, kind=NewsKind.INCIDENT))
    reader = running.visitor()
    await reader.get(f"/en/pesan/{of_mail}")
    assert "Stop: Incidents that concern you" in reader.text
    assert PHONE.masked not in reader.text, "the link is of one contact"
    assert await takes(running) == wanted, "a link that is opened changes nothing"
    assert (await one_click(running, f"/pesan/{of_mail}")).status == 200
    wanted[MAIL.value] -= {"incident"}
    assert await takes(running) == wanted

    last = make_choice_token(secret, ChoiceLink(contact_id=mail, kind=NewsKind.ORDER))
    assert (await one_click(running, f"/pesan/{last}")).status == 422
    assert await takes(running) == wanted
    await reader.get(f"/pesan/{last}")
    assert "Berhenti: " not in reader.text
    ticked = {name: "1" for name in boxes(reader) if not name.startswith("announcement")}
    await reader.post(f"/pesan/{last}", **ticked)
    wanted[MAIL.value] -= {"announcement"}
    assert await takes(running) == wanted

    await turn_on(running.line.database.site, PHONE, NewsKind.INCIDENT, now=running.line.now)
    assert (await takes(running))[PHONE.value] == {"reminder", "incident"}
    for wrong in (of_mail[:-4] + "AAAA", "x"):
        await reader.get(f"/pesan/{wrong}")
        assert reader.status == 404
    await running.line.database.owner.execute("DELETE FROM customers.contact WHERE id = $1", mail)
    await reader.get(f"/pesan/{of_mail}")
    assert (reader.status, "tidak terdaftar" in reader.text) == (404, True)
