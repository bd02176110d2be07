"""`meterai person`: hands out, or erases, all that we hold of the person behind a contact."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.next_command import show_next_command
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import given_reason, operator_settings
from meterai.cli.operator.shared.signing import (
    SignatureOption,
    Signing,
    SignWithOption,
    released_by_two,
    signed_by_one,
)
from meterai.customers.contacts import Contact, canonical_contact
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Kind, Refusal
from meterai.kit.database import Database
from meterai.kit.files.atomic_write import write_whole
from meterai.kit.files.object_store import open_store
from meterai.kit.settings import Settings
from meterai.operations.use_cases import erase_person as erasing
from meterai.operations.use_cases.export_person import export_person, files_of
from meterai.operations.use_cases.look_at_person import Person, facts_of, look_at_person
from meterai.stamping.queries import read_checked

_Contact = Annotated[str, typer.Argument(help="An e-mail address or telephone number of the person.")]
_Reason = Annotated[str, typer.Option(help="Why; for the audit trail. It names nobody.")]
_CONNECTION: Final = "meterai person"


def export(
    contact: _Contact,
    to: Annotated[Path, typer.Option("--to", help="Folder for person.json. It must be new or empty.")],
    reason: _Reason,
    documents: Annotated[bool, typer.Option("--documents", help="Also the stored documents.")] = False,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Write all that we hold of a person into a folder that only you can read.

    An officer with the role admin signs.
    """
    if to.exists() and any(to.iterdir()):
        raise typer.BadParameter("the folder is not empty", param_hint="--to")
    who, why = canonical_contact(contact), given_reason(reason)
    signing = Signing(sign_with, signature)
    found = with_database(data, _CONNECTION, lambda db: _export(db, who, why, signing))
    _write_rows(to, found)
    written = asyncio.run(_write_files(operator_settings(data), to, found)) if documents else 0
    typer.echo(f"Wrote person.json and {written} document{'' if written == 1 else 's'} to {to}.")


async def _export(db: Database, contact: Contact, reason: str, signing: Signing) -> Mapping[str, Any]:
    person = await look_at_person(db, contact)
    if not person.is_known:
        raise Refusal(Kind.NOT_FOUND, "person.unknown")
    facts = facts_of(contact, reason)
    actor = await signed_by_one(db, signing, kind="person.export", subject=person.id, facts=facts)
    return await export_person(db, person.id, facts, actor=actor, now=system_clock())


def _write_rows(to: Path, found: Mapping[str, Any]) -> None:
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    to.chmod(0o700)
    write_whole(to / "person.json", msgspec.json.format(msgspec.json.encode(found)) + b"\n", mode=0o600)


async def _write_files(settings: Settings, to: Path, found: Mapping[str, Any]) -> int:
    objects = await asyncio.to_thread(open_store, settings.objects_url, settings.data, needs_mark=True)
    files = files_of(found)
    for name, key in files.items():
        write_whole(to / name, await read_checked(objects, key), mode=0o600)
    return len(files)


def erase(
    contact: _Contact,
    reason: _Reason,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what is held, and what must be settled first.")
    ] = False,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Erase a person: contacts, names, accounts, documents, complaints. It can't be undone.

    The books keep sums and dates under a number. Stamps can still be verified. Two officers sign. Exit
    code 4: nothing is done yet, a signature is missing.
    """
    who, why = canonical_contact(contact), given_reason(reason)
    signing = None if dry_run else Signing(sign_with, signature)
    with_database(data, _CONNECTION, lambda db: _erase(db, who, why, signing))
    if dry_run:
        show_next_command(*(() if sign_with or signature else ("--sign-with", "KEY")))


async def _erase(db: Database, contact: Contact, reason: str, signing: Signing | None) -> None:
    """Erases the person. `signing` None: only says what would be erased."""
    if signing is None:
        _show(await look_at_person(db, contact))
    found = await erasing.prepare_erasure(db, contact, reason=reason)
    if signing is None:
        return
    who = found.person.id
    actor = await released_by_two(
        db, signing, kind="person.erase", subject=who, facts=found.facts, person=who
    )
    held = await erasing.erase_person(db, who, found.facts, actor=actor, now=system_clock())
    typer.echo(f"Erased: {_counts(held)}. The clean-up deletes the files within minutes.")


def _show(person: Person) -> None:
    typer.echo(f"Person {person.id}. This would be erased: {_counts(person.held)}.")


def _counts(held: Mapping[str, int]) -> str:
    words = [f"{count} {kind.replace('_', ' ')}" for kind, count in held.items() if count]
    return ", ".join(words) or "nothing"
