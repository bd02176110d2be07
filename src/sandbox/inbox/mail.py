"""The SMTP side, through aiosmtpd."""

from __future__ import annotations

import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.inbox.messages import Messages


class MailHandler:
    """Takes every mail. Addresses at `refused.invalid` are refused for good, at `later.invalid` for now."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Decides on a recipient."""
        if address.endswith("@refused.invalid"):
            return "550 5.1.1 No such mailbox"
        if address.endswith("@later.invalid"):
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        """Keeps a mail, once per recipient."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        body = mail.get_body(("plain", "html"))
        text = body.get_content() if body is not None else ""
        for recipient in envelope.rcpt_tos:
            self._messages.add(
                kind="email",
                to=recipient,
                sender=str(envelope.mail_from or ""),
                subject=str(mail.get("Subject", "")),
                text=str(text).replace("\r\n", "\n")[:20_000],
                received_at=time.time(),
            )
        return "250 OK"


def make_protocol(handler: MailHandler) -> SMTP:
    """One SMTP connection."""
    return SMTP(
        handler,
        hostname="sandbox.localhost",
        ident="sandbox inbox",
        data_size_limit=1 << 20,
        enable_SMTPUTF8=True,
    )
