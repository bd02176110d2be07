"""The reading and logging of a step: what others reported, promises that are due, and the rules."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from meterai.kit.settings import NO_BEACON
from meterai.waiting_room.control.step_draft import StepDraft
from meterai.waiting_room.files import published_documents
from meterai.waiting_room.files.log_facts import (
    ClaimFacts,
    ConfigFacts,
    OperatorFacts,
)
from meterai.waiting_room.files.promise_book import facts_of
from meterai.waiting_room.files.published_documents import LOG_FORMAT, Announcement, Config
from meterai.waiting_room.files.queue_keys import KEY_ID, QueueKeys
from meterai.waiting_room.files.window_files import digest
from meterai.waiting_room.rules.bypasses import INSIDE_S
from meterai.waiting_room.rules.seeds import SeedChains
from meterai.waiting_room.rules.step_times import CLAIMS_A_STEP
from meterai.waiting_room.rules.windows import LOGGED_LATE_S, fixed_of
from meterai.waiting_room.store import log_rows, pass_rows, queues
from meterai.waiting_room.store import promises as promise_store
from meterai.waiting_room.use_cases.set_queue import changed

log = structlog.get_logger(__name__)

_SAID, _DUE = 500, 500


async def keep_opening(draft: StepDraft) -> None:
    """Keeps the published opening if no controller published its move before people could join.

    They joined under the published rules.
    """
    queue = draft.queue
    if queue.config_sha256:
        return  # nothing has changed
    kept = await log_rows.kept_configs(draft.tx, queue.number)
    if not (raw := kept[-1][1] if kept else draft.input.rules):
        return
    told, wanted = published_documents.decode(raw, Config).schedule, queue.schedule
    if fixed_of(wanted) == fixed_of(told) or draft.now <= told.joins_from + LOGGED_LATE_S:
        return
    draft.change(schedule=changed(told, wanted, draft.now, next_window=queue.closed_through + 1))
    opens_at, moved_to = (
        datetime.fromtimestamp(at, UTC).isoformat() for at in (told.opens_at, wanted.opens_at)
    )
    log.warning("opening_not_moved", queue=queue.event, opens_at=opens_at, wanted=moved_to)


async def log_claims_and_sayings(draft: StepDraft) -> int:
    """Logs claims, and what others asked to log, before what this step does. Returns the number of claims."""
    claims = await pass_rows.take_claims(draft.tx, draft.queue.number, CLAIMS_A_STEP)
    for claim in claims:
        place = draft.input.seeds.place_in(claim.window, claim.id)
        draft.add_entry(
            ClaimFacts(
                id=claim.id.hex(),
                window=claim.window,
                place=str(place or 0),
                pass_id=str(claim.pass_id),
                lane=claim.lane,
                gate=claim.gate,
                sequence=claim.sequence,
            ),
            claim.claimed_at.timestamp(),
        )
    for at, facts in await log_rows.take_to_log(draft.tx, draft.queue.number, _SAID):
        draft.add_entry(facts, at.timestamp())
    if (told := draft.input.promises) and told.read_from == draft.queue.memory.promises_read:
        for promise in told.given:
            draft.add_entry(facts_of(promise), promise.given_at)
        await promise_store.add_promises(draft.tx, draft.queue.number, told.given)
        memory = msgspec.structs.replace(draft.queue.memory, promises_read=told.read_to)
        draft.change(memory=memory)
    draft.change(admitted=draft.queue.admitted + len(claims))
    return len(claims)


async def end_announcement(draft: StepDraft) -> None:
    """Takes the operator's words away at their end, and logs that, so that a status without them is right."""
    queue = draft.queue
    if queue.note_until is None or draft.now < queue.note_until:
        return
    none = Announcement()
    await queues.set_wish(draft.tx, queue.event, "note", msgspec.to_builtins(none))
    draft.add_entry(OperatorFacts(action="announce", value=msgspec.json.encode(none).decode(), reason=""))
    draft.change(note=none, note_until=None)


async def note_due_promises(draft: StepDraft) -> None:
    """Notes whether people whose promise is due have been called, by the frontier as it was until now."""
    due = await promise_store.due_promises(draft.tx, draft.queue.number, draft.now, limit=_DUE)
    called = []
    for promise in due:
        place = draft.input.seeds.place_in(promise.window, promise.id)
        was_called = place is not None and draft.queue.frontier.calls(promise.window, place)
        called.append((promise.id, was_called))
    await promise_store.note_due(draft.tx, draft.queue.number, called)


async def log_config(draft: StepDraft) -> bytes:
    """Logs the rules in force, before everything else of this step, if they are new. Returns them."""
    config = _config(draft)
    if draft.queue.config_sha256 not in ("", digest(config)):  # a release or a setting changed the document
        draft.change(config_version=draft.queue.config_version + 1)
        config = _config(draft)
    if (sha256 := digest(config)) != draft.queue.config_sha256:
        version = draft.queue.config_version
        facts = ConfigFacts(sha256=sha256, version=version)
        await log_rows.keep_config(draft.tx, draft.queue.number, version, config)
        draft.entries.insert(0, (int(draft.now), facts))
        draft.change(config_sha256=sha256)
    return config


def _config(draft: StepDraft) -> bytes:
    context = draft.context
    beacon = context.beacon.name if context.beacon else NO_BEACON
    return config_document(
        draft.queue, context.keys, context.chain, beacon=beacon, general_share=context.general_share
    )


def note_published(draft: StepDraft) -> None:
    """Notes what is published. It does so one step late, which saves a statement."""
    if (at := draft.input.published_at) is not None:
        draft.change(memory=msgspec.structs.replace(draft.queue.memory, published_at=at))


def config_document(
    queue: queues.Queue, keys: QueueKeys, chain: SeedChains, *, beacon: str, general_share: int | None = None
) -> bytes:
    """The signed rules of a queue. The bytes are the same each time."""
    config = Config(
        event=queue.event,
        version=queue.config_version,
        schedule=queue.schedule,
        policy=queue.policy,
        commitment=chain.commitment.hex(),
        chain_length=chain.length,
        ticket_keys={KEY_ID: _public(keys.ticket)},
        controller_key=_public(keys.controller),
        beacon=beacon,
        log=LOG_FORMAT,
        general_share=general_share,
        inside_minutes=INSIDE_S // 60,
    )
    return published_documents.sign(config, keys.controller)


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
