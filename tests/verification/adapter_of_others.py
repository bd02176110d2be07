"""Puts stamps on documents as other makers' adapters do: their library builds the CMS, we sign a hash."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from PIL import Image
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
from pyhanko.sign.attributes import CMSAttributeProvider
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import Signer, SimpleSigner
from pyhanko.stamp import StaticStampStyle

from meterai.signatures.hash_attributes import check_attributes
from tests.verification.making import SERIAL, Stamper, certificate, sign, store

Service = Callable[[bytes], bytes]
"""Signs the DER of signed attributes, as docSigningB does."""
PLAIN, PADES = SigSeedSubFilter.ADOBE_PKCS7_DETACHED, SigSeedSubFilter.PADES


def signing_key(stamper: Stamper, name: str) -> rsa.RSAPrivateKey:
    key = load_pem_private_key((stamper.folder / f"{name}.key.pem").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def careful(service: Service, certificate: asn1_x509.Certificate, *, plain: bool) -> Service:
    """The service as it is: it signs no other attributes than the signer does."""

    def sign_hash(attributes: bytes) -> bytes:
        check_attributes(attributes, certificate=certificate.dump(), plain=plain)
        return service(attributes)

    return sign_hash


def signing_with(key: rsa.RSAPrivateKey) -> Service:
    """A service that signs whatever it is sent, so that the verifier alone is tried."""
    return lambda attributes: key.sign(attributes, padding.PKCS1v15(), hashes.SHA256())


class _Attribute(CMSAttributeProvider):
    """A signed attribute with these values."""

    def __init__(self, kind: str, values: list[core.Asn1Value]) -> None:
        self.attribute_type = kind
        self._values = values

    async def get_attribute(self, dry_run: bool = False) -> cms.CMSAttribute:
        return cms.CMSAttribute({"type": self.attribute_type, "values": self._values})

    async def build_attr_value(self, dry_run: bool = False) -> Any:
        raise AssertionError


class RemoteSigner(Signer):
    """pyHanko's own builder of CMS structures around a signature that comes from a service."""

    def __init__(
        self,
        sign_hash: Service,
        chain: list[asn1_x509.Certificate],
        *,
        plain: bool = False,
        more: dict[str, list[core.Asn1Value]] | None = None,
    ) -> None:
        """`chain`: the signer's certificate first. `more`: further signed attributes."""
        super().__init__(signing_cert=chain[0], cert_registry=store(*chain[1:]))
        self._sign_hash, self._plain, self._more = sign_hash, plain, more or {}

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        assert digest_algorithm in ("sha256", "sha512")
        return bytes(256) if dry_run else self._sign_hash(data)

    def _signed_attr_providers(self, *args: Any, **kwargs: Any) -> Iterator[CMSAttributeProvider]:
        if not self._plain:
            yield from super()._signed_attr_providers(*args, **{**kwargs, "use_cades": True})
        yield from (_Attribute(kind, values) for kind, values in self._more.items())


@dataclass(frozen=True)
class Adapter:
    """How a maker's adapter puts stamps on documents."""

    subfilter: SigSeedSubFilter = PADES
    time_stamped: bool = True
    certify: MDPPerm | None = None
    digest: str = "sha256"
    picture: Image.Image | None = None
    at: tuple[int, int] = (300, 100)
    key: str = "hash"
    certificate: str = "hash"
    more: tuple[tuple[str, list[core.Asn1Value]], ...] = ()
    careful: bool = False
    """The service signs what the signer would sign, and nothing else."""

    def stamp(
        self,
        data: bytes,
        stamper: Stamper | None,
        serial: str = SERIAL,
        *,
        reason: str = "",
        signer: Signer | SimpleSigner | None = None,
        time_stamper: Any = None,
        existing: bool = False,
    ) -> bytes:
        """A stamp as a picture in the field `Emet<SN>`, a new one unless `existing`.

        Without `stamper`, signer and time stamper must be given.
        """
        if stamper is not None:
            signer = signer or self._remote(stamper)
            time_stamper = time_stamper or (stamper.time_stamper() if self.time_stamped else None)
        left, bottom = self.at
        field = SigFieldSpec(sig_field_name=f"Emet{serial}", box=(left, bottom, left + 90, bottom + 90))
        signing = PdfSigner(
            PdfSignatureMetadata(
                field_name=f"Emet{serial}",
                reason=reason or f"[{serial}] Perjanjian",
                location="Jakarta",
                name="(e-meterai_signatures)",
                subfilter=self.subfilter,
                md_algorithm=self.digest,
                certify=self.certify is not None,
                **({"docmdp_permissions": self.certify} if self.certify else {}),
            ),
            signer=signer,
            timestamper=time_stamper,
            stamp_style=_look(self.picture or Image.new("RGB", (200, 200), "lightblue")),
            new_field_spec=None if existing else field,
        )
        return sign(signing, IncrementalPdfFileWriter(io.BytesIO(data)))

    def _remote(self, stamper: Stamper) -> RemoteSigner:
        chain = [certificate(stamper.folder / f"{name}.pem") for name in (self.certificate, "intermediate")]
        plain = self.subfilter is PLAIN
        sign_hash = signing_with(signing_key(stamper, self.key))
        if self.careful:
            sign_hash = careful(sign_hash, chain[0], plain=plain)
        return RemoteSigner(sign_hash, chain, plain=plain, more=dict(self.more))


def _look(picture: Image.Image) -> StaticStampStyle:
    """A JPEG that fills the face."""
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=90)
    middle, none = AxisAlignment.ALIGN_MID, Margins(0, 0, 0, 0)
    layout = SimpleBoxLayoutRule(x_align=middle, y_align=middle, margins=none)
    image = PdfImage(Image.open(io.BytesIO(file.getvalue())))
    return StaticStampStyle(border_width=0, background=image, background_opacity=1, background_layout=layout)
