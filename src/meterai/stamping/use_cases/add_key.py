"""Adds a signing key to the register before it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor
from meterai.kit.audit_trail import write_audit
from meterai.kit.database import Connection, Database
from meterai.signatures.certificate_chain import build_path, may_stamp
from meterai.signatures.hash_attributes import HASH_POLICY_OID, is_for_hashes
from meterai.stamping.keys.chain_order import in_order
from meterai.stamping.keys.signing_keys import Purpose, SigningKey, key_id_of, parse_place
from meterai.stamping.model import SEAL_BYTES, TOKEN_BYTES
from meterai.stamping.signer.cms import cms_bytes_max
from meterai.stamping.store import keys


async def add_key(
    db: Database,
    *,
    place: str,
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    purpose: Purpose = "seal",
    signer: str = "",
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    actor: str | Actor,
    now: datetime,
) -> SigningKey:
    """Registers the key whose certificates are in `chain`, in any order. It signs nothing yet.

    Raises: what `examine_key` raises; Refusal CONFLICT `key.known`; FORBIDDEN `officer.unsigned`: two
    officers have not released it.
    """
    key = examine_key(
        place,
        chain,
        roots,
        purpose=purpose,
        signer=signer,
        valid_from=valid_from,
        valid_until=valid_until,
        now=now,
    )
    async with db.transaction() as tx:
        return await _insert(tx, key, actor=actor, now=now)


async def add_released_key(
    tx: Connection,
    facts: Mapping[str, object],
    *,
    roots: Sequence[x509.Certificate],
    actor: str | Actor,
    now: datetime,
) -> SigningKey:
    """Does what `add_key` does, with the facts of a request, in the transaction of an officer's signature."""
    asked = msgspec.convert(facts, _Asked)
    chain = [x509.load_der_x509_certificate(bytes.fromhex(one)) for one in asked.certificates]
    key = examine_key(
        asked.place,
        chain,
        roots,
        purpose=asked.purpose,
        signer=asked.signer,
        valid_from=asked.valid_from,
        valid_until=asked.valid_until,
        now=now,
    )
    return await _insert(tx, key, actor=actor, now=now)


def examine_key(
    place: str,
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    *,
    purpose: Purpose = "seal",
    signer: str = "",
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    now: datetime,
) -> SigningKey:
    """Checks the key whose certificates are in `chain`, in any order, by the rules of every verifier.

    `place`: see `signing_keys.parse_place`. `roots`: what verifiers trust. `signer`: the one that has it.
    The validity is that of the whole chain, the root included, unless a shorter one is given.

    Raises: Refusal INVALID `key.unfit` (what=place, kind, purpose, usage, chain, size or validity).
    """
    try:
        parse_place(place)
    except ValueError as error:
        raise Refusal(Kind.INVALID, "key.unfit", what="place", reason=str(error)) from None
    chain = ordered_chain(chain, roots)
    _check_kind(chain[0], purpose)
    path = _path(chain, roots, now)
    first, last = (
        max(item.not_valid_before_utc for item in path),
        min(item.not_valid_after_utc for item in path),
    )
    begin, end = valid_from or first, valid_until or last
    if not first <= begin < end <= last or end <= now:
        raise Refusal(Kind.INVALID, "key.unfit", what="validity")
    _path(chain, roots, begin)
    encoded = tuple(item.public_bytes(Encoding.DER) for item in chain if item not in roots)
    if purpose == "seal":  # who puts a signed hash into a file makes the room there
        check_size(encoded)
    return SigningKey(
        key_id=key_id_of(encoded[0]),
        place=place,
        certificates=encoded,
        valid_from=begin,
        valid_until=end,
        purpose=purpose,
        signer=signer,
    )


def ordered_chain(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> list[x509.Certificate]:
    """Returns the certificates in the order of a chain, the key's own first.

    Raises: Refusal INVALID `key.unfit` (what=chain), whose reason names the certificate that does not fit.
    """
    try:
        return in_order(chain, roots)
    except ValueError as error:
        raise Refusal(Kind.INVALID, "key.unfit", what="chain", reason=str(error)) from None


def facts_of_key(key: SigningKey) -> dict[str, object]:
    """What two officers release: all that the register keeps of the key."""
    return keys.facts_of_key(key)


class _Asked(msgspec.Struct, frozen=True):
    """The facts of a request for a key, as `keys.facts_of_key` writes them."""

    place: str
    valid_from: datetime
    valid_until: datetime
    certificates: list[str]
    purpose: Purpose = "seal"
    signer: str = ""


async def _insert(tx: Connection, key: SigningKey, *, actor: str | Actor, now: datetime) -> SigningKey:
    if not await keys.insert_key(tx, key, now):
        raise Refusal(Kind.CONFLICT, "key.known", key_id=key.key_id)
    facts = {
        "place": key.place,
        "valid_from": key.valid_from.isoformat(),
        "valid_until": key.valid_until.isoformat(),
        **({"purpose": key.purpose} if key.purpose != "seal" else {}),
        **({"signer": key.signer} if key.signer else {}),
    }
    await write_audit(tx, actor=actor, action="key.add", subject=key.key_id, facts=facts, now=now)
    return key


def check_size(certificates: Sequence[bytes]) -> None:
    """Checks that a seal with these certificates (DER) fits into the gap of every prepared document.

    Raises: Refusal INVALID `key.unfit` (what=size). Otherwise every job would wait with `seal.gap_too_small`.
    """
    needed = cms_bytes_max(certificates, TOKEN_BYTES)
    if needed > SEAL_BYTES:
        reason = (
            f"with these certificates a seal takes {needed} bytes, a stamp has room for {SEAL_BYTES}: "
            "ask the authority for a shorter chain"
        )
        raise Refusal(Kind.INVALID, "key.unfit", what="size", reason=reason)


def _check_kind(certificate: x509.Certificate, purpose: Purpose) -> None:
    public = certificate.public_key()
    if not (_is_rsa(public) or (purpose == "seal" and _is_p256(public))):
        kinds = "RSA 2048 to 4096 bits or P-256" if purpose == "seal" else "RSA 2048 to 4096 bits"
        raise Refusal(Kind.INVALID, "key.unfit", what="kind", reason=kinds)
    if is_for_hashes(certificate) is not (purpose == "hash"):
        has = "lacks" if purpose == "hash" else "has"
        reason = f"the certificate {has} the policy {HASH_POLICY_OID}, which marks keys for hashes"
        raise Refusal(Kind.INVALID, "key.unfit", what="purpose", reason=reason)
    if not may_stamp(certificate):
        raise Refusal(Kind.INVALID, "key.unfit", what="usage")


def _is_rsa(public: object) -> bool:
    return isinstance(public, rsa.RSAPublicKey) and 2048 <= public.key_size <= 4096


def _is_p256(public: object) -> bool:
    return isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1)


def _path(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], moment: datetime
) -> tuple[x509.Certificate, ...]:
    """Returns the path from the key's certificate to the root, as verifiers will build it.

    Raises: Refusal INVALID `key.unfit` when verifiers would not accept it, for another reason than its age.
    """
    found = build_path(list(chain), list(roots), moment, exact=True)
    if not found.leads_to_root or found.problem not in ("", "chain.expired"):
        raise Refusal(Kind.INVALID, "key.unfit", what="chain", reason=found.problem)
    return found.certificates
