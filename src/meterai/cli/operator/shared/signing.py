"""Officers' signatures on the command line: made with a key, read from a file, or pasted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from meterai.cli.operator.shared.operator_settings import operator_name
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.acting import Actor, Signature
from meterai.kit.database import Database
from meterai.operations.officers import register, ssh_keygen
from meterai.operations.officers.act_text import Act, fresh_of, make_fresh, text_of
from meterai.operations.use_cases.ask_two_officers import ask_two_officers
from meterai.operations.use_cases.verify_signature import verify_signature

WAITS: Final = 4
"""Exit code: nothing is done yet. A signature is missing, here or of a second officer."""
SignWithOption = Annotated[
    Path | None,
    typer.Option(
        "--sign-with", help="Sign with this SSH key: a private key, or the .pub file of a key in the agent."
    ),
]
SignatureOption = Annotated[
    Path | None,
    typer.Option(
        "--signature",
        help="File of the signature, such as act.sig. When it is not there, the text is written to act.",
    ),
]
_END: Final = "-----END SSH SIGNATURE-----"


class Signing(msgspec.Struct, frozen=True):
    """How the person at the keyboard signs. Neither: the text is shown, and the signature is pasted."""

    key: Path | None = None
    file: Path | None = None


async def signed_by_one(
    db: Database, signing: Signing, *, kind: str, subject: str, facts: Mapping[str, object]
) -> Actor:
    """Returns who acts, for an act that one officer signs. In development without officers: the login.

    The stop switch can also be thrown while no officer is recorded.

    Raises: what `verify_signature` raises; typer.Exit when only the text was written.
    """
    async with db.connection() as connection:
        checked = await register.is_checked(connection)
        recorded = await register.recorded_officers(connection)
    if not checked or (kind == "sealing.stop" and not recorded):
        return unchecked_actor()
    signed = await signature_of(db, signing, Act(kind=kind, subject=subject, facts=facts))
    return Actor(name=signed.officer, signature=signed)


async def released_by_two(
    db: Database,
    signing: Signing,
    *,
    kind: str,
    subject: str,
    facts: Mapping[str, object],
    person: str | None = None,
) -> Actor:
    """Returns who acts in development without officers. Else it stores a request with the first signature.

    A second officer carries the act out: `meterai release sign`.

    Raises: what `verify_signature` and `ask_two_officers` raise; typer.Exit once the request is stored.
    """
    async with db.connection() as connection:
        if not await register.is_checked(connection):
            return unchecked_actor()
    signed = await signature_of(db, signing, Act(kind=kind, subject=subject, facts=facts))
    number = await ask_two_officers(db, signed, facts, person=person)
    typer.echo(
        f"{signed.officer} has signed. Nothing is done yet: request {number} waits for a second officer. "
        f"They run: meterai release sign {number}"
    )
    raise typer.Exit(WAITS)


def unchecked_actor() -> Actor:
    """Returns the login as the one who acts, and says that nobody has checked it."""
    typer.echo("No officers are recorded here: nobody checks who you are (docs/on-duty.md).", err=True)
    return Actor(name=operator_name())


async def signature_of(db: Database, signing: Signing, act: Act) -> Signature:
    """Shows the text of the act, gets its signature and verifies it. Raises: what `verify_signature` raises;
    Refusal FORBIDDEN `officer.none_recorded`, `officer.unsigned`; typer.Exit when only the text was
    written."""
    async with db.connection() as connection:
        if not await register.recorded_officers(connection):
            raise Refusal(Kind.FORBIDDEN, "officer.none_recorded")
        installation = await register.installation_id(connection)
    new_text = text_of(act, installation, make_fresh(system_clock()))
    text, signature = await asyncio.to_thread(_obtain, new_text, signing)
    async with db.connection() as connection:
        return await verify_signature(connection, act, text, signature, now=system_clock())


def _obtain(new_text: str, signing: Signing) -> tuple[str, str]:
    """Returns a text and its signature, before anything is verified."""
    if signing.key is not None:
        return new_text, ssh_keygen.sign(new_text, signing.key)
    if signing.file is not None:
        return _from_file(new_text, signing.file)
    typer.echo(f"{new_text}\nSave this text as the file act, and sign it with your key:", err=True)
    typer.echo(f"  {_how_to_sign(Path('act'))}\nThen paste act.sig here:", err=True)
    return new_text, _pasted()


def _from_file(new_text: str, file: Path) -> tuple[str, str]:
    if file.suffix != ".sig":
        raise typer.BadParameter("the name ends with .sig, as ssh-keygen writes it", param_hint="--signature")
    written = file.with_suffix("")
    try:
        if file.exists():
            return written.read_text(), file.read_text()
        if not (written.exists() and fresh_of(written.read_text()) is None):
            written.write_text(new_text)
            typer.echo(f"Wrote the text of the act to {written}. Nothing is done yet. Read it, sign it:")
            typer.echo(f"  {_how_to_sign(written)}\nThen run the same command again.")
            raise typer.Exit(WAITS)
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error), param_hint="--signature") from None
    raise typer.BadParameter(f"{written} is another file: choose a new name", param_hint="--signature")


def _how_to_sign(file: Path) -> str:
    return f"ssh-keygen -Y sign -n {ssh_keygen.NAMESPACE} -f KEY {file}"


def _pasted() -> str:
    lines = []
    for line in sys.stdin:
        lines.append(line)
        if line.strip() == _END:
            return "".join(lines)
    raise Refusal(Kind.FORBIDDEN, "officer.unsigned")
