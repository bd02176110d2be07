"""`meterai cases`: what people complained of, and the answers of officers."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from meterai.cases import queries
from meterai.cases.model import CaseFile
from meterai.cases.queries import LISTED_MAX
from meterai.cases.use_cases import answer_case as use_case
from meterai.cli.data_folder import DataOption
from meterai.cli.operator.shared.operator_database import with_database
from meterai.cli.operator.shared.operator_settings import given_reason, operator_name
from meterai.kernel.clock import system_clock
from meterai.kit.database import Database

NumberArgument = Annotated[str, typer.Argument(help="Number of the case, such as K-7KQF-2M9D.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


def list_cases(
    with_closed: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show the cases that are not closed, the oldest first. It shows no text and no contact."""
    found = _run(data, lambda db: queries.cases(db, with_closed=with_closed))
    if as_json:
        typer.echo(msgspec.json.encode([_short(case) for case in found]).decode())
        return
    for case in found:
        about = f", about {_printable(case.about)}" if case.about else ""
        since = f"{case.opened_at.astimezone():%d %b %Y %H:%M}"
        typer.echo(f"{case.number}  {case.state:8}  {since}  {case.kind}{about}")
    if not found:
        typer.echo("No case waits.")
    if len(found) == LISTED_MAX:
        typer.echo(f"These are the oldest {LISTED_MAX}; there may be more.")


def show_case(number: NumberArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Show a case: what was written, who sent it, and the answers."""
    case = _run(data, lambda db: queries.case(db, number))
    if as_json:
        typer.echo(msgspec.json.encode(case).decode())
        return
    typer.echo(_told(case))


def answer_case(
    number: NumberArgument,
    text: Annotated[str, typer.Option(help="The answer, in the person's language; `-` reads it from stdin.")],
    data: DataOption = None,
) -> None:
    """Answer a case. The answer goes to its contact, and stands on its page."""
    said = sys.stdin.read() if text == "-" else text
    officer = operator_name()
    case = _run(data, lambda db: use_case.answer_case(db, number, said, officer=officer, now=system_clock()))
    sent = "goes to its contact and " if case.has_contact else "has no contact to go to: it "
    typer.echo(f"The answer to {case.number} {sent}stands on the page of the case.")


def close_case(
    number: NumberArgument,
    reason: Annotated[str, typer.Option(help="Why; for the audit trail. It names nobody.")],
    data: DataOption = None,
) -> None:
    """Close a case. Its page stays for two years, and says so."""
    why, officer = given_reason(reason), operator_name()
    case = _run(
        data, lambda db: use_case.close_case(db, number, officer=officer, reason=why, now=system_clock())
    )
    typer.echo(f"{case.number} is closed.")


def _short(case: CaseFile) -> dict[str, object]:
    names = ("number", "kind", "about", "state", "opened_at", "changed_at")
    return {name: getattr(case, name) for name in names}


def _told(case: CaseFile) -> str:
    proven = "signed in with it" if case.is_proven else "nobody has proved it"
    contact = f"{case.contact_value} ({proven})" if case.contact_value else "erased"
    lines = [
        f"{case.number}: {case.kind}, {case.state}, since {case.opened_at.astimezone():%d %b %Y %H:%M %Z}",
        f"contact: {contact}; language: {case.language}",
        f"about: {_printable(case.about) or '-'}",
        "",
        _printable(case.text),
    ]
    for answer in case.answers:
        lines += ["", f"Answer by {answer['officer']}, {answer['at']}:", _printable(answer["text"])]
    return "\n".join(lines)


def _printable(text: str) -> str:
    """A stranger's text without control characters, which a terminal would obey."""
    return "".join(sign if sign == "\n" or sign.isprintable() else "�" for sign in text)


def _run[R](data: Path | None, work: Callable[[Database], Awaitable[R]]) -> R:
    return with_database(data, "meterai cases", work)
