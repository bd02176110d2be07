"""`meterai incident messages`, `apology`: what people were told of an incident (docs/news.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.signing import SignatureOption, Signing, SignWithOption, released_by_two
from meterai.kernel.clock import system_clock
from meterai.kit.database import Database
from meterai.news.apology.letter import letter_of
from meterai.news.apology.model import Apology
from meterai.news.apology.publish import KIND, changes_of, draft_apology, facts_of, publish_apology
from meterai.news.messages.model import MessageState
from meterai.news.messages.queries import message_states
from meterai.news.model import BothLanguages
from meterai.texts.mechanism.languages import languages

NumberArgument = Annotated[int, typer.Argument(help="Number of the incident.")]
_BETWEEN: Final = "---"


def show_messages(
    number: NumberArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    data: DataOption = None,
) -> None:
    """Show how many messages about an incident wait, were sent, or ended in another way."""

    async def work(db: Database) -> Mapping[MessageState, int]:
        async with db.connection() as connection:
            return await message_states(connection, incident=number, now=system_clock())

    found = with_database(data, "meterai incident", work)
    counts = {state.value: found[state] for state in MessageState if state in found}
    if as_json:
        typer.echo(msgspec.json.encode(counts).decode())
        return
    for state, count in counts.items():
        typer.echo(f"{state:9} {count:,}")
    if not counts:
        typer.echo(f"There are no messages about incident {number}.")


def apologise(
    number: NumberArgument,
    changes: Annotated[
        Path,
        typer.Option(
            help="Text file of what changes: in Indonesian, then a line ---, then the same in English.",
            exists=True,
            dir_okay=False,
        ),
    ],
    draft: Annotated[bool, typer.Option("--draft", help="Show the text only.")] = False,
    sign_with: SignWithOption = None,
    signature: SignatureOption = None,
    data: DataOption = None,
) -> None:
    """Apologise for an incident that is over: shows the text, and publishes it after two signatures.

    The figures are counted when the second officer signs. Then the page /kabar/NUMBER never changes.
    """
    said, signing = _read(changes), Signing(sign_with, signature)

    async def work(db: Database) -> Apology | None:
        drafted = await show_draft(db, number, said)
        if draft:
            return None
        facts = facts_of(drafted.changes)
        actor = await released_by_two(db, signing, kind=KIND, subject=str(number), facts=facts)
        return await publish_apology(db, number, facts, actor=actor, now=system_clock())

    if with_database(data, "meterai incident", work) is not None:
        typer.echo(f"Published at /kabar/{number}.")


async def show_draft(db: Database, number: int, changes: BothLanguages) -> Apology:
    """Shows an apology as it would be published now. Raises: what `draft_apology` raises."""
    drafted = await draft_apology(db, number, changes, now=system_clock())
    for language in languages():
        typer.echo(f"{letter_of(drafted, language).plain()}\n")
    return drafted


async def show_asked(db: Database, subject: str, facts: Mapping[str, object]) -> None:
    """Shows the apology that a request is for: what a second officer signs stands in it as a digest."""
    await show_draft(db, int(subject), changes_of(facts))


def _read(file: Path) -> BothLanguages:
    lines = file.read_text().splitlines()
    if _BETWEEN not in (line.strip() for line in lines):
        raise typer.BadParameter("a line --- stands between both languages", param_hint="--changes")
    at = next(place for place, line in enumerate(lines) if line.strip() == _BETWEEN)
    return BothLanguages("\n".join(lines[:at]), "\n".join(lines[at + 1 :]))
