"""Messages about places in line: those that gates left on the disk, and reminders of a turn."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import structlog

from meterai.bootstrap import WorkerApp
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.messages import Message
from meterai.kit.settings import gate_address, queue_root
from meterai.sales.queries.events import events
from meterai.waiting_room.files.gate_mail import GateMail, put_last, waiting_mail
from meterai.waiting_room.use_cases.remind import Addresses, remind_due

log = structlog.get_logger(__name__)

_AT_ONCE = 16


async def send_gate_mail(app: WorkerApp) -> int:
    """Sends the messages that gates left on the disk. Returns the number of finished files.

    - A file is deleted after its message was taken over. A crash in between sends it twice. It is never lost.
    - Messages that nobody waits for any more are dropped. Workers of one machine share the files by locks.
    - A message that a station refuses now is due later, behind all others. It delays neither other stations
      (e-mail while WhatsApp is down) nor other mailboxes.

    Raises: Refusal UNAVAILABLE when no station took any; the rest is still due.
    """
    waiting = waiting_mail(queue_root(app.settings))
    now, done, away, trouble = app.clock().timestamp(), 0, set[str](), None
    while found := await asyncio.to_thread(lambda: list(islice(waiting, _AT_ONCE))):
        tried = [(path, mail) for path, mail in found if mail.to_kind not in away]
        sent = await asyncio.gather(
            *(_send(app, path, mail, now) for path, mail in tried), return_exceptions=True
        )
        done += sum(outcome is True for outcome in sent)
        for (_, mail), outcome in zip(tried, sent, strict=True):
            if isinstance(outcome, BaseException):
                trouble = outcome
                if not (
                    isinstance(outcome, Refusal) and "smtp_code" in outcome.facts
                ):  # otherwise the mailbox is at fault
                    away.add(mail.to_kind)
        if trouble is None:
            break
    if trouble is not None and not done:
        raise trouble
    return done


async def _send(app: WorkerApp, path: Path, mail: GateMail, now: float) -> bool:
    """Sends one message. Returns whether its file is finished."""
    with _taken(path) as is_mine:
        if not is_mine:
            return False
        if mail.expires_at > now:
            try:
                await app.messenger.deliver(
                    Message(
                        to_kind=mail.to_kind,
                        to=mail.to,
                        subject=mail.subject,
                        text=mail.text,
                        language=mail.language,
                        code=mail.code,
                    )
                )
            except Refusal as refusal:
                if refusal.kind is not Kind.INVALID:
                    await asyncio.to_thread(put_last, path, now)
                    raise
                log.warning("gate_mail_refused", code=refusal.code)  # this address will never work
        await asyncio.to_thread(path.unlink, missing_ok=True)
    return True


@contextmanager
def _taken(path: Path) -> Iterator[bool]:
    """Locks a file. Returns whether no other worker has it. The lock ends with the process, however it
    ends."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path.exists()
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


async def remind(app: WorkerApp) -> int:
    """Sends the reminders that are due: a turn is near or has come. Returns the number of messages."""
    held = await events(app.db)
    addresses = Addresses(
        gate=gate_address(app.settings),
        site=app.public_url,
        names={event.slug: event.name for event in held},
        zones={event.slug: event.zone for event in held},
    )
    return await remind_due(app.db, queue_root(app.settings), app.secret, addresses, now=app.clock())
