"""The inbox twin: what was sent can be read, by machines and by people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.inbox.messages import Messages
from tests.sandbox.twins import Inbox, running_inbox


@pytest_asyncio.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    async with running_inbox(tmp_path, whatsapp_token="secret") as running:
        yield running


async def send(inbox: Inbox, to: str, text: str, token: str = "secret") -> int:
    return (await post(inbox, to, {"type": "template", "template": template(text)}, token))[0]


def template(*texts: str, name: str = "meterai_news", language: str = "id") -> dict[str, Any]:
    parts = [{"type": "body"}, {"type": "button", "sub_type": "url", "index": "0"}]
    filled = [
        part | {"parameters": [{"type": "text", "text": text}]}
        for part, text in zip(parts, texts, strict=False)
    ]
    return {"name": name, "language": {"code": language}, "components": filled}


async def post(inbox: Inbox, to: str, content: dict[str, Any], token: str = "secret") -> tuple[int, int]:
    """HTTP status and error code."""
    body = {"messaging_product": "whatsapp", "to": to, **content}
    headers = {"Authorization": f"Bearer {token}"}
    async with inbox.session.post(f"{inbox.url}/whatsapp/messages", json=body, headers=headers) as answer:
        return answer.status, (await answer.json()).get("error", {}).get("code", 0)


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ({"type": "text", "text": {"body": "Kode Anda: 123456"}}, (400, 131047)),
        ({"type": "template", "template": template("x", name="unknown")}, (404, 132001)),
        ({"type": "template", "template": template("x", language="de")}, (404, 132001)),
        ({"type": "template", "template": template("123456", name="meterai_code")}, (400, 132000)),
        ({"type": "template", "template": template("x", "y")}, (400, 132000)),
        ({"type": "template", "template": template("123456", "654321", name="meterai_code")}, (400, 132018)),
        ({"type": "template", "template": template("two\nlines")}, (400, 132018)),
    ],
)
async def test_what_follows_no_approved_template_is_refused(
    inbox: Inbox, content: dict[str, Any], answer: tuple[int, int]
) -> None:
    assert await post(inbox, "6281234567890", content) == answer
    assert await inbox.messages() == []


async def test_messages_are_listed_newest_first_per_person_and_after_a_number(inbox: Inbox) -> None:
    for text in ("one", "two"):
        assert await send(inbox, "6281234567890", text) == 200
    await send(inbox, "6289876543210", "to somebody else")
    found = await inbox.messages(to="+62 812-3456-7890")
    assert ["two" in m["text"] for m in found] == [True, False]
    (later,) = await inbox.messages(to="6281234567890", after=found[1]["number"])
    assert later == found[0]


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


async def test_a_code_of_ten_digits_is_shown_large_too(inbox: Inbox) -> None:
    """The length of codes after many were guessed or left (decision 0025)."""
    await send(inbox, "6281234567890", "Kode Anda: 1234567890.")
    async with inbox.session.get(inbox.url) as answer:
        assert '<p class="code large">123 4567890</p>' in await answer.text()


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
