"""`meterai keys ...`: the register of signing keys. docs/keys.md is its runbook."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.history import newest, shown
from meterai.cli.operator.shared.forgotten_keys import words_of_unregistered, words_of_unretired
from meterai.cli.operator.shared.operator_settings import (
    NOT_FOLLOWED,
    given_reason,
    operator_settings,
)
from meterai.cli.operator.shared.signer_confirmation import wait_for_signer
from meterai.cli.operator.shared.signing import (
    SignatureOption,
    Signing,
    SignWithOption,
    released_by_two,
    signed_by_one,
)
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.audit_trail import AuditEntry, read_audit
from meterai.kit.database import Database, connect
from meterai.kit.settings import Settings, from_environment, trust_folder
from meterai.launcher.preparation import LaunchProblem, prepare_folders
from meterai.signatures.certificate_chain import common_name
from meterai.stamping.keys.key_register import KeyNow, keys_beside, keys_now, serials_sealed_by
from meterai.stamping.keys.signing_keys import Purpose, SigningKey, TokenPlace, key_id_of, parse_place
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.signer_wire import UnregisteredKey
from meterai.stamping.use_cases import activate_key as activating
from meterai.stamping.use_cases import add_key as adding
from meterai.stamping.use_cases import retire_key as retiring
from meterai.verification.trust import trusted_roots

_KeyId = Annotated[str, typer.Argument(help="Id of the key, or its first digits.")]
_TIME = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")
_OF_KEYS = ("key", "sealing", "register")
"""Acts of the audit trail that concern the keys; contacts, queues and refunds have theirs in it too."""
_JSON = typer.Option("--json", help="Print one JSON object per key.")


def list_keys(as_json: Annotated[bool, _JSON] = False, data: DataOption = None) -> None:
    """Show every signing key, what it is used for, and how the signer finds it."""

    async def work(
        db: Database, signer: SignerClient, _: Settings
    ) -> tuple[list[KeyNow], list[UnregisteredKey]]:
        return await keys_now(db, signer, now=system_clock()), await keys_beside(signer)

    found, beside = _run(data, work)
    if as_json:
        for key in found:
            typer.echo(key.to_json())
        for other in beside:
            facts = {"state": "unregistered", **msgspec.structs.asdict(other)}
            typer.echo(msgspec.json.encode(facts).decode())
    else:
        _show(found)
        for other in beside:
            typer.echo(words_of_unregistered(other))


def make_code_key(data: DataOption = None) -> None:
    """Make the key of the 2-D code, before the first start in production: one that is there stays."""
    from meterai.stamping.signer.private_keys.code_key import CodeKey

    folder = data_folder(data).absolute()
    try:
        prepare_folders(folder)
        key = CodeKey.make(folder / "pki")
    except (LaunchProblem, OSError) as error:
        typer.echo(f"Not made. {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(
        f"Made key {key.key_id} in {folder / 'pki' / 'code.key.pem'}. Its public part is in "
        "pki/trust/code.json, for whoever reads codes: publish it."
    )


def request_certificate(
    place: Annotated[str, typer.Option(help="pkcs11:token=...;object=...;id=%01 (RFC 7512), no PIN in it.")],
    name: Annotated[str, typer.Option(help="Common name of the certificate.")],
    out: Annotated[Path, typer.Option(help="Where to write the request (PEM).")],
    organisation: Annotated[str, typer.Option(help="Organisation in the certificate.")] = "",
    country: Annotated[str, typer.Option(help="Country in the certificate.")] = "ID",
    data: DataOption = None,
) -> None:
    """Write a certificate request for a key in a token. This use of the key comes before its register."""
    from meterai.stamping.signer.private_keys.certificate_request import make_request
    from meterai.stamping.signer.private_keys.key_opener import pin_file_of
    from meterai.stamping.signer.private_keys.pkcs11_module import read_pin_file

    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    subject = {"country_name": country, "organization_name": organisation, "common_name": name}
    try:
        found = parse_place(place)
        if not isinstance(found, TokenPlace) or not settings.pkcs11_module:
            raise ValueError("name a key in a token, and its module in METERAI_PKCS11_MODULE")
        request = make_request(
            Path(settings.pkcs11_module),
            found,
            lambda: read_pin_file(pin_file_of(settings)),
            {part: text for part, text in subject.items() if text},
        )
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error), param_hint="--place") from None
    try:
        out.write_bytes(request)
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--out") from None
    typer.echo(f"Wrote {out.name}. Next: have the authority certify it, then meterai keys add.")


def add_key(
    place: Annotated[str, typer.Option(help="pkcs11:token=...;object=...;id=%01 (RFC 7512), no PIN in it.")],
    certificate: Annotated[Path, typer.Option(help="PEM: the key's certificate and the intermediates.")],
    purpose: Annotated[Purpose, typer.Option(help="seal: stamps here; hash: hashes of the wire.")] = "seal",
    of_signer: Annotated[
        str, typer.Option("--signer", help="Name of the signer that has it (METERAI_SIGNER_NAME).")
    ] = "",
    valid_from: Annotated[
        datetime | None, typer.Option("--from", formats=_TIME, help="UTC; the certificate's.")
    ] = None,
    valid_until: Annotated[
        datetime | None, typer.Option("--until", formats=_TIME, help="UTC; the certificate's.")
    ] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Register a key ahead of its use, once two officers have signed. It signs nothing until it is activated.

    Exit code 4: nothing is done yet, a signature is missing.
    """
    try:
        given = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"no certificates in PEM: {error}", param_hint="--certificate") from None

    async def work(db: Database, signer: SignerClient, settings: Settings) -> str:
        roots, begin, end = trusted_roots(trust_folder(settings)), _utc(valid_from), _utc(valid_until)
        chain = _in_order(given, roots)
        await _refuse_marked(signer, chain)
        await refuse_misplaced(place, chain, settings)
        key = adding.examine_key(
            place,
            chain,
            roots,
            purpose=purpose,
            signer=of_signer,
            valid_from=begin,
            valid_until=end,
            now=system_clock(),
        )
        actor = await released_by_two(
            db,
            Signing(sign_with, signature),
            kind="key.add",
            subject=key.key_id,
            facts=adding.facts_of_key(key),
        )
        key = await adding.add_key(
            db,
            place=place,
            chain=chain,
            roots=roots,
            purpose=purpose,
            signer=of_signer,
            valid_from=begin,
            valid_until=end,
            actor=actor,
            now=system_clock(),
        )
        return key.key_id

    typer.echo(f"Added key {_run(data, work)}. Next: meterai keys list, then meterai keys activate.")


def _in_order(given: list[x509.Certificate], roots: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The certificates in the order of a chain; says so when it is another one than that of the file."""
    chain = adding.ordered_chain(given, roots)
    if chain != given:
        names = ", ".join(common_name(one) for one in chain)
        typer.echo(f"The certificates were put into order: {names}.", err=True)
    return chain


async def _refuse_marked(signer: SignerClient, chain: Sequence[x509.Certificate]) -> None:
    """Raises: Refusal CONFLICT `key.retired` for a key that the signer has marked as retired."""
    key_id = key_id_of(chain[0].public_bytes(Encoding.DER))
    if any(other.retired and other.key_id == key_id for other in await keys_beside(signer)):
        raise Refusal(Kind.CONFLICT, "key.retired", key_id=key_id)


async def refuse_misplaced(place: str, chain: Sequence[x509.Certificate], settings: Settings) -> None:
    """Asks the token whether the key is there, if this shell knows the token's module.

    A key registered at a wrong place can never be used, and its certificate can't be registered again.

    Raises: Refusal INVALID `key.unfit` (what=place) when the token holds no such key, several, or another.
    """
    from meterai.stamping.signer.private_keys.key_opener import KeyOpener
    from meterai.stamping.signer.private_keys.pkcs11_key import KeyUnfit

    if not settings.pkcs11_module or not place.startswith("pkcs11:"):
        return
    encoded = tuple(item.public_bytes(Encoding.DER) for item in chain)
    key = SigningKey(
        key_id=key_id_of(encoded[0]),
        place=place,
        certificates=encoded,
        valid_from=chain[0].not_valid_before_utc,
        valid_until=chain[0].not_valid_after_utc,
    )
    try:
        device = await KeyOpener(settings)(key)
    except KeyUnfit as error:
        raise Refusal(Kind.INVALID, "key.unfit", what="place", reason=str(error)) from None
    except (ValueError, OSError):
        return  # adding the key gives the reason, or the signer will
    await device.close()


def activate_key(
    key_id: _KeyId,
    at: Annotated[
        datetime | None, typer.Option(formats=_TIME, help="UTC time from which it signs; else at once.")
    ] = None,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Sign with this key from now (or --at) on; the one before it signs until then."""

    async def work(db: Database, signer: SignerClient, _: Settings) -> str:
        full_id = await activating.full_key_id(db, key_id)
        actor = await signed_by_one(
            db,
            Signing(sign_with, signature),
            kind="key.activate",
            subject=full_id,
            facts={"from": f"{at:%Y-%m-%dT%H:%M:%S} UTC" if at else "at once"},
        )
        now = system_clock()
        key = await activating.activate_key(db, signer, full_id, at=_utc(at), actor=actor, now=now)
        return key.key_id

    done, begin = _run(data, work), _utc(at)
    ahead = begin is not None and begin > system_clock()
    typer.echo(f"Key {done} signs from {f'{at:%Y-%m-%dT%H:%M:%S} UTC' if ahead else 'now'} on.")


def retire_key(
    key_id: _KeyId,
    reason: Annotated[str, typer.Option(help="Why; for the audit trail.")],
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Never sign with this key again. The stamps it signed stay genuine.

    The signer marks the key beside its counter, so that no restore of the database forgets it.
    Exit code 3: it is retired, but the signer was not seen to mark it; 1 or 2: it is not retired.
    """
    reason = given_reason(reason)

    async def work(db: Database, signer: SignerClient, _: Settings) -> None:
        full_id = await activating.full_key_id(db, key_id)
        actor = await signed_by_one(
            db,
            Signing(sign_with, signature),
            kind="key.retire",
            subject=full_id,
            facts={"reason": reason},
        )
        key = await retiring.retire_key(db, full_id, reason=reason, actor=actor, now=system_clock())
        typer.echo(f"Key {key.key_id} is retired. What it signed stays genuine.")

        async def has_seen() -> bool:
            reports = await signer.keys()
            return all(one.trouble == "retired" for one in reports if one.key_id == key.key_id)

        told = await wait_for_signer(
            has_seen,
            does="has marked it and begins nothing with it any more",
            not_there="nothing is signed with it.",
        )
        typer.echo(told.words)
        if not told.seen:
            typer.echo(
                "The signer has not marked the key yet: a restore of the database would forget that it is "
                f"retired. Next: start the signer, then run this command again: meterai keys retire "
                f"{key.key_id} (docs/backup.md)."
            )
            raise typer.Exit(NOT_FOLLOWED)

    _run(data, work)


def list_serials(
    key_id: Annotated[str, typer.Argument(help="Id of the key, in full.")], data: DataOption = None
) -> None:
    """Print every serial number that a key sealed, with its time of release (UTC): for emergencies."""

    async def work(db: Database, _: SignerClient, __: Settings) -> None:
        async for serial, released_at in serials_sealed_by(db, key_id):
            typer.echo(f"{serial}  {released_at:%Y-%m-%d %H:%M:%S}")

    _run(data, work)


def show_history(
    limit: Annotated[int, typer.Option(min=1, help="How many acts, the newest last.")] = 50,
    data: DataOption = None,
) -> None:
    """Show who added, activated and retired keys, and who threw and released the stop switch.

    Restores of the register are shown too.
    """

    async def work(db: Database, _: SignerClient, __: Settings) -> list[AuditEntry]:
        async with db.connection() as connection:
            return await read_audit(connection, kinds=_OF_KEYS, limit=limit + 1)

    for entry in newest(_run(data, work), limit):
        typer.echo(shown(entry))


def _run[R](data: Path | None, work: Callable[[Database, SignerClient, Settings], Awaitable[R]]) -> R:
    return asyncio.run(_with_service(operator_settings(data), work))


async def _with_service[R](
    settings: Settings, work: Callable[[Database, SignerClient, Settings], Awaitable[R]]
) -> R:
    db = await connect(settings.database_operator_url, connections_max=1, application_name="meterai keys")
    signer = SignerClient.of(settings)
    try:
        return await work(db, signer, settings)
    finally:
        await signer.close()
        await db.close()


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _show(found: list[KeyNow]) -> None:
    if not found:
        typer.echo("No key is registered: nothing can be signed. Next: meterai keys add.")
    for key in found:
        dates = f"{key.valid_from:%Y-%m-%d} to {key.valid_until:%Y-%m-%d}"
        typer.echo(f"{key.key_id}  {key.state:<8}  {dates}  used {key.uses:,} times  {key.signer or 'ready'}")
        use = "  (for hashes)" if key.purpose == "hash" else ""
        use += f"  (of the signer {key.held_by})" if key.held_by else ""
        typer.echo(f"{'':16}  {key.place}  {key.name}{use}")
        if key.forgotten:
            typer.echo(words_of_unretired(key.key_id, key.forgotten, key.retired_at))
        if key.needs_next:
            days = (key.valid_until - system_clock()).days
            left = "It has ended, nothing is signed" if days < 0 else f"Only {days} days are left"
            typer.echo(f"{'':16}  {left}: add the next key (docs/keys.md, rotation).")
