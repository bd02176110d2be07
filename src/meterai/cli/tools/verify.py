"""`meterai verify FILE.pdf`: judges a file offline. It needs nothing but the trust root."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from meterai.cli.exit_codes import NO_VERDICT, Judged
from meterai.jail.pool import JailPool
from meterai.kernel.clock import system_clock
from meterai.kernel.refusals import Refusal
from meterai.kernel.serial_number import group_serial
from meterai.kit.settings import from_environment, trust_folder
from meterai.texts.mechanism.translation import in_both, translate
from meterai.texts.reasons import REASONS, VERDICTS
from meterai.verification.face_limits import face_limits
from meterai.verification.model import Addition, Afterwards, Judgement, Trust, Verdict
from meterai.verification.trust import load_roots, load_trust
from meterai.verification.use_cases.judge_document import JUDGE, judge_document

EXIT_CODES = {
    Verdict.GENUINE: 0,
    Verdict.NOT_GENUINE: 1,
    Verdict.CANNOT_CHECK: NO_VERDICT,
    Verdict.WITH_ADDITIONS: 3,
    Verdict.NO_STAMP: 4,
}
_COLOURS = {
    Verdict.GENUINE: "green",
    Verdict.WITH_ADDITIONS: "cyan",
    Verdict.NOT_GENUINE: "red",
    Verdict.CANNOT_CHECK: "yellow",
    Verdict.NO_STAMP: "white",
}
_FOLLOWS: dict[Afterwards | None, str] = {
    Afterwards.ARCHIVE_DATA: ", then archive data",
    Afterwards.SIGNATURES: ", then signed",
    Afterwards.CHANGES: ", then the document was changed",
    Afterwards.UNCLEAR: ", what follows can't be read beyond doubt",
}
_STANDARD_INPUT: Final = Path("-")
_STATES = {True: "unchanged", False: "broken", None: "can't be checked"}
"""What is said of a signature that is intact, broken, or made in a way that can't be checked."""


def _must_exist(file: Path) -> Path:
    """Typer's own check (`exists=True`) refuses `-`."""
    if file != _STANDARD_INPUT and not file.exists():
        raise typer.BadParameter(f"file '{file}' does not exist.")
    return file


def verify(
    file: Annotated[
        Path,
        typer.Argument(
            help="The PDF to judge; - reads standard input.", dir_okay=False, callback=_must_exist
        ),
    ],
    trust: Annotated[
        Path | None,
        typer.Option(help="Folder with root.pem and code.json; default: pki/trust in the data directory."),
    ] = None,
    trust_root: Annotated[
        list[Path] | None,
        typer.Option(help="PEM file of a root certificate to trust; repeat. Nothing else is needed then."),
    ] = None,
    allow_additions: Annotated[
        bool, typer.Option("--allow-additions", help="End with 0 also when others signed after sealing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge a stamped PDF, offline. Exit code: 0 genuine, 3 genuine and then signed by others, 1 not genuine,
    2 can't be checked, for whatever reason, 4 no e-Meterai in the file."""
    roots = read_trust(trust, trust_root or [])
    is_piped = file == _STANDARD_INPUT
    content = sys.stdin.buffer.read() if is_piped else file.read_bytes()
    judgement = asyncio.run(_judge(content, roots))
    if as_json:
        typer.echo(msgspec.json.encode(judgement).decode())
    else:
        _show(judgement, "standard input" if is_piped else file.name)
    allowed = allow_additions and judgement.verdict is Verdict.WITH_ADDITIONS
    raise Judged(0 if allowed else EXIT_CODES[judgement.verdict])


def read_trust(folder: Path | None, files: list[Path]) -> Trust:
    """The trust that the options name. Ends the command when it can't be read."""
    places = files or [folder or trust_folder(from_environment())]
    try:
        return load_roots(files) if files else load_trust(places[0])
    except Refusal:
        named = ", ".join(str(place) for place in places)
        typer.echo(f"No readable trust root in {named}; name its file with --trust-root.", err=True)
        raise typer.Exit(NO_VERDICT) from None


async def _judge(data: bytes, trust: Trust) -> Judgement:
    jail = JailPool([JUDGE], spare=False)
    await jail.start()
    try:
        limits = face_limits(from_environment())
        return await judge_document(None, jail, data, trust=trust, now=system_clock(), limits=limits)
    finally:
        await jail.close()


def _show(judgement: Judgement, name: str) -> None:
    title, colour = in_both(VERDICTS[judgement.verdict]), _COLOURS[judgement.verdict]
    lines = []
    for code in judgement.reasons:
        indonesian, english = (translate(REASONS[code].what, language) for language in ("id", "en"))
        lines.append(f"{indonesian}\n[dim]{english} ({code})[/dim]")
    console = Console()
    console.print(
        Panel("\n".join(lines), title=f"[bold]{title}[/bold]", subtitle=escape(name), border_style=colour)
    )
    if judgement.stamps:
        console.print(_stamps(judgement))
    for added in judgement.additions:
        console.print(_said_of(added), markup=False, highlight=False)
    for signature in judgement.other_signatures:
        state = _STATES[signature.intact]
        console.print(
            f"Another signature: {signature.signer or '?'} ({state}, issuer not checked)", markup=False
        )
    console.print(f"SHA-256 {judgement.sha256}", markup=False, highlight=False)


def _stamps(judgement: Judgement) -> Table:
    table = Table("Serial", "Stamped at (UTC)", "Signer", "Page", "State")
    for stamp in judgement.stamps:
        state = _STATES[stamp.intact] + _FOLLOWS.get(stamp.afterwards, "")
        table.add_row(
            group_serial(stamp.serial),
            f"{stamp.stamped_at:%Y-%m-%d %H:%M:%S}" if stamp.stamped_at else "?",
            escape(stamp.signer),
            str(stamp.page or "-"),
            state + (", issued elsewhere" if stamp.foreign else ", by hash" if stamp.by_hash else ""),
        )
    return table


def _said_of(added: Addition) -> str:
    what = f"stamp {group_serial(added.serial)}" if added.serial else "signature"
    name = (added.signer or "?") + ("" if added.vouched else " (name not vouched for)")
    return f"Added after sealing: {what} of {name}, {_place(added)}"


def _place(added: Addition) -> str:
    if added.page is None or added.box is None:
        return "invisible"
    box = added.box
    return f"page {added.page}, {box.width:.0f} by {box.height:.0f} pt at {box.x:.0f}, {box.y:.0f}"
