"""The inbox twin as mail servers meet it: RFC 5321 word for word, and mails of every make."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.inbox.mail import read_mail
from sandbox.inbox.smtp import SIZE_MAX
from tests.sandbox.twins import Inbox, running_inbox

ENVELOPE = "MAIL FROM:<a@example.id>\r\nRCPT TO:<b@example.id>\r\nDATA\r\n"


@pytest_asyncio.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    async with running_inbox(tmp_path) as running:
        yield running


async def talk(inbox: Inbox, *pieces: str | bytes, greet: bool = True) -> list[str]:
    """Sends the pieces one after the other, then QUIT; the replies' codes, without greeting and farewell."""
    reader, writer = await asyncio.open_connection("127.0.0.1", inbox.smtp_port)
    for piece in (*(["HELO me\r\n"] if greet else []), *pieces, "QUIT\r\n"):
        writer.write(piece.encode() if isinstance(piece, str) else piece)
        await asyncio.sleep(0.01)
    said = (await reader.read()).decode().splitlines()
    writer.close()
    codes = [line[:3] for line in said if line[3:4] != "-"]
    assert codes[0] == "220"
    return codes[1 + greet : -1] if codes[-1] == "221" else codes[1 + greet :]


async def test_a_mail_of_the_standard_library_arrives(inbox: Inbox) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.id", "b@example.id", "Kode Anda – ükuran"
    mail.set_content("Satu\n.titik di awal\n..dua\n\nselesai – ü\n")
    mail.add_alternative("<p>html</p>", subtype="html")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", inbox.smtp_port) as client:
            client.send_message(mail, to_addrs=["b@example.id", "c@example.id"])
            client.send_message(mail, to_addrs=["b@example.id"])

    await asyncio.to_thread(send)
    found = await inbox.messages()
    assert [m["to"] for m in found] == ["b@example.id", "c@example.id", "b@example.id"]
    assert found[0]["subject"] == "Kode Anda – ükuran"
    assert found[0]["text"] == "Satu\n.titik di awal\n..dua\n\nselesai – ü\n"
    assert found[0]["sender"] == "a@example.id"


async def test_commands_may_come_together_or_byte_by_byte(inbox: Inbox) -> None:
    mail = "Subject: x\r\n\r\ntext\r\n.\r\n"
    assert await talk(inbox, ENVELOPE + mail + ENVELOPE + mail) == ["250", "250", "354", "250"] * 2
    assert await talk(inbox, *(ENVELOPE + mail)) == ["250", "250", "354", "250"]
    assert [m["text"] for m in await inbox.messages()] == ["text\n"] * 3


async def test_a_mail_may_be_empty(inbox: Inbox) -> None:
    assert await talk(inbox, ENVELOPE, ".\r\n") == ["250", "250", "354", "250"]
    assert [m["text"] for m in await inbox.messages()] == [""]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("RCPT TO:<b@example.id>\r\n", ["503"]),
        ("DATA\r\n", ["503"]),
        ("MAIL FROM:<a@example.id>\r\nDATA\r\n", ["250", "503"]),
        ("MAIL FROM:<a@example.id>\r\nMAIL FROM:<a@example.id>\r\n", ["250", "503"]),
        ("MAIL FROM:<a@example.id>\r\nRSET\r\nRCPT TO:<b@example.id>\r\n", ["250", "250", "503"]),
        ("MAIL TO:<a@example.id>\r\n", ["501"]),
        ("MAIL FROM:<>\r\nRCPT TO:<>\r\n", ["250", "501"]),
        (f"MAIL FROM:<a@example.id> SIZE={SIZE_MAX + 1}\r\n", ["552"]),
        ("mail from: <a@example.id> BODY=8BITMIME SIZE=9\r\nrcpt to: <b@example.id>\r\n", ["250", "250"]),
        ("MAIL FROM:<a@example.id>\r\nRCPT TO:<b@refused.invalid>\r\nDATA\r\n", ["250", "550", "503"]),
        ("NOOP\r\nVRFY b\r\nHELP\r\n\r\n", ["250", "252", "500", "500"]),
        (b"\xff\xfe\r\n", ["500"]),
        ("x" * 5_000, ["421"]),
    ],
)
async def test_what_is_out_of_order_is_refused(inbox: Inbox, words: str | bytes, codes: list[str]) -> None:
    assert await talk(inbox, words) == codes
    assert await inbox.messages() == []


async def test_nobody_sends_before_the_greeting_or_more_than_fits(inbox: Inbox) -> None:
    assert await talk(inbox, "MAIL FROM:<a@example.id>\r\n", greet=False) == ["503"]
    line = "x" * 998 + "\r\n"
    large = line * (SIZE_MAX // 1_000 + 2)
    assert await talk(inbox, ENVELOPE, large + ".\r\n") == ["250", "250", "354", "552"]
    assert await talk(inbox, ENVELOPE, large * 2 + ".\r\nNOOP\r\n") == ["250", "250", "354", "552", "250"]
    assert await inbox.messages() == []


def test_odd_mails_are_read_as_far_as_they_go() -> None:
    assert read_mail(b"") == ("", "")
    assert read_mail(b"Subject: a\r\n b\r\n\r\nbody") == ("a\r\n b", "body")
    html = b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=nobody-knows\r\n\r\n<p>\xc3\xbc</p>"
    assert read_mail(html) == ("", "<p>ü</p>")
    assert read_mail(b"Content-Type: image/png\r\n\r\nxyz") == ("", "")
