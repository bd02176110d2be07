"""The application secret through a rotation: what it makes, what it honours, and when the one before ends.

With running processes: `tests/launcher/test_secrets_beside_the_service.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterai.customers.contacts import Contact
from meterai.kernel.ids import token_digest
from meterai.kit.application_secret import FILE, KeptSecret, Secret, SecretFile, make_first, read_kept, rotate
from meterai.kit.http.work_demand import WorkNeeded, WorkSent
from meterai.sales.stop_links import StopLink, make_stop_token, read_stop_token
from meterai.sales.use_cases.open_order import link_token, order_token
from meterai.waiting_room.use_cases import remind
from meterai.web.account.code_work import CodeWork
from meterai.web.requests.csrf import is_permit, is_proof, make_permit, make_proof
from meterai.web.requests.mac import read_tagged_text, to_tagged_text

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
BEGINS, UNTIL = NOON + timedelta(minutes=1), NOON + timedelta(days=30)
FORM = "f" * 64
STOP = StopLink(refund_id=uuid.UUID(int=7), naming=1)
ANI = Contact(kind="email", value="ani@contoh.id")
NETWORK = "203.0.113.9"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_first(tmp_path)
    return tmp_path


@pytest.fixture
def rotated(folder: Path) -> KeptSecret:
    rotate(folder, NOON, begins=BEGINS, until=UNTIL)
    return read_kept(folder)


@pytest.mark.parametrize(
    ("moment", "made_with", "honoured"),
    [
        (NOON, "former", ["newest", "former"]),
        (BEGINS, "newest", ["newest", "former"]),
        (UNTIL, "newest", ["newest"]),
    ],
)
def test_a_new_secret_is_honoured_before_it_is_used_and_the_former_until_it_ends(
    rotated: KeptSecret, moment: datetime, made_with: str, honoured: list[str]
) -> None:
    names = {rotated.secret.encode(): "newest", rotated.before[0].secret.encode(): "former"}
    secret = rotated.at(moment)
    assert names[bytes(secret)] == made_with
    assert [names[one] for one in secret.honoured] == honoured
    assert [names[one] for one in secret.ever] == ["newest", "former"]


def test_no_rotation_begins_before_the_last_one_has(folder: Path, rotated: KeptSecret) -> None:
    with pytest.raises(ValueError, match="the last rotation begins at 2026-12-01 12:01:00 UTC"):
        rotate(folder, NOON, begins=UNTIL, until=UNTIL)
    rotate(folder, BEGINS, begins=BEGINS, until=UNTIL)
    assert len(read_kept(folder).before) == 2


def test_the_file_keeps_its_owner_and_mode(folder: Path) -> None:
    (folder / FILE).chmod(0o640)
    rotate(folder, NOON, begins=BEGINS, until=UNTIL)
    assert (folder / FILE).stat().st_mode & 0o777 == 0o640


def test_a_running_process_follows_the_file_and_goes_on_when_it_can_not_be_read(folder: Path) -> None:
    seconds = 0.0
    follower = SecretFile(folder, monotonic=lambda: seconds)
    before = follower.now()
    now = datetime.now(UTC)
    rotate(folder, now, begins=now, until=now + timedelta(hours=1))
    seconds += 2
    after = follower.now()
    assert (after.honoured, after == before) == ((bytes(after), bytes(before)), False)
    (folder / FILE).write_text("half a fi")
    seconds += 2
    assert follower.now() == after


def waits(secret: bytes) -> str:
    """The text of a wait that began."""
    asked = CodeWork(lambda: secret).ask(WorkSent(), ANI, NETWORK, 8, now=0.0, monotonic=0.0)
    assert isinstance(asked.needed, WorkNeeded)
    return asked.needed.wait


def has_waited(secret: bytes, text: str) -> bool:
    brought = CodeWork(lambda: secret).read(WorkSent(wait=text), ANI, NETWORK, now=60.0, monotonic=0.0)
    return brought.waited


@pytest.mark.parametrize(
    ("make", "is_good"),
    [
        (
            lambda secret: to_tagged_text(secret, b"p", b"body"),
            lambda secret, text: read_tagged_text(secret, b"p", text) == b"body",
        ),
        (
            lambda secret: make_proof(secret, "visitor", session="s"),
            lambda secret, text: is_proof(secret, "visitor", session="s", proof=text),
        ),
        (lambda secret: make_permit(secret, "a", 1), lambda secret, text: is_permit(secret, text, "a", 1)),
        (
            lambda secret: make_stop_token(secret, STOP),
            lambda secret, text: read_stop_token(secret, text) == STOP,
        ),
        (
            lambda secret: remind.stop_token(secret, "casn", bytes(16)),
            lambda secret, text: remind.read_stop_token(secret, "casn", text) == bytes(16),
        ),
        (waits, has_waited),
    ],
    ids=["cookie", "form", "permit", "stop payout", "stop reminder", "wait"],
)
def test_what_the_former_secret_made_is_good_until_it_ends(
    rotated: KeptSecret, make: Callable[[bytes], str], is_good: Callable[[bytes, str], bool]
) -> None:
    former, newest = rotated.before[0].secret.encode(), rotated.secret.encode()
    made = make(rotated.at(NOON))
    assert is_good(former, made), "before it begins, processes that know only the former one can read it"
    assert is_good(rotated.at(BEGINS), made)
    assert not is_good(rotated.at(UNTIL), made)
    assert is_good(newest, make(rotated.at(BEGINS))), "made with the new one"
    assert is_good(rotated.at(NOON), make(newest)), "of a process whose clock is ahead"


def test_an_order_keeps_its_link_when_its_secret_has_ended(rotated: KeptSecret) -> None:
    """Messages repeat the link, so it is made again; only what is stored of it opens the order."""
    old = order_token(rotated.at(NOON), FORM)
    assert link_token(rotated.at(UNTIL), FORM, 0, token_digest(old)) == old
    unknown = Secret(b"k", (b"k",), (b"k",))
    assert link_token(unknown, FORM, 0, token_digest(old)) == order_token(unknown, FORM)
