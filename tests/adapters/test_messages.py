"""E-mail and WhatsApp against the inbox twin over real SMTP and HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.http.outside_service import CircuitBreaker
from meterai.kit.messages import Message, Messenger
from meterai.kit.smtp_sender import SmtpSender
from meterai.kit.whatsapp_sender import WhatsAppSender
from tests.ports import free_port
from tests.sandbox.twins import Inbox, running_inbox

MAIL = Message(
    to_kind="email", to="ana@example.id", subject="Kode Anda – 123456", text="Kode: 123 456\nTérima kasih\n."
)


@pytest_asyncio.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    async with running_inbox(tmp_path, whatsapp_token="secret") as running:
        yield running


@pytest_asyncio.fixture
async def messenger(inbox: Inbox) -> AsyncIterator[Messenger]:
    messenger = Messenger(
        email=SmtpSender(f"smtp://127.0.0.1:{inbox.smtp_port}", sender="meterai@example.id"),
        phone=WhatsAppSender(inbox.url + "/whatsapp/messages", token="secret"),
    )
    yield messenger
    await messenger.close()


async def test_an_e_mail_arrives_as_it_was_written(inbox: Inbox, messenger: Messenger) -> None:
    await messenger.deliver(MAIL)
    [found] = await inbox.messages(to="ana@example.id")
    assert (found["kind"], found["subject"]) == ("email", MAIL.subject)
    assert found["text"].strip() == MAIL.text.strip()


async def test_a_message_to_a_phone_goes_over_whatsapp(inbox: Inbox, messenger: Messenger) -> None:
    news = Message(
        to_kind="phone", to="+6281234567890", subject="x", text="Giliran Anda.\n\n\thttp://x/t", language="en"
    )
    await messenger.deliver(news)
    [found] = await inbox.messages(to="+6281234567890")
    assert found["kind"] == "whatsapp"
    assert "News from Meterai: Giliran Anda. http://x/t\n" in found["text"]


@pytest.mark.parametrize(("language", "words"), [("id", "kode verifikasi"), ("en", "verification code")])
async def test_a_code_goes_to_a_phone_as_a_template_for_codes(
    inbox: Inbox, messenger: Messenger, language: str, words: str
) -> None:
    brought = Message(
        to_kind="phone",
        to="+6281234567890",
        subject="",
        text="Kode: 123456",
        language=language,
        code="123456",
    )
    await messenger.deliver(brought)
    [found] = await inbox.messages(to="+6281234567890")
    assert found["text"].startswith("123456 ")
    assert words in found["text"]


async def test_many_e_mails_at_once_use_few_connections(inbox: Inbox) -> None:
    sender = SmtpSender(f"smtp://127.0.0.1:{inbox.smtp_port}", sender="m@example.id", connections_max=2)
    await asyncio.gather(*(sender.send(MAIL) for _ in range(40)))
    assert len(await inbox.messages()) == 40
    assert len(sender._idle) <= 2
    await sender.close()


async def test_a_server_that_was_restarted_is_found_again(tmp_path: Path) -> None:
    port = free_port()
    sender = SmtpSender(f"smtp://127.0.0.1:{port}", sender="m@example.id")
    async with running_inbox(tmp_path, smtp_port=port):
        await sender.send(MAIL)
        kept = sender._idle[0]
    kept.transport.abort()  # type: ignore[union-attr]  # as the end of the server's process does
    await asyncio.sleep(0)
    async with running_inbox(tmp_path, smtp_port=port) as inbox:
        await sender.send(MAIL)
        assert len(await inbox.messages()) == 2
    await sender.close()


async def test_another_machine_gets_nothing_in_the_clear(inbox: Inbox) -> None:
    """Somebody on the way can hide that a server offers STARTTLS."""
    address = f"meterai:s3cr3t@0.0.0.0:{inbox.smtp_port}"  # this machine, by no name that says so
    sender = SmtpSender(f"smtp://{address}", sender="m@example.id", needs_tls=True)
    with structlog.testing.capture_logs() as logs, pytest.raises(Refusal, match=r"message\.unavailable"):
        await sender.send(MAIL)
    assert [line["event"] for line in logs] == ["smtp_without_tls"]
    assert await inbox.messages() == []
    here = SmtpSender(f"smtp://127.0.0.1:{inbox.smtp_port}", sender="m@example.id", needs_tls=True)
    await here.send(MAIL)
    assert len(await inbox.messages()) == 1
    await here.close()


async def test_an_address_refused_for_good_and_one_for_now_are_told_apart(messenger: Messenger) -> None:
    for to, kind, code in (
        ("x@refused.invalid", Kind.INVALID, "message.address_refused"),
        ("x@later.invalid", Kind.UNAVAILABLE, "message.unavailable"),
        ("a@example.id\r\nBcc: b@example.id", Kind.INVALID, "message.address_refused"),
    ):
        with pytest.raises(Refusal) as caught:
            await messenger.deliver(msgspec.structs.replace(MAIL, to=to))
        assert (caught.value.kind, caught.value.code) == (kind, code)
        assert "example" not in repr(caught.value.facts)
    await messenger.deliver(MAIL)


@asynccontextmanager
async def answering(**replies: str) -> AsyncIterator[str]:
    """A mail server that gives these replies to commands, `END` being that to a mail, and 250 to all others;
    none at all with `GREETING=""`. Its address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = ["GREETING"]
        while said:
            reply = ({"GREETING": "220 here", "DATA": "354 go on"} | replies).get(said[0].upper(), "250 OK")
            if reply:
                writer.write(f"{reply}\r\n".encode())
            if reply.startswith("354"):
                await reader.readuntil(b"\r\n.\r\n")
                said = ["END"]
            else:
                said = (await reader.readline()).decode().split()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        try:
            yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close_clients()


@pytest.mark.parametrize(
    ("replies", "kind", "code"),
    [
        ({"RCPT": "550 no such mailbox"}, Kind.INVALID, 550),
        ({"RCPT": "450 later"}, Kind.UNAVAILABLE, 450),
        ({"RCPT": "421 bye"}, Kind.UNAVAILABLE, None),
        ({"END": "554 account suspended"}, Kind.UNAVAILABLE, 554),
        ({"END": "451 later"}, Kind.UNAVAILABLE, 451),
        ({"END": "452 no room"}, Kind.UNAVAILABLE, None),
        ({"END": "454 too many messages"}, Kind.UNAVAILABLE, None),
        ({"END": "421 bye"}, Kind.UNAVAILABLE, None),
        ({"MAIL": "550 who are you"}, Kind.UNAVAILABLE, None),
        ({"GREETING": "554 no service here"}, Kind.UNAVAILABLE, None),
    ],
)
async def test_what_a_server_says_of_one_message_is_no_trouble_of_the_server(
    replies: dict[str, str], kind: Kind, code: int | None
) -> None:
    async with answering(**replies) as url:
        sender = SmtpSender(url, sender="m@example.id", breaker=CircuitBreaker(failures_max=2))
        for _ in range(3):
            with pytest.raises(Refusal) as caught:
                await sender.send(MAIL)
        is_left_alone = caught.value.facts.get("reason") == "breaker_open"
        assert (caught.value.kind, caught.value.facts.get("smtp_code")) == (kind, code)
        assert is_left_alone == (code is None)
        assert bool(sender._idle) == (code is not None), "the connection is good still"
        await sender.close()


async def test_a_server_that_is_silent_is_waited_for_once_and_then_asked_now_and_then() -> None:
    now = 0.0
    breaker = CircuitBreaker(failures_max=4, open_seconds=5, clock=lambda: now)
    async with answering(GREETING="") as url:
        sender = SmtpSender(url, sender="m@example.id", total_seconds=0.1, breaker=breaker)

        async def reasons(count: int) -> set[object]:
            sent = await asyncio.gather(*(sender.send(MAIL) for _ in range(count)), return_exceptions=True)
            return {one.facts["reason"] for one in sent if isinstance(one, Refusal)}

        assert "TimeoutError" in await reasons(8)
        assert await reasons(40) == {"breaker_open"}
        now = 5.0
        assert await reasons(1) == {"TimeoutError"}
        assert await reasons(1) == {"breaker_open"}


async def test_no_server_and_a_wrong_token_are_unavailable(inbox: Inbox) -> None:
    nobody = SmtpSender(f"smtp://127.0.0.1:{free_port()}", sender="m@example.id")
    wrong = WhatsAppSender(inbox.url + "/whatsapp/messages", token="wrong")
    for sender in (nobody, wrong):
        with pytest.raises(Refusal, match=r"message\.unavailable"):
            await sender.send(msgspec.structs.replace(MAIL, to="6281234567890"))
    await wrong.close()
    with pytest.raises(ValueError, match="SMTP URL"):
        SmtpSender("http://127.0.0.1", sender="m@example.id")


def test_neither_address_nor_content_shows_in_a_log() -> None:
    assert "ana" not in repr(MAIL)
    assert "123456" not in str(MAIL)


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r"])
async def test_an_address_or_subject_adds_no_header(inbox: Inbox, break_: str) -> None:
    sender = SmtpSender(f"smtp://127.0.0.1:{inbox.smtp_port}", sender="m@example.id")
    try:
        for to, subject in ((f"a@b.id{break_}Bcc: c@d.id", "x"), ("a@b.id", f"x{break_}Bcc: c@d.id")):
            with pytest.raises(Refusal, match=r"message\.address_refused"):
                await sender.send(Message(to_kind="email", to=to, subject=subject, text="t"))
    finally:
        await sender.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, Kind.UNAVAILABLE) for code in (80007, 130429, 131042, 131056, 132001, 132015, 132018)),
        *((code, Kind.UNAVAILABLE) for code in (0, 33, 100, 131008, 131009, 131047, 133010)),
        *((code, Kind.INVALID) for code in (131021, 131026, 131030)),
    ],
)
async def test_too_many_messages_and_an_account_or_template_out_of_order_are_no_fault_of_the_number(
    code: int, kind: Kind
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "(#1) no", "code": code}}, status=400)

    application = web.Application()
    application.router.add_post("/messages", refuse)
    async with TestServer(application) as server:
        sender = WhatsAppSender(str(server.make_url("/messages")), token="secret")
        with pytest.raises(Refusal) as caught:
            await sender.send(Message(to_kind="phone", to="+6281234567890", subject="", text="Kode"))
        await sender.close()
    assert caught.value.kind is kind


async def test_a_mail_whose_connection_breaks_before_the_answer_is_not_sent_again_at_once() -> None:
    """The server may have taken it. The first mail keeps its connection for the second."""
    taken: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.strip().upper() != b"DATA":
                writer.write(b"250 OK\r\n")
                continue
            writer.write(b"354 go on\r\n")
            taken.append(await reader.readuntil(b"\r\n.\r\n"))
            if len(taken) > 1:
                break
            writer.write(b"250 OK\r\n")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        sender = SmtpSender(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", sender="m@example.id")
        first = await sender.send(msgspec.structs.replace(MAIL, key="a" * 32))
        assert first == f"<{'a' * 32}@example.id>"
        with pytest.raises(Refusal) as caught:
            await sender.send(MAIL)
        await sender.close()
    assert (len(taken), caught.value.facts["sent"]) == (2, True)


async def test_no_connection_means_that_nothing_was_sent() -> None:
    sender = SmtpSender(f"smtp://127.0.0.1:{free_port()}", sender="m@example.id")
    with pytest.raises(Refusal) as caught:
        await sender.send(MAIL)
    assert caught.value.facts["sent"] is False


async def test_the_id_of_a_whatsapp_message_and_the_head_for_one_click_arrive(
    inbox: Inbox, messenger: Messenger
) -> None:
    phone = Message(to_kind="phone", to="+6281234567890", subject="", text="Kabar")
    id = await messenger.deliver(phone)
    assert [found["id"] for found in await inbox.messages(to=phone.to)] == [id]
    assert id.startswith("wamid.")
    await messenger.deliver(msgspec.structs.replace(MAIL, unsubscribe="https://situs/pesan/x"))
    [found] = await inbox.messages(to=MAIL.to)
    assert found["unsubscribe"] == "<https://situs/pesan/x>"
