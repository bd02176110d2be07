"""Certificates of attempt: for people in line at the closing, one each, and nobody can forge one."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from meterai.kernel.refusals import Refusal
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import CertificateFacts, LateTicketFacts, encode_facts
from meterai.waiting_room.files.public_log import ENTRIES, PublicLog
from meterai.waiting_room.queries import certificate_of_code
from meterai.waiting_room.rules.certificate import certificate_key
from meterai.waiting_room.rules.model import QueueState
from meterai.waiting_room.rules.tickets import contact_id
from meterai.waiting_room.rules.windows import last_number
from meterai.waiting_room.store import claims, log_rows
from meterai.waiting_room.use_cases.check_certificate import (
    BYTES_MAX,
    SLICE_BYTES,
    check_certificate,
    event_of,
    read_certificate,
)
from meterai.waiting_room.use_cases.claim_pass import claim_pass
from meterai.waiting_room.use_cases.issue_certificate import issue_certificate
from meterai.waiting_room.use_cases.rewind_queues import rewind_queues
from tests.players.queue_twin import Queue
from tests.waiting_room.line import ANI, BUDI, SCHEDULE, LineOfPeople

CLOSES = SCHEDULE.closes_at
MASKED = "a•••@contoh.id"


async def issue(line: LineOfPeople, text: str, contact: str = ANI) -> bytes:
    return await issue_certificate(
        line.database.app, line.published, text, contact=contact, masked=MASKED, now=line.now
    )


async def close_queue(line: LineOfPeople, *, later_s: int = 60) -> None:
    """Closes the queue. The time is then `later_s` after the closing."""
    line.now = datetime.fromtimestamp(CLOSES + later_s, UTC)
    await line.set_state(QueueState.CLOSED)


def see(line: LineOfPeople, contact: str, at: int, *, gate: int = 1) -> None:
    """A gate notes that the contact looked at its page."""
    path = line.folder.gate(gate) / "present"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(contact_id(line.keys.event, contact) + at.to_bytes(4, "big"))


async def refusal_of(line: LineOfPeople, text: str, contact: str = ANI) -> str:
    with pytest.raises(Refusal) as caught:
        await issue(line, text, contact)
    return caught.value.code


async def test_who_was_in_line_at_the_closing_gets_facts_signed_and_logged(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.close(1)
    see(line, BUDI, CLOSES - 20)
    see(line, ANI, CLOSES - 900, gate=2)
    await close_queue(line, later_s=7_200)
    signed = await issue(line, text)
    attempt = read_certificate(signed, line.published)
    ticket = line.published.read_ticket(text)
    assert attempt.outcome == "not_called"
    assert (attempt.joined_at, attempt.closed_at, attempt.seen_at) == (ticket.joined_at, CLOSES, CLOSES - 900)
    assert (attempt.contact, "ani@" in signed.decode()) == (MASKED, False)
    assert (attempt.place, attempt.frontier) == (str(line.place_of(text)), (1, "0"))
    async with line.database.app.transaction() as tx:
        said = await log_rows.take_to_log(tx, line.number, 10)
    assert [facts for _, facts in said] == [
        CertificateFacts(id=ticket.id.hex(), sha256=hashlib.sha256(signed).hexdigest())
    ]
    assert await certificate_of_code(line.database.app, attempt.code.lower().replace("-", " ")) == (
        "casn",
        signed,
    )


async def test_it_names_the_newest_head_of_the_log_if_a_status_does(line: LineOfPeople) -> None:
    ani, budi = line.join(ANI), line.join(BUDI)
    line.close(1)
    await close_queue(line)
    older = read_certificate(await issue(line, ani), line.published)
    assert (older.log, older.head) == (None, "")
    Queue(line.folder.path.parent, SCHEDULE).status(log=(77, "c" * 32))
    assert read_certificate(await issue(line, budi, BUDI), line.published).head == f"77:{'c' * 32}"


async def test_there_is_one_certificate_for_a_contact(line: LineOfPeople) -> None:
    first, second = line.join(ANI), line.join(ANI, window=2)
    line.close(1, 2)
    await close_queue(line)
    assert await issue(line, first) == await issue(line, second) == await issue(line, first)


async def test_nobody_gets_one_before_the_closing(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.close(1)
    assert await refusal_of(line, text) == "certificate.not_closed"
    line.now = datetime.fromtimestamp(CLOSES + 60, UTC)
    assert await refusal_of(line, text) == "certificate.not_closed", "being in line counts: it is open still"
    await close_queue(line, later_s=-1)
    assert await refusal_of(line, text) == "certificate.not_closed", "the closing has been moved: it goes on"
    await close_queue(line, later_s=0)
    await issue(line, text)


async def test_a_ticket_of_a_window_whose_list_is_still_to_come_is_not_called_unlisted(
    line: LineOfPeople,
) -> None:
    """Otherwise its holder's browser would forget it, and nobody can get another ticket after the closing."""
    text = line.join(ANI, window=last_number(SCHEDULE))
    assert await refusal_of(line, text) == "certificate.not_closed"
    await close_queue(line, later_s=2)
    assert await refusal_of(line, text) == "certificate.not_closed"
    line.close(last_number(SCHEDULE))
    assert read_certificate(await issue(line, text), line.published).outcome == "not_called"


async def test_who_was_not_there_around_the_closing_gets_none(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.close(1)
    see(line, ANI, CLOSES - 1_801)
    await close_queue(line, later_s=1_801)
    assert await refusal_of(line, text) == "certificate.not_seen"


async def test_who_was_let_in_gets_none(line: LineOfPeople) -> None:
    text = line.join(ANI)
    await line.call_everybody()
    await claim_pass(line.database.app, line.published, text, contact=ANI, now=line.now)
    await close_queue(line)
    assert await refusal_of(line, text) == "certificate.was_let_in"


async def test_who_was_called_and_did_not_come_gets_none(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.now = datetime.fromtimestamp(CLOSES - 3_600, UTC)
    await line.call_everybody()
    await close_queue(line)
    assert await refusal_of(line, text) == "certificate.did_not_come"


async def test_who_was_called_in_the_last_minutes_gets_one(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.now = datetime.fromtimestamp(CLOSES - 60, UTC)
    await line.call_everybody()
    await close_queue(line)
    assert read_certificate(await issue(line, text), line.published).outcome == "called_too_late"


async def test_who_was_refused_at_a_full_door_gets_one_that_says_so(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.now = datetime.fromtimestamp(CLOSES - 3_600, UTC)
    await line.call_everybody()
    await line.set_rate(0, new=0.0, returner=0.0)
    knocked = int(line.now.timestamp())
    with pytest.raises(Refusal):
        await claim_pass(line.database.app, line.published, text, contact=ANI, now=line.now)
    await close_queue(line)
    attempt = read_certificate(await issue(line, text), line.published)
    assert (attempt.outcome, attempt.knocked_at) == ("door_full", knocked)


async def test_who_knocked_for_long_was_seen_at_the_last_knock(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.now = datetime.fromtimestamp(CLOSES - 3_600, UTC)
    await line.call_everybody()
    await line.set_rate(0, new=0.0, returner=0.0)
    for _ in range(2):
        with pytest.raises(Refusal):
            await claim_pass(line.database.app, line.published, text, contact=ANI, now=line.now)
        line.now += timedelta(minutes=50)
    await close_queue(line, later_s=7_200)
    attempt = read_certificate(await issue(line, text), line.published)
    assert (attempt.knocked_at, attempt.seen_at) == (CLOSES - 3_600, CLOSES - 600)
    ani, budi = (contact_id(line.keys.event, contact) for contact in (ANI, BUDI))
    async with line.database.app.connection() as connection:
        assert await claims.first_knock(connection, line.number, ani) is not None
        for queue, id in ((line.number, budi), (line.number + 1, ani)):
            assert await claims.first_knock(connection, queue, id) is None, "nobody else knocked"
            assert await claims.read_certificate(connection, queue, id) is None, "it is Ani's, of casn"


async def test_a_ticket_of_somebody_else_or_of_no_list_gives_none(line: LineOfPeople) -> None:
    text, minted = line.join(ANI), line.join(BUDI, is_listed=False)
    line.close(1)
    await close_queue(line)
    assert await refusal_of(line, text, BUDI) == "ticket.other_contact"
    assert await refusal_of(line, minted, BUDI) == "ticket.unlisted"


async def test_who_has_a_ticket_that_a_dead_gate_lost_gets_one_and_the_log_says_so(
    line: LineOfPeople,
) -> None:
    line.join(BUDI)
    text = line.join(ANI, gate=7, is_listed=False)
    line.close(1)
    await line.database.owner.execute("INSERT INTO waiting_room.dead_gate VALUES ($1, 1, 7)", line.number)
    await close_queue(line)
    id = read_certificate(await issue(line, text), line.published).id
    await issue(line, text)
    async with line.database.app.transaction() as tx:
        said = [facts for _, facts in await log_rows.take_to_log(tx, line.number, 10)]
    late, certificate = said
    assert isinstance(late, LateTicketFacts)
    assert isinstance(certificate, CertificateFacts)
    assert late.id == certificate.id == id


async def test_a_changed_certificate_is_not_genuine_and_a_pasted_one_is(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.close(1)
    await close_queue(line)
    signed = await issue(line, text)
    pasted = b"  " + signed.strip().replace(b"\n", b"\r\n\r\n") + b" "
    assert (await check_certificate(pasted, line.published)).signed == signed
    earlier = signed.replace(b'"joined_at":17', b'"joined_at":16')
    assert earlier != signed
    last = chr(signed[-2] + 1).encode()  # another spelling of the same signature
    for changed in (earlier, signed[:-2] + last + b"\n", signed[:-2] + b"!" + signed[-2:]):
        with pytest.raises(Refusal, match=r"certificate\.forged"):
            read_certificate(changed, line.published)
    for other in (b"anything else", earlier.replace(b'"event":"', b'"event":"\xff')):
        with pytest.raises(Refusal, match=r"certificate\.unreadable"):
            event_of(other)


async def test_what_is_too_long_for_a_certificate_is_not_taken_apart(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.close(1)
    await close_queue(line)
    signed = await issue(line, text)
    blanks = BYTES_MAX - len(signed)
    assert (await check_certificate(signed + b" " * blanks, line.published)).signed == signed
    with pytest.raises(Refusal, match=r"certificate\.unreadable"):
        await check_certificate(signed + b" " * (blanks + 1), line.published)


async def test_the_check_says_whether_the_public_log_has_it(line: LineOfPeople) -> None:
    text = line.join(ANI)
    line.close(1)
    await close_queue(line)
    signed = await issue(line, text)
    checked = await check_certificate(signed, line.published)
    assert not checked.is_logged
    missing = [checked.is_missing(line.now + timedelta(seconds=later)) for later in (0, 300, 301, -301)]
    assert missing == [False, False, True, True], "a date to come is none"
    line.folder.log.mkdir(parents=True)
    Path(line.folder.log / ENTRIES).write_text('{"n":0,"facts":{"id":"00","sha256":"00"}}\n')
    checked = await check_certificate(signed, line.published)
    assert (checked.is_logged, checked.is_lost) == (False, False), "who stole the key can't log it"
    entry = f'{{"n":0,"facts":{{"id":"00","sha256":"{hashlib.sha256(signed).hexdigest()}"}}}}\n'
    Path(line.folder.log / ENTRIES).write_text(entry)
    checked = await check_certificate(signed, line.published)
    assert checked.is_logged
    assert not checked.is_missing(line.now + timedelta(days=30))
    Path(line.folder.log / ENTRIES).write_text("x" * 99 + entry + "x" * (5 * SLICE_BYTES - 40))
    assert (await check_certificate(signed, line.published)).is_logged, "across the edge of a slice"


async def test_a_certificate_whose_entry_a_restore_cut_off_cannot_be_checked(line: LineOfPeople) -> None:
    """It was signed between the copy and the loss."""
    text = line.join(ANI)
    line.close(1)
    await close_queue(line)
    signed = await issue(line, text)
    await log_what_was_said(line)
    assert (await check_certificate(signed, line.published)).is_logged
    line.pass_time(3_600)
    await rewind_queues(line.database.app, line.folder.path.parent, actor="test", now=line.now)
    await log_what_was_said(line)
    checked = await check_certificate(signed, line.published)
    assert (checked.is_logged, checked.is_lost) == (False, True)
    assert not checked.is_missing(line.now + timedelta(days=30))
    made_up = msgspec.structs.replace(checked.attempt, issued_at=int(line.now.timestamp()) + 1)
    stolen = published_documents.sign(made_up, certificate_key(line.published.event_key))
    assert (await check_certificate(stolen, line.published)).is_missing(line.now + timedelta(days=30))


async def log_what_was_said(line: LineOfPeople) -> None:
    """Logs as the controller does, without the rows: as if their copy were older."""
    async with line.database.app.transaction() as tx:
        said = await log_rows.take_to_log(tx, line.number, 10)
    log = PublicLog(line.folder.log, "casn", line.keys.controller)
    for at, facts in said:
        log.append(facts.what, encode_facts(facts), int(at.timestamp()))
    log.sync(int(line.now.timestamp()))
    log.close()


async def test_a_log_is_searched_from_its_end(line: LineOfPeople) -> None:
    """Gigabytes before a certificate cost nothing. In this test they are a hole in the file."""
    text = line.join(ANI)
    line.close(1)
    await close_queue(line)
    signed = await issue(line, text)
    line.folder.log.mkdir(parents=True)
    with Path(line.folder.log / ENTRIES).open("wb") as log:
        log.seek(4 << 30)
        log.write(f'{{"n":0,"facts":{{"sha256":"{hashlib.sha256(signed).hexdigest()}"}}}}\n'.encode())
    began = time.process_time()
    assert (await check_certificate(signed, line.published)).is_logged
    assert time.process_time() - began < 1


def test_the_key_of_certificates_signs_nothing_else(tmp_path: Path) -> None:
    first, second = certificate_key(b"a" * 32), certificate_key(b"b" * 32)
    assert first.public_key().public_bytes_raw() != second.public_key().public_bytes_raw()
