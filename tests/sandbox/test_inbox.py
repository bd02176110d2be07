"""The inbox twin: what was sent can be read, by machines and by people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from tests.sandbox.twins import Inbox, running_inbox

from sandbox.inbox.messages import Messages


@pytest_asyncio.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    async with running_inbox(tmp_path, whatsapp_token="secret") as running:
        yield running


async def send(inbox: Inbox, to: str, text: str, token: str = "secret") -> int:
    body: dict[str, Any] = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}}
    headers = {"Authorization": f"Bearer {token}"}
    async with inbox.session.post(f"{inbox.url}/whatsapp/messages", json=body, headers=headers) as answer:
        return answer.status


async def test_messages_are_listed_newest_first_per_person_and_after_a_number(inbox: Inbox) -> None:
    for text in ("one", "two"):
        assert await send(inbox, "6281234567890", text) == 200
    await send(inbox, "6289876543210", "to somebody else")
    found = await inbox.messages(to="+62 812-3456-7890")
    assert [m["text"] for m in found] == ["two", "one"]
    assert [m["text"] for m in await inbox.messages(to="6281234567890", after=found[1]["number"])] == ["two"]


async def test_a_wrong_token_and_a_wrong_number_are_refused(inbox: Inbox) -> None:
    assert await send(inbox, "6281234567890", "x", token="wrong") == 401
    assert await send(inbox, "nobody", "x") == 400
    assert await inbox.messages() == []


async def test_the_page_shows_the_code_large_links_as_links_and_no_foreign_markup(inbox: Inbox) -> None:
    await send(inbox, "6281234567890", "Kode Anda: 123456. <script>x</script> http://localhost/o?a=1&b=2")
    async with inbox.session.get(inbox.url) as answer:
        page = await answer.text()
    assert '<p class="code large">123 456</p>' in page
    assert '<a href="http://localhost/o?a=1&amp;b=2" rel="noreferrer">' in page
    assert "<script>" not in page
    assert "not real money" in page


def test_a_restart_loses_nothing_and_nothing_grows_without_bound(tmp_path: Path) -> None:
    def fill(messages: Messages, count: int) -> None:
        for number in range(count):
            messages.add(
                kind="email", to="a@example.id", sender="", subject="", text=str(number), received_at=0
            )

    first = Messages(tmp_path, kept=150)
    fill(first, 400)
    first.close()
    again = Messages(tmp_path, kept=150)
    found = again.newest_first(limit=1000)
    assert (len(found), found[0].number, found[-1].number) == (150, 400, 251)
    fill(again, 1)
    assert again.newest_first(limit=1)[0].number == 401
    again.close()
