"""Keys are rotated while the service runs; stamps by the old keys stay genuine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from meterai.cli.operator import keys as commands
from meterai.kernel.refusals import Refusal
from meterai.operations.use_cases.check_invariants import run_invariants
from meterai.signatures.certificate_chain import common_name
from meterai.stamping.keys import signing_keys
from meterai.stamping.keys.key_register import keys_now
from meterai.stamping.keys.signing_keys import LITTLE_TIME, SigningKey, active_key, ends_soon, state_of
from meterai.stamping.model import SEAL_BYTES, TOKEN_BYTES
from meterai.stamping.signer.cms import cms_bytes_max
from meterai.stamping.signer.key_files import read_counters
from meterai.stamping.use_cases.run_cycle import free_leases, run_due_jobs
from meterai.verification.in_jail import judge
from meterai.verification.model import JudgeRequest, Verdict
from meterai.verification.trust import load_trust
from sandbox.pki.authority import make_pki
from tests.keys.certified import (
    certify,
    encoded,
    for_purposes,
    lengthened,
    reissued,
    with_intermediate_until,
)
from tests.keys.rotating_setup import ACTOR, RotatingSetup
from tests.stamping.letters import make_letter
from tests.stamping.stamping_setup import BOTTOM_LEFT, BOTTOM_RIGHT, until

pytestmark = pytest.mark.storage


class Crash(Exception):
    """A crash of the worker."""


NOW = datetime(2026, 8, 17, 10, 0, tzinfo=UTC)


def verdict(setup: RotatingSetup, data: bytes, *, later: timedelta = timedelta()) -> Verdict:
    trust = load_trust(setup.data / "pki" / "trust")
    return judge(JudgeRequest(data=data, trust=trust, moment=datetime.now(UTC) + later)).verdict


async def test_a_rotation_with_overlap_from_a_file_to_the_hsm_and_on(setup: RotatingSetup) -> None:
    first = await setup.register_first()
    await setup.start()
    old = await setup.stamp("Surat lama")
    second = await setup.add("stamp-1")
    assert await setup.signs_with(first), "added ahead, not in use"
    await setup.activate(second)
    await until(lambda: setup.signs_with(second), 5, "the signer to follow")
    middle = await setup.stamp("Surat tengah")
    third = await setup.add("stamp-2")
    await setup.activate(third)
    await until(lambda: setup.signs_with(third), 5, "the signer to follow")
    new = await setup.stamp("Surat baru")
    for key_id in (first, second):
        await setup.retire(key_id)
    await until(lambda: closed(setup, second), 5, "the retired key to be closed")
    assert [await setup.key_of(job) for job in (old, middle, new)] == [first, second, third]
    for job in (old, middle, new):
        assert verdict(setup, await setup.file_of(job)) is Verdict.GENUINE
        assert verdict(setup, await setup.file_of(job), later=timedelta(days=3 * 365)) is Verdict.GENUINE
    assert read_counters(setup.data / "signer") == {first: 1, second: 1, third: 1}
    await setup.assert_sound()
    entries = await setup.database.owner.fetch(
        "SELECT action, subject, actor FROM operations.audit_entry WHERE action LIKE 'key.%' ORDER BY id"
    )
    assert [tuple(entry) for entry in entries] == [
        ("key.add", first, "meterai up"),
        *((action, key, ACTOR) for key in (second, third) for action in ("key.add", "key.activate")),
        ("key.retire", first, ACTOR),
        ("key.retire", second, ACTOR),
    ]


async def closed(setup: RotatingSetup, key_id: str) -> bool:
    return any(
        report.key_id == key_id and report.trouble == "retired" for report in await setup.client.keys()
    )


async def change_keys_after_intents(setup: RotatingSetup, count: int, key_id: str) -> None:
    """The worker dies after that many intents; the other key is activated, and a new worker goes on."""
    stored = 0

    def stop(name: str) -> None:
        nonlocal stored
        stored += name == "after_intent"
        if stored == count:
            raise Crash

    with pytest.raises(Crash):
        await run_due_jobs(setup.tools(fail_point=stop), worker="test")
    await setup.activate(key_id)
    await until(lambda: setup.signs_with(key_id), 5, "the signer to follow")
    await free_leases(setup.tools(), worker="test")
    await setup.work()


async def test_a_document_half_sealed_when_the_key_changes_is_finished(setup: RotatingSetup) -> None:
    first = await setup.register_first()
    second = await setup.add("stamp-1")
    await setup.start()
    job = await setup.order(await setup.accept(make_letter(), [BOTTOM_LEFT, BOTTOM_RIGHT]))
    await change_keys_after_intents(setup, 2, second)
    rows = await setup.database.owner.fetch("SELECT serial, key_id FROM stamping.release")
    assert dict(tuple(row) for row in rows) == dict(zip(job.serials, [first, second], strict=True))
    await setup.assert_sound()


@pytest.mark.long
async def test_a_document_prepared_before_a_longer_chain_came_is_finished_with_it(
    setup: RotatingSetup,
) -> None:
    """The size of its seal's gap is fixed by then, and another key seals it than the one at preparation."""
    await setup.register_first()
    await setup.start()
    chain = certify(setup.data / "pki", "pkcs11:token=meterai;object=stamp-1")
    free = SEAL_BYTES - cms_bytes_max(encoded(chain), TOKEN_BYTES)
    longest = await setup.add(chain=lengthened(setup.data / "pki", chain, free - 40))
    job = await setup.order_letter()

    await change_keys_after_intents(setup, 1, longest)
    assert await setup.key_of(job) == longest
    assert verdict(setup, await setup.file_of(job)) is Verdict.GENUINE


@pytest.mark.long
async def test_a_key_retired_while_batches_wait_for_it_is_used_as_often_as_counted(
    setup: RotatingSetup,
) -> None:
    first = await setup.register_first()
    second = await setup.add("stamp-1")
    await setup.start("tests.keys.faulty_signer")
    await until(lambda: setup.ready(second), 10, "the second key")
    (setup.data / "fault").write_text("slow")
    jobs = [await setup.order_letter(text) for text in ("Surat pertama", "Surat kedua")]
    batches = []
    for number in range(2):  # the second is taken on with the first key, and waits until the first is signed
        batches.append(asyncio.create_task(run_due_jobs(setup.tools(), worker="test", limit=1)))
        await until(lambda number=number: intended(setup, number + 1), 10, "the intent")
        await asyncio.sleep(0.2)
    await setup.activate_at_once(second)
    await setup.retire(first)
    await asyncio.gather(*batches)
    await setup.work()
    assert [await setup.key_of(job) for job in jobs] == [first, second]
    await setup.database.owner.execute(
        "UPDATE stamping.sign_attempt SET attempted_at = attempted_at - interval '5 minutes'"
    )
    assert await setup.value("SELECT count(*) FROM stamping.sign_attempt") == 2
    await setup.assert_sound()


async def intended(setup: RotatingSetup, count: int) -> bool:
    return bool(await setup.value("SELECT count(*) >= $1 FROM stamping.intent", count))


async def test_a_use_of_the_key_that_nobody_counted_is_found(setup: RotatingSetup) -> None:
    await setup.register_first()
    second = await setup.add("stamp-1")
    await setup.start()
    await setup.activate(second)
    await until(lambda: setup.signs_with(second), 5, "the signer to follow")
    await setup.stamp()
    counters = read_counters(setup.data / "signer")
    counters[second] += 1  # planted: the key was used once more
    results = await run_invariants(setup.database.reader, now=datetime.now(UTC), counters=counters)
    (i8,) = [found for found in results if found.id == "I8"]
    assert not i8.ok
    assert second in i8.violations[0]


async def test_without_any_key_nothing_is_signed_and_the_signer_says_so(setup: RotatingSetup) -> None:
    (setup.data / "pki" / "stamp.pem").unlink()
    setup.spawn()
    await until(lambda: refused(setup, "key.none"), 10, "the refusal")
    await setup.activate(await setup.add("stamp-1"))
    await until(setup.signer_answers, 5, "the first key")


async def refused(setup: RotatingSetup, code: str) -> bool:
    try:
        await setup.client.ping()
    except Refusal as refusal:
        return refusal.code == code
    return False


async def test_a_key_past_its_validity_does_not_sign_and_jobs_wait(setup: RotatingSetup) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=3)
    key = await setup.add("stamp-1", valid_until=soon)
    setup.spawn()
    await until(lambda: refused(setup, "key.none"), 10, "the signer")
    await setup.activate(key)
    await until(lambda: refused(setup, "key.expired"), 10, "the expiry")


@pytest.mark.long
async def test_no_stamp_gets_its_time_after_the_end_of_its_certificate(setup: RotatingSetup) -> None:
    """Verifiers call such a stamp forged: the time stamp says when it was made, and it comes last."""
    first = await setup.register_first()
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=12)
    place = "pkcs11:token=meterai;object=stamp-1"
    chain = certify(setup.data / "pki", place, now=ends - timedelta(days=5 * 365))
    ending = await setup.add("stamp-1", chain=chain)
    async with slow_authority(setup.tsa.url, until=ends + timedelta(seconds=0.5)) as url:
        await setup.start(METERAI_TSA_URL=url)
        await setup.activate(ending)
        job = await setup.order_letter()
        await asyncio.sleep((ends - datetime.now(UTC)).total_seconds() - 2)
        await run_due_jobs(setup.tools(), worker="test")
        if await setup.value("SELECT count(*) FROM stamping.release") == 0:
            await setup.activate(first)
            await setup.work()
        assert verdict(setup, await setup.file_of(job)) is Verdict.GENUINE


@asynccontextmanager
async def slow_authority(inner: str, *, until: datetime) -> AsyncIterator[str]:
    """Passes on the answers of the authority at `inner`, but not before that moment."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))
        async with (
            aiohttp.ClientSession() as session,
            session.post(inner, data=await request.read(), headers=request.headers) as reply,
        ):
            return web.Response(body=await reply.read())

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_what_must_not_be_registered_or_activated_is_refused(
    setup: RotatingSetup, tmp_path: Path
) -> None:
    first = await setup.register_first()
    await setup.start()
    now = datetime.now(UTC)
    key = await setup.add("stamp-1")
    chain = certify(setup.data / "pki", "pkcs11:token=meterai;object=stamp-2")
    stranger = make_pki(tmp_path / "stranger")
    pems = [(setup.data / "pki" / f"{name}.pem").read_bytes() for name in ("tsa", "intermediate")]
    tsa = [x509.load_pem_x509_certificate(pem) for pem in pems]
    for expected, wrong in {
        "chain": {"chain": certify(stranger, "pkcs11:token=meterai;object=stamp-2")},
        "usage": {"chain": tsa},
        "validity": {"chain": chain, "valid_until": now + timedelta(days=99 * 365)},
        "place": {"chain": chain, "place": "pkcs11:token=meterai;object=a?pin-value=1"},
    }.items():
        with pytest.raises(Refusal, match=r"key\.unfit") as caught:
            await setup.add("stamp-2", **wrong)
        assert caught.value.facts["what"] == expected
    with pytest.raises(Refusal, match=r"key\.known"):
        await setup.add("stamp-1", chain=await chain_of(setup, key))
    with pytest.raises(Refusal, match=r"key\.still_active"):
        await setup.retire(first)
    with pytest.raises(Refusal, match=r"key\.unknown"):
        await setup.retire("ffff")
    await setup.retire(key)
    with pytest.raises(Refusal, match=r"key\.retired"):
        await setup.activate_at_once(key)
    wrong_key = await setup.add("other", chain=chain)  # the token's key is not the certificate's
    with pytest.raises(Refusal, match=r"key\.not_ready"):
        await setup.activate_at_once(wrong_key)


async def test_a_rotation_planned_ahead_is_called_off_by_the_key_in_use(setup: RotatingSetup) -> None:
    """Activating it now means that no other key takes over from it later."""
    first = await setup.register_first()
    second = await setup.add("stamp-1")
    await setup.start()
    at = datetime.now(UTC) + timedelta(days=1)
    await setup.activate(second, at=at)
    await setup.activate(first)
    register = await setup.database.owner.fetch("SELECT key_id, active_from FROM stamping.signing_key")
    assert {row["key_id"]: row["active_from"] is None for row in register} == {first: False, second: True}
    entries = await setup.database.owner.fetch(
        "SELECT subject, facts FROM operations.audit_entry WHERE action = 'key.activate' ORDER BY id"
    )
    assert [entry["subject"] for entry in entries] == [second, first]
    assert second in str(entries[-1]["facts"])
    await setup.activate(first)  # once is enough
    assert await setup.value("SELECT count(*) FROM operations.audit_entry WHERE action = 'key.activate'") == 2


async def test_the_next_key_is_asked_for_until_one_follows(
    setup: RotatingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "LITTLE_TIME", timedelta(days=100 * 365))
    await setup.register_first()
    second = await setup.add("stamp-1")
    await setup.start()

    async def asked_for() -> list[bool]:
        found = await keys_now(setup.db, setup.client, now=datetime.now(UTC))
        return [key.needs_next for key in found]

    assert await asked_for() == [True, False]
    await setup.activate(second, at=datetime.now(UTC) + timedelta(days=1))
    assert await asked_for() == [False, False]


async def test_a_key_that_signs_already_can_not_be_put_to_use_later(setup: RotatingSetup) -> None:
    """It would have no effect: the key planned to take over before that time would go on."""
    first = await setup.register_first()
    second = await setup.add("stamp-1")
    await setup.start()
    at = datetime.now(UTC) + timedelta(days=1)
    await setup.activate(second, at=at)
    for later in (timedelta(days=1), timedelta(days=99 * 365)):  # within its validity, and after it
        with pytest.raises(Refusal, match=r"key\.signs_already") as caught:
            await setup.activate(first, at=at + later)
        assert caught.value.facts == {"key_id": first}
    planned = await setup.value("SELECT active_from FROM stamping.signing_key WHERE key_id = $1", second)
    assert planned == at, "nothing was called off"


async def test_a_rotation_that_is_put_off_notes_which_key_it_ends(setup: RotatingSetup) -> None:
    first = await setup.register_first()
    second = await setup.add("stamp-1")
    await setup.start()
    for days in (1, 2):
        await setup.activate(second, at=datetime.now(UTC) + timedelta(days=days))
    facts = await setup.value("SELECT facts FROM operations.audit_entry ORDER BY id DESC LIMIT 1")
    assert msgspec.json.decode(facts)["instead_of"] == first


@pytest.mark.parametrize(("days", "told"), [(-1, "from now on"), (1, "UTC on")])
def test_a_time_that_is_past_means_now(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], days: int, told: str
) -> None:
    monkeypatch.setattr(commands, "_run", lambda *_: "5fcb67d012e36890")
    at = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=days)  # as Typer reads it
    commands.activate_key("5fcb", at)
    assert told in capsys.readouterr().out


@pytest.mark.long
async def test_a_key_whose_seals_no_stamp_has_room_for_is_refused(
    setup: RotatingSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once active, it would keep every job waiting until the key before it is activated again."""
    await setup.register_first()
    await setup.start()
    chain = certify(setup.data / "pki", "pkcs11:token=meterai;object=stamp-1")
    with pytest.raises(Refusal, match=r"key\.unfit") as caught:
        await setup.add(chain=lengthened(setup.data / "pki", chain, 2_200))
    assert caught.value.facts["what"] == "size"
    assert "shorter chain" in str(caught.value.facts["reason"])
    key = await setup.add(chain=lengthened(setup.data / "pki", chain, 1_400))  # 3.6 kB, and it stamps
    await until(lambda: setup.ready(key), 10, "the signer to open the key")
    with monkeypatch.context() as smaller:
        smaller.setattr("meterai.stamping.use_cases.add_key.SEAL_BYTES", 6_656)
        with pytest.raises(Refusal, match=r"key\.unfit"):
            await setup.activate_at_once(key)
    await setup.activate(key)
    await until(lambda: setup.signs_with(key), 5, "the signer to follow")
    assert verdict(setup, await setup.file_of(await setup.stamp())) is Verdict.GENUINE


async def test_a_key_whose_stamps_verifiers_would_not_accept_is_refused(setup: RotatingSetup) -> None:
    """Once active, each of its stamps would be judged not genuine wherever the register can't be asked."""
    pki = setup.data / "pki"
    chain = certify(pki, "pkcs11:token=meterai;object=stamp-1")
    mail = for_purposes(pki, chain, ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH)
    with pytest.raises(Refusal, match=r"key\.unfit") as caught:
        await setup.add(chain=mail)
    assert caught.value.facts["what"] == "usage"
    other = x509.load_pem_x509_certificate((pki / "tsa.pem").read_bytes())
    with pytest.raises(Refusal, match=r"key\.unfit") as caught:
        await setup.add(chain=[*chain, other])
    assert caught.value.facts["what"] == "chain"


async def test_a_key_ends_with_the_first_certificate_of_its_chain(setup: RotatingSetup) -> None:
    """Every verifier would take a stamp after that end for an expired one."""
    pki, end = setup.data / "pki", datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
    chain = with_intermediate_until(pki, certify(pki, "pkcs11:token=meterai;object=stamp-1"), end)
    with pytest.raises(Refusal, match=r"key\.unfit") as caught:
        await setup.add(chain=chain, valid_until=end + timedelta(days=1))
    assert caught.value.facts["what"] == "validity"
    key = await setup.add(chain=chain)
    assert await setup.value("SELECT valid_until FROM stamping.signing_key WHERE key_id = $1", key) == end


@pytest.mark.parametrize("old_first", [True, False])
async def test_a_key_that_is_added_when_its_root_has_been_renewed_does_not_end_with_the_old_one(
    setup: RotatingSetup, old_first: bool
) -> None:
    pki, now = setup.data / "pki", datetime.now(UTC)
    roots = [reissued(pki, setup.roots[0], now + timedelta(days=days)) for days in (400, 9000)]
    chain = certify(pki, "pkcs11:token=meterai;object=stamp-1")
    key = await setup.add(chain=chain, roots=roots if old_first else roots[::-1])
    ends = await setup.value("SELECT valid_until FROM stamping.signing_key WHERE key_id = $1", key)
    assert ends == min(certificate.not_valid_after_utc for certificate in chain) > now + timedelta(days=400)


async def chain_of(setup: RotatingSetup, key_id: str) -> list[x509.Certificate]:
    found = await setup.value("SELECT certificates FROM stamping.signing_key WHERE key_id = $1", key_id)
    return [x509.load_der_x509_certificate(certificate) for certificate in found]


def key(name: str, *, active_from: datetime | None = None, retired_at: datetime | None = None) -> SigningKey:
    return SigningKey(
        key_id=name, place="file:pki", certificates=(), valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=1), active_from=active_from, retired_at=retired_at,
    )  # fmt: skip


def test_a_key_that_ends_soon_is_told_of_until_another_follows_in_time() -> None:
    signing = key("signing", active_from=NOW)
    assert ends_soon([], NOW) is None
    assert ends_soon([signing], NOW) == signing
    assert ends_soon([signing], NOW + timedelta(days=9)) == signing, "over already"
    assert ends_soon([signing], signing.valid_until - LITTLE_TIME - timedelta(days=1)) is None
    late = key("late", active_from=signing.valid_until + timedelta(seconds=1))
    assert ends_soon([signing, key("idle"), late], NOW) == signing
    following = key("following", active_from=signing.valid_until)
    assert ends_soon([signing, following], NOW) is None


def test_the_newest_key_whose_time_has_come_is_active() -> None:
    old = key("old", active_from=NOW - timedelta(hours=2))
    new = key("new", active_from=NOW)
    ahead = key("ahead", active_from=NOW + timedelta(hours=1))
    idle, gone = key("idle"), key("gone", active_from=NOW, retired_at=NOW)
    keys = [idle, ahead, old, gone, new]
    assert active_key(keys, NOW) == new
    assert active_key(keys, NOW - timedelta(seconds=1)) == old
    assert active_key(keys, NOW + timedelta(hours=1)) == ahead
    assert [state_of(item, keys, NOW) for item in keys] == [
        "waiting",
        "next",
        "replaced",
        "retired",
        "active",
    ]
    assert state_of(new, [new], NOW + timedelta(days=2)) == "expired"


async def test_certificates_in_another_order_are_put_right_and_a_wrong_one_is_named(
    setup: RotatingSetup, tmp_path: Path
) -> None:
    pki, place = setup.data / "pki", "pkcs11:token=meterai;object=stamp-1"
    own, intermediate = certify(pki, place)
    key = await setup.add(chain=[intermediate, own])
    assert await chain_of(setup, key) == [own, intermediate]
    strangers = make_pki(tmp_path / "stranger")
    (_, other), own_name = certify(strangers, place), "Meterai Elektronik 10000 SPESIMEN 2"
    tsa = x509.load_pem_x509_certificate((pki / "tsa.pem").read_bytes())
    for chain, said in (
        (
            [own],
            f"'{own_name}' was signed by '{common_name(intermediate)}', which is neither",
        ),
        ([own, other], f"Intermediate CA SPESIMEN' in the file did not sign '{own_name}'"),
        ([intermediate, tsa, own], "the certificates of several keys"),
        ([own, intermediate, other], "Intermediate CA SPESIMEN' signed none of the certificates from"),
    ):
        with pytest.raises(Refusal, match=r"key\.unfit") as caught:
            await setup.add(chain=chain)
        assert caught.value.facts["what"] == "chain"
        assert said in str(caught.value.facts["reason"])


async def test_a_key_is_for_hashes_by_its_certificate_and_never_for_seals_too(setup: RotatingSetup) -> None:
    place = "pkcs11:token=meterai;object=stamp-1"
    marked = certify(setup.data / "pki", place, for_hashes=True)
    for chain, purpose in ((marked, "seal"), (certify(setup.data / "pki", place), "hash")):
        with pytest.raises(Refusal, match=r"key\.unfit") as refused:
            await setup.add("stamp-1", chain=chain, purpose=purpose)
        assert refused.value.facts["what"] == "purpose"
    curve = certify(setup.data / "pki", "pkcs11:token=meterai;object=stamp-2", for_hashes=True)
    with pytest.raises(Refusal, match=r"key\.unfit") as refused:
        await setup.add("stamp-2", chain=curve, purpose="hash")
    assert refused.value.facts["what"] == "kind"


async def test_each_purpose_has_its_own_active_key(setup: RotatingSetup) -> None:
    first = await setup.register_first()
    place = "pkcs11:token=meterai;object=stamp-1"
    chain = certify(setup.data / "pki", place, for_hashes=True)
    hashes = await setup.add("stamp-1", chain=chain, purpose="hash")
    await setup.start()
    await setup.activate(hashes)
    found = await keys_now(setup.db, setup.client, now=datetime.now(UTC))
    assert {(key.key_id, key.purpose, key.state) for key in found} == {
        (first, "seal", "active"),
        (hashes, "hash", "active"),
    }
    await until(lambda: setup.signs_with(first), 10, "the key for seals")
    with pytest.raises(Refusal, match=r"key\.still_active"):
        await setup.retire(hashes)
