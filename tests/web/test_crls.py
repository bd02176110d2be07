"""The CRL addresses in development's certificates are the site's, and it answers them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from meterai.stamping.archive.crl_mirror import PLACE, CrlMirror
from meterai.stamping.keys.development_key import development_key
from sandbox.pki.authority import make_pki
from sandbox.revocation.application import make_application
from sandbox.revocation.authority import RevocationAuthority, Revoked
from tests.ports import free_port
from tests.sandbox.twins import served
from tests.web.asking import ask
from tests.web.running_site import RunningSite

SITE = "https://situs.contoh"


def crl_addresses(certificate: x509.Certificate) -> list[str]:
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    return [name.value for point in points for name in point.full_name or ()]


def linked(pki: Path, chain: Sequence[bytes]) -> list[tuple[x509.Certificate, x509.Certificate]]:
    """Each certificate of the chain of a key, and its issuer."""
    certificates = [x509.load_der_x509_certificate(one) for one in chain]
    root = x509.load_pem_x509_certificate((pki / "trust" / "root.pem").read_bytes())
    return list(zip(certificates, [*certificates[1:], root], strict=True))


async def test_every_crl_address_in_the_chain_for_hashes_answers(
    running: RunningSite, tmp_path: Path
) -> None:
    pki = make_pki(tmp_path / "pki", "p-256", revocation_url=f"{SITE}{PLACE}")
    authority = RevocationAuthority(pki)
    chain = linked(pki, development_key(pki, "hash").certificates)
    revoked = f"{chain[0][0].serial_number:x}"
    authority.revoke(Revoked(certificate=revoked, at=datetime.now(UTC)))
    async with served(make_application(authority), free_port()) as url:
        running.app.crls = CrlMirror(url)
        for certificate, issuer in chain:
            (address,) = crl_addresses(certificate)
            assert address.startswith(f"{SITE}{PLACE}/")
            answer = await ask(running.site, urlsplit(address).path)
            assert (answer.status, answer.headers["content-type"]) == (200, "application/pkix-crl")
            crl = x509.load_der_x509_crl(answer.body)
            public = issuer.public_key()
            assert isinstance(public, ec.EllipticCurvePublicKey)
            assert crl.is_signature_valid(public)
            found = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
            assert (found is not None) is (certificate is chain[0][0])
        for name in ("leaf.crl", "root.key.pem", "..%2Fkeys"):
            assert (await ask(running.site, f"{PLACE}/{name}")).status == 404
        await running.app.crls.close()


async def test_a_revocation_service_that_is_away_is_told(running: RunningSite) -> None:
    running.app.crls = CrlMirror(f"http://127.0.0.1:{free_port()}")
    answer = await ask(running.site, f"{PLACE}/root.crl")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    await running.app.crls.close()


async def test_production_has_no_crls_of_its_own(running: RunningSite) -> None:
    running.app.crls = CrlMirror("")
    assert (await ask(running.site, f"{PLACE}/root.crl")).status == 404
