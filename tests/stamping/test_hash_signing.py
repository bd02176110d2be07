"""Hashes of partners: signed once for each serial number, with a key that seals nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes as algorithms
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from meterai.kernel.ids import new_id
from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import make_serial
from meterai.partners.model import Terms
from meterai.partners.use_cases.agree import agree
from meterai.signatures import der
from meterai.signatures.signed_data import OID_CONTENT_TYPE, OID_DATA, OID_MESSAGE_DIGEST
from meterai.signatures.stamp_code import decode_code
from meterai.stamping.keys.development_key import register_development_keys
from meterai.stamping.ports import HashSigner
from meterai.stamping.signer import register
from meterai.stamping.signer.key_files import counter_path
from meterai.stamping.signer.private_keys.key_counter import CounterMismatch
from meterai.stamping.store import hashes
from meterai.stamping.use_cases.code_of_serial import code_of_serial
from meterai.stamping.use_cases.date_hash import date_hash
from meterai.stamping.use_cases.return_serials import return_serials
from meterai.stamping.use_cases.sign_hash import sign_hash
from tests.partners.organisations import PRICE, Chain, make_chain
from tests.stamping.hash_setup import DOCUMENT, SOURCE, HashSetup, SiteAlone
from tests.stamping.stamping_setup import TimeStampAuthority, copy_pki
from tests.storage_fixtures import TestDatabase

pytestmark = pytest.mark.storage
OTHER = hashlib.sha256(b"another byte range").digest()
TODAY = date(2026, 11, 3)


@pytest_asyncio.fixture
async def chain(database: TestDatabase) -> Chain:
    return await make_chain(database.operator, now=datetime.now(UTC))


@pytest.fixture
def stopped(
    database: TestDatabase, chain: Chain, tmp_path: Path, pki: Path, shared_tsa: TimeStampAuthority
) -> HashSetup:
    """The set-up without a running signer."""
    copy_pki(pki, tmp_path, for_hashes=True)
    return HashSetup(database, tmp_path, shared_tsa.url, chain.enterprise)


@pytest_asyncio.fixture
async def setup(stopped: HashSetup) -> AsyncIterator[HashSetup]:
    async with stopped.signer(SiteAlone()):
        yield stopped


async def refused(work: object) -> str:
    with pytest.raises(Refusal) as found:
        await work  # type: ignore[misc]
    return found.value.code


async def test_a_hash_uses_one_stamp_and_a_repeat_nothing(setup: HashSetup) -> None:
    serial, attributes = await setup.take(), await setup.attributes()
    assert await setup.balances() == (69, 1, 0)
    signed = await setup.sign(serial, attributes)
    leaf = x509.load_der_x509_certificate((await setup.client.hash_key()).certificate_chain[0])
    public = leaf.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(signed.signature, attributes, padding.PKCS1v15(), algorithms.SHA256())
    assert (signed.number, await setup.balances(), await setup.uses()) == (1, (69, 0, 1), 1)
    assert await setup.sign(serial, attributes) == signed
    again = await setup.sign(serial, await setup.attributes(OTHER))
    assert (again.number, again.signature != signed.signature) == (2, True)
    assert (await setup.balances(), await setup.uses(), await setup.attempts()) == ((69, 0, 1), 2, 2)


async def test_what_may_not_be_signed_uses_nothing(setup: HashSetup, chain: Chain) -> None:
    serial, attributes = await setup.take(), await setup.attributes()
    foreign = make_serial(bytes(range(32)))
    assert await refused(setup.sign(foreign, attributes)) == "serial.unknown"
    assert await refused(setup.sign(serial, attributes, by=chain.retailer)) == "serial.unknown"
    assert await refused(setup.sign(serial, attributes + b"\0")) == "hash.attributes"
    assert (await setup.uses(), await setup.balances()) == (0, (69, 1, 0))
    await setup.sign(serial, attributes)
    assert await refused(setup.sign(serial, attributes, source=OTHER)) == "hash.other_source"
    for number in range(2, 6):
        digest = hashlib.sha256(b"%d" % number).digest()
        assert (await setup.sign(serial, await setup.attributes(digest))).number == number
    assert await refused(setup.sign(serial, await setup.attributes(OTHER))) == "hash.enough_requests"
    back = await setup.take()
    await return_serials(setup.database.site, [back], organisation_id=setup.firm.id, now=datetime.now(UTC))
    assert await refused(setup.sign(back, attributes)) == "serial.not_unstamped"
    assert await setup.balances() == (69, 0, 1)


async def test_plain_attributes_are_signed_where_the_agreement_says_so(setup: HashSetup) -> None:
    values = ((OID_CONTENT_TYPE, OID_DATA), (OID_MESSAGE_DIGEST, der.encode(der.OCTET_STRING, DOCUMENT)))
    plain = der.encode_set_of(
        der.SET,
        *(der.encode(der.SEQUENCE, kind, der.encode(der.SET, value)) for kind, value in values),
    )
    serial = await setup.take()
    assert await refused(setup.sign(serial, plain)) == "hash.attributes"
    terms = Terms(unit_price=PRICE, plain_hashes=True)
    await agree(setup.database.operator, setup.firm.id, terms, now=datetime.now(UTC))
    assert (await setup.sign(serial, plain)).number == 1


async def test_calls_at_once_use_one_stamp(setup: HashSetup) -> None:
    serial, attributes = await setup.take(), await setup.attributes()
    first, *others = await asyncio.gather(*(setup.sign(serial, attributes) for _ in range(6)))
    assert others == [first] * 5
    assert await setup.balances() == (69, 0, 1)
    assert await setup.uses() == await setup.attempts()


async def test_a_serial_number_is_either_signed_or_given_back(setup: HashSetup) -> None:
    serials, attributes = [await setup.take() for _ in range(8)], await setup.attributes()
    firm, now = setup.firm.id, datetime.now(UTC)
    results = await asyncio.gather(
        *(setup.sign(serial, attributes) for serial in serials),
        *(return_serials(setup.database.site, [one], organisation_id=firm, now=now) for one in serials),
        return_exceptions=True,
    )
    signed = {s for s, result in zip(serials, results, strict=False) if not isinstance(result, Refusal)}
    back = {one for result in results[8:] for one in result}  # type: ignore[union-attr]
    assert signed | back == set(serials)
    assert not signed & back
    assert await setup.balances() == (62 + len(back), 0, len(signed))


async def test_one_given_back_while_its_hash_is_signed_gets_no_signature(setup: HashSetup) -> None:
    serial, attributes = await setup.take(), await setup.attributes()
    firm, now, site = setup.firm.id, datetime.now(UTC), setup.database.site

    class Slow:
        hash_key = setup.client.hash_key

        async def sign_hash(self, request_id: object) -> tuple[bytes, str]:
            signed = await setup.client.sign_hash(request_id)  # type: ignore[arg-type]
            await return_serials(site, [serial], organisation_id=firm, now=now)
            return signed

    slow: HashSigner = Slow()  # type: ignore[assignment]
    call = sign_hash(
        site, slow, organisation_id=firm, serial=serial, source_sha256=SOURCE, attributes=attributes, now=now
    )
    assert await refused(call) == "serial.not_unstamped"
    assert await setup.balances() == (70, 0, 0)
    assert await setup.uses() == await setup.attempts() == 1


@pytest.mark.parametrize("point", ["signer_after_count", "signer_after_sign"])
async def test_a_signer_that_dies_after_counting_goes_on(stopped: HashSetup, point: str) -> None:
    serial = await stopped.take()
    async with stopped.signer(SiteAlone()):
        attributes = await stopped.attributes()
        stopped.fails.at = point
        assert await refused(stopped.sign(serial, attributes)) == "signer.unavailable"
        assert await stopped.balances() == (69, 1, 0)
    stopped.fails.at = ""
    async with stopped.signer(SiteAlone()):
        signed = await stopped.sign(serial, attributes)
        assert signed.number == 1
        assert await stopped.balances() == (69, 0, 1)
        assert await stopped.uses() == await stopped.attempts()


async def test_a_site_that_dies_before_the_signature_is_stored_goes_on(setup: HashSetup) -> None:
    serial, attributes = await setup.take(), await setup.attributes()
    async with setup.database.site.connection() as connection:
        request = await hashes.ask(
            connection, organisation_id=setup.firm.id, request_id=new_id(datetime.now(UTC)), serial=serial,
            source_sha256=SOURCE, message_digest=DOCUMENT, attributes=attributes, now=datetime.now(UTC),
        )  # fmt: skip
    lost, _ = await setup.client.sign_hash(request)
    signed = await setup.sign(serial, attributes)
    assert (signed.request_id, signed.signature) == (request, lost)
    assert (await setup.balances(), await setup.attempts()) == ((69, 0, 1), 2)


async def test_a_counter_from_an_older_copy_stops_the_start(stopped: HashSetup) -> None:
    """A stored signature says that its attempt reached the key."""
    async with stopped.signer():
        await stopped.sign(await stopped.take(), await stopped.attributes())
        path = counter_path(stopped.data / "signer", (await stopped.client.hash_key()).key_id)
    path.write_text(f"{0:020d}")
    with pytest.raises(CounterMismatch, match="older copy"):
        async with stopped.signer():
            pass


async def test_a_hash_that_the_signer_does_not_know_as_sound_is_not_signed(setup: HashSetup) -> None:
    """Whoever took the site over may write a request. Its attempt counts on both sides."""
    serial = await setup.take()
    async with setup.database.site.connection() as connection:
        request = await hashes.ask(
            connection, organisation_id=setup.firm.id, request_id=new_id(datetime.now(UTC)), serial=serial,
            source_sha256=SOURCE, message_digest=DOCUMENT, attributes=b"a contract", now=datetime.now(UTC),
        )  # fmt: skip
    assert await refused(setup.client.sign_hash(request)) == "hash.attributes"
    assert await refused(setup.client.sign_hash(new_id(datetime.now(UTC)))) == "stamping.no_hash_request"
    assert await setup.uses() == await setup.attempts() == 1


async def test_no_attempt_is_counted_with_a_key_for_seals(setup: HashSetup) -> None:
    await register_development_keys(setup.database.operator, setup.data, now=datetime.now(UTC))
    await setup.sign(await setup.take(), await setup.attributes())
    request = await setup.database.owner.fetchval("SELECT id FROM stamping.hash_request")
    async with setup.database.signer.connection() as connection:
        for key_id, purpose in await setup.database.owner.fetch(
            "SELECT key_id, purpose FROM stamping.signing_key"
        ):
            counted = await register.count_hashes(connection, [request], key_id, datetime.now(UTC))
            assert bool(counted) is (purpose == "hash")


async def test_nothing_is_signed_while_the_stop_switch_is_thrown(stopped: HashSetup) -> None:
    serial = await stopped.take()
    await stopped.database.owner.execute("SELECT operations.trip_sealing_stop('test', now())")
    async with stopped.signer():
        assert await refused(stopped.sign(serial, await stopped.attributes())) == "sealing.stopped"
    assert await stopped.balances() == (69, 1, 0)


async def test_taken_serial_numbers_have_codes_and_others_have_none_here(setup: HashSetup) -> None:
    serial = await setup.take()
    url = "https://meterai.test"
    code = await code_of_serial(setup.client, url, serial, TODAY)
    assert decode_code(code).serial == serial
    await setup.sign(serial, await setup.attributes())
    assert await code_of_serial(setup.client, url, serial, TODAY) == code
    async with setup.database.owner.transaction():
        await setup.database.owner.execute("SET LOCAL session_replication_role = replica")
        await setup.database.owner.execute(
            """UPDATE stamping.serial SET state = 'allocated', job_id = gen_random_uuid(), ordinal = 1,
                   reservation_id = gen_random_uuid(), placement = '{}'"""
        )
    assert await refused(code_of_serial(setup.client, url, serial, TODAY)) == "stamping.serial_not_allocated"
    assert await refused(setup.client.seal([serial])) == "signer.not_allowed"


async def test_a_signature_is_dated_for_its_organisation_alone(setup: HashSetup, chain: Chain) -> None:
    signed = await setup.sign(await setup.take(), await setup.attributes())
    imprint = hashlib.sha256(signed.signature).digest()
    for _ in range(2):
        token = await date_hash(
            setup.database.site, setup.client, organisation_id=setup.firm.id, imprint=imprint
        )
        assert imprint in token
    for organisation, digest in ((chain.retailer, imprint), (setup.firm, OTHER)):
        call = date_hash(setup.database.site, setup.client, organisation_id=organisation.id, imprint=digest)
        assert await refused(call) == "hash.unknown"
    assert await refused(setup.client.time_stamps([OTHER])) == "stamping.no_release"
