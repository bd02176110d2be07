"""What the archive accepts as an answer about a certificate."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from structlog.testing import capture_logs

from meterai.kernel.refusals import Refusal
from meterai.signatures.revocation import FRESH
from meterai.stamping.archive.chains import Link
from tests.archive.future import Future

pytestmark = pytest.mark.storage


@pytest.fixture
def link(future: Future) -> Link:
    """The certificate that seals, and its issuer's."""
    pems = [(future.pki / f"{name}.pem").read_bytes() for name in ("stamp", "intermediate")]
    return Link(*(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) for pem in pems))


async def test_an_ocsp_answer_that_promises_no_next_one_counts_while_it_is_fresh(
    future: Future, link: Link
) -> None:
    future.authority.promises_next = False
    first, again = [await future.revocation.evidence([link], future.clock()) for _ in range(2)]
    assert len(first.ocsp_responses) == 1
    assert again == first, "kept for the other files"
    future.clock.moved = FRESH
    later = await future.revocation.evidence([link], future.clock())
    assert len(later.ocsp_responses) == 1
    assert later != first
    future.clock.moved *= 2
    future.authority._clock = lambda: future.clock() - FRESH
    stale = await future.revocation.evidence([link], future.clock())
    assert (len(stale.ocsp_responses), len(stale.crls)) == (0, 1), "the CRL instead"


async def test_a_responder_s_clock_may_be_a_little_ahead(future: Future, link: Link) -> None:
    """A response about "now" is made after the question."""
    future.authority._clock = lambda: future.clock() + timedelta(minutes=9)  # it backdates by five
    assert (await future.revocation.evidence([link], future.clock())).ocsp_responses
    future.clock.moved = timedelta(days=2)
    future.authority._clock = lambda: future.clock() + timedelta(hours=1)
    with pytest.raises(Refusal, match=r"revocation\.bad_answer"):
        await future.revocation.evidence([link], future.clock())


async def test_a_certificate_that_is_revoked_stands_in_the_log(future: Future, link: Link) -> None:
    at = future.clock().replace(microsecond=0) - timedelta(hours=2)
    future.revoke("stamp", at)
    with capture_logs() as logs:
        for _ in range(2):
            assert (await future.revocation.evidence([link], future.clock())).ocsp_responses
    (told,) = logs
    assert (told["event"], told["revoked_at"]) == ("certificate.revoked", f"{at:%Y-%m-%d %H:%M:%S}")
    assert "Meterai Elektronik" in told["subject"]
