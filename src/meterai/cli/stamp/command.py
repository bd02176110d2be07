"""`meterai stamp DIR|ZIP --out DIR`: stamps many documents from a customer's quota; goes on after a crash."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from meterai.cli.data_folder import DataOption, data_folder, refuse_another_users
from meterai.cli.exit_codes import Judged
from meterai.cli.next_command import show_next_command
from meterai.cli.operator.shared.operator_settings import refuse_older_command
from meterai.cli.refusal_texts import notice_text, refusal_parts, refusal_text
from meterai.cli.stamp.input_files import read_given
from meterai.cli.stamp.output_folder import InUse, OutputFolder, Report
from meterai.cli.stamp.run import StampingParts, StampRun, open_parts
from meterai.customers.contacts import canonical_contact
from meterai.customers.queries import customer_of_contact
from meterai.kernel.refusals import Refusal
from meterai.kit.installation import settings_of_running
from meterai.kit.logging import set_up_logging
from meterai.kit.settings import Settings, from_environment, public_url
from meterai.pdf.profiles import Profile
from meterai.stamping.bundles.model import UNDER_WAY, Bundle, Outcome, Rule, bundle_id
from meterai.stamping.placement import Position
from meterai.texts.mechanism.filling import fill

SOME_NOT_STAMPED, QUOTA_MISSING, INTERRUPTED = 1, 3, 130
_COULD_BE = (Outcome.READY, Outcome.WAITING, Outcome.STAMPING, Outcome.STAMPED)
_SHOWN_MAX = 20
_NAMED_MAX = 3
_say = Console(stderr=True)

PROPOSED = "proposed"
Place = StrEnum("Place", [PROPOSED, *Position])  # type: ignore[misc]
"""The choices of `--place`."""


def stamp(
    source: Annotated[Path, typer.Argument(help="Folder or ZIP with PDF files.", exists=True)],
    out: Annotated[Path, typer.Option(help="Folder for the stamped files and the report.")],
    customer: Annotated[str, typer.Option(help="E-mail or phone of the customer whose quota is used.")],
    place: Annotated[
        Place, typer.Option(help="Where the stamp goes: proposed for each file, or one place.")
    ] = Place(PROPOSED),
    page: Annotated[Literal["first", "last"], typer.Option(help="Page for a named place.")] = "last",
    sign_later: Annotated[
        bool,
        typer.Option("--sign-later", help="Others will still sign the files digitally: empty fields stay."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also stamp files that carry an electronic stamp already.")
    ] = False,
    allow_over_text: Annotated[
        bool,
        typer.Option(
            "--allow-over-text", help="Stamps may cover text, pictures and fields, but not on signed files."
        ),
    ] = False,
    name: Annotated[
        str, typer.Option(help="Stamps the same files once more, as another batch of this name.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only; no quota is used.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
    data: DataOption = None,
) -> None:
    """Stamp every PDF of a folder or ZIP from a customer's quota, one stamp each.

    Everything is checked first; the quota is reserved for all files or for none.
    Files whose stamp would cover something are not stamped, unless --allow-over-text is given.
    After Ctrl-C or a crash run the same command again: nothing is stamped twice.
    Exit code: 0 all stamped (with --dry-run: all could be), 1 some could not be, 3 too little quota (nothing
    was used); with these --json prints its object. 2: something else kept it from going on.
    """
    if place == PROPOSED and page == "first":
        raise typer.BadParameter("a proposed place has its own page; name a place with --place")
    if source.resolve() == out.resolve():
        raise typer.BadParameter("the stamped files need a folder of their own")
    set_up_logging("ERROR")
    settings = _settings(data)
    rule = Rule(
        position=next((position for position in Position if position.value == place.value), None),
        page=page,
        profile=Profile.SIGN_LATER if sign_later else Profile.FINAL,
    )
    try:
        folder = OutputFolder(out)
    except InUse:
        raise typer.BadParameter(f"another run is working on {out}") from None
    try:
        work = _stamp(
            settings, source, folder, customer, rule, again, name, dry_run, as_json, over_text=allow_over_text
        )
        code = asyncio.run(work)
    except KeyboardInterrupt:
        _say.print(
            "\nStopped. What was reserved is still being stamped by the service; run the same command again"
            " to fetch it and to go on."
        )
        raise typer.Exit(INTERRUPTED) from None
    finally:
        folder.close()
    if dry_run:
        show_next_command()
    raise Judged(code)


def _settings(data: Path | None) -> Settings:
    settings = msgspec.structs.replace(from_environment(), data=data_folder(data).absolute())
    refuse_older_command(settings.data)
    settings = settings if settings.database_operator_url else settings_of_running(settings)
    refuse_another_users(settings)
    return settings


async def _stamp(
    settings: Settings,
    source: Path,
    out: OutputFolder,
    contact: str,
    rule: Rule,
    again: bool,
    name: str,
    dry_run: bool,
    as_json: bool,
    *,
    over_text: bool,
) -> int:
    async with open_parts(settings) as parts:
        customer_id = await _customer(parts, contact)
        batch_id = _batch_id(out, customer_id, name)
        with _Bars() as bars:
            run = StampRun(
                parts, out, customer_id, batch_id, rule, again, over_text, progress=bars, warn=bars.say
            )
            bundle = await run.check(read_given(source, leave_out=out.root))
            _show_unfit(run, bundle)
            _show_notices(run, bundle)
            if dry_run:
                return _end(run, bundle, as_json, good=_COULD_BE)
            try:
                started = await run.start()
            except Refusal as refusal:
                _say_no_quota(refusal, settings)
                _end(run, bundle, as_json)
                return QUOTA_MISSING
            already = bundle.count(*UNDER_WAY)
            bars.say(f"{started} given to stamping" + (f", {already} were before" if already else ""))
            bundle = await run.collect()
            _show_unread(run)
        if bundle.count(Outcome.WAITING) and bundle.halt_code is not None:
            _say_waiting(bundle, settings)
            _end(run, bundle, as_json)
            return QUOTA_MISSING
        return _end(run, bundle, as_json)


async def _customer(parts: StampingParts, contact: str) -> UUID:
    try:
        found = await customer_of_contact(parts.db, canonical_contact(contact))
    except Refusal:
        raise typer.BadParameter(
            "neither an e-mail address nor a phone number", param_hint="customer"
        ) from None
    if found is None:
        raise typer.BadParameter("nobody has proven this contact on the site yet", param_hint="customer")
    return found


def _batch_id(out: OutputFolder, customer_id: UUID, name: str) -> UUID:
    """The batch id that an earlier run noted in the folder, else one derived from customer and folder."""
    known = out.read_state()
    if known is not None and known.customer_id != customer_id:
        raise typer.BadParameter(f"{out.root} holds a batch of another customer", param_hint="out")
    wanted = bundle_id(customer_id, f"name:{name}" if name else f"folder:{out.root.resolve()}")
    if known is None or known.batch_id == wanted:
        return wanted
    if name:
        raise typer.BadParameter(f"{out.root} holds a batch of another name", param_hint="name")
    return known.batch_id  # the folder was moved, or named when it was made


def _show_unfit(run: StampRun, bundle: Bundle) -> None:
    lines = [
        line
        for line in run.report(bundle).files
        if line.outcome in ("unfit", "expired", "blocked", "skipped", "covering")
    ]
    if not lines:
        return
    _say.print(f"[bold]{len(lines)} of {len(bundle.files)} files will not be stamped:[/]")
    facts = {file.path: file.facts for file in bundle.files}
    covering = {file.path: run.covering[file.id][0].page for file in bundle.files if file.id in run.covering}
    for line in lines[:_SHOWN_MAX]:
        why = refusal_text(line.reason, facts[line.name]) if line.reason else line.outcome
        if line.outcome == "covering" and line.reason:
            why = fill(refusal_parts(line.reason)[0], {"page": covering[line.name]}, "en")
        _say.print(f"  {escape(line.name)}: {escape(why)}", highlight=False, soft_wrap=True)
    if len(lines) > _SHOWN_MAX:
        _say.print(f"  and {len(lines) - _SHOWN_MAX} more: see report.csv")
    if any(line.outcome == "covering" for line in lines):
        _say.print(
            "Name another place with --place, or let stamps cover text with --allow-over-text. Nothing may be"
            " covered on a signed file."
        )


def _show_notices(run: StampRun, bundle: Bundle) -> None:
    """Each notice once, with the first file that it concerns."""
    found: dict[str, list[str]] = {}
    for file in bundle.files:
        for code in file.notices if run.is_due(file) else ():
            found.setdefault(code, []).append(file.path)
    for code, paths in sorted(found.items()):
        named = ", ".join(paths[:_NAMED_MAX]) + (", …" if len(paths) > _NAMED_MAX else "")
        about = f"{len(paths)} of {len(bundle.files)} files"
        _say.print(f"[bold]{about}:[/] {escape(notice_text(code))} ({escape(named)})", soft_wrap=True)


def _show_unread(run: StampRun) -> None:
    for code, files in sorted(Counter(run.unread.values()).items()):
        why = escape(refusal_text(code, {}))
        _say.print(f"[bold]{files} stamped, but not fetched:[/] {why} Then run this again.")


def _say_no_quota(refusal: Refusal, settings: Settings) -> None:
    site = public_url(settings)
    if refusal.code == "quota.missing":
        facts = refusal.facts
        _say.print(
            f"[bold]Too little quota:[/] {facts['needed']} needed, {facts['available']} available,"
            f" {facts['missing']} missing. Nothing was used. Buy at {site}/kuota, then run this again."
        )
    elif refusal.code == "ledger.insufficient":
        _say.print("Somebody else used the quota at this moment; nothing was used here. Run this again.")
    else:
        raise refusal


def _say_waiting(bundle: Bundle, settings: Settings) -> None:
    waiting = bundle.count(Outcome.WAITING)
    _say.print(
        f"[bold]{waiting} files wait[/] ({escape(bundle.halt_code or '')}). Others used the quota meanwhile."
        f" The service goes on by itself once there is quota. Buy at {public_url(settings)}/kuota, then run"
        " this again to fetch the results."
    )


def _end(run: StampRun, bundle: Bundle, as_json: bool, good: Collection[str] = (Outcome.STAMPED,)) -> int:
    report = run.report(bundle)
    run.out.write_reports(report)
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        _show(report, run.out.root)
    return 0 if all(file.outcome in good for file in report.files) else SOME_NOT_STAMPED


def _show(report: Report, folder: Path) -> None:
    counts = Counter(file.outcome for file in report.files)
    words = ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common()) or "no files"
    typer.echo(f"{words}. Results and report: {folder}")


class _Bars:
    """A progress bar for each phase, on stderr."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description:8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=_say,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Bars:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase not in self._tasks:
            self._tasks[phase] = self._bar.add_task(phase, total=None)
        self._bar.update(self._tasks[phase], completed=done, total=total or None)

    def say(self, text: str) -> None:
        """A line above the bars."""
        self._bar.console.print(text)
