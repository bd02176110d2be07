"""`meterai rehearse`: a scaled last evening against the running service, with faults, watched live."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from meterai.cli.data_folder import DataOption, data_folder
from meterai.cli.operator.queue import everybody_in_line

_BLOCKS = " ▁▂▃▄▅▆▇█"
_SHOWN_MIN, _SHOWN_MAX = 20, 72
"""Seconds in the small curves, by the terminal's width."""
_BESIDE = 41
"""Columns of the names, the figures and the frame."""
_LETS_GO_SECONDS = 5.0


def rehearse(
    minutes: Annotated[float, typer.Option(min=0.5, max=600, help="how long people come")] = 10.0,
    people_per_second: Annotated[float, typer.Option(min=0.1, help="at the closing; a third before")] = 3.0,
    faults: Annotated[str, typer.Option(help="default, none, or a TOML file")] = "default",
    drain_seconds: Annotated[float, typer.Option(min=1, help="time to finish after the closing")] = 120.0,
    report: Annotated[Path, typer.Option(help="HTML report", dir_okay=False)] = Path("rehearsal.html"),
    language: Annotated[Literal["id", "en"], typer.Option(help="of the report")] = "id",
    seed: Annotated[int, typer.Option(help="who comes when")] = 1,
    json_output: Annotated[bool, typer.Option("--json", help="print one JSON object at the end")] = False,
    data: DataOption = None,
) -> None:
    """Play a crowd against the running service while parts of it fail; then check everything.

    Exit code 1: something was lost, a fault didn't fire, nothing went on after it, or a check fails.
    2: it could not be played, for example because no service runs.
    """
    given = {
        "data": data_folder(data),
        "minutes": minutes,
        "people-per-second": people_per_second,
        "faults": faults,
        "drain-seconds": drain_seconds,
        "report": report,
        "language": language,
        "seed": seed,
    }
    command = [sys.executable, "-m", "simulator.rehearsal", *(f"--{n}={value}" for n, value in given.items())]
    last: dict[str, Any] = {}
    with everybody_in_line(data, "casn", "meterai rehearse"):
        with playing(command) as process:
            assert process.stdout is not None
            view = View(minutes * 60)
            with shown(view, Console(stderr=True), transient=json_output):
                for line in process.stdout:
                    last = json.loads(line)
                    view.take(last)
        # Shown before the queue is restored, which fails when the service did not come back.
        if json_output:
            print(json.dumps(last.get("outcome", last)))
        elif "outcome" in last:
            _show(last["outcome"], report)
        else:
            Console(stderr=True).print(last.get("error", "the rehearsal failed"), markup=False)
    raise typer.Exit(process.returncode)


@contextmanager
def playing(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """Runs a crowd as a process. An exception here ends it, too, with time to clean up."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            try:
                process.wait(_LETS_GO_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


@contextmanager
def shown(view: View, console: Console, *, transient: bool = False) -> Iterator[None]:
    """Shows the view as it changes. Later output begins on a new line."""
    with Live(view, console=console, refresh_per_second=4, transient=transient):
        yield
    if not console.is_terminal:
        console.line()  # rich ends without a new line there


class View:
    """What the terminal shows during the rehearsal."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._moments: list[dict[str, Any]] = []
        self._faults: dict[tuple[str, float], dict[str, Any]] = {}
        self._phase = ""
        self._shown = _SHOWN_MIN

    def take(self, said: dict[str, Any]) -> None:
        """Takes one line of the crowd's process."""
        if "moment" in said:
            self._moments.append(said["moment"])
        elif "fault" in said:
            fault = said["fault"]
            self._faults[fault["kind"], fault["planned_s"]] = fault
        elif "phase" in said:
            self._phase = said["phase"]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The picture now."""
        if self._moments:
            self._shown = max(_SHOWN_MIN, min(_SHOWN_MAX, options.max_width - _BESIDE))
            yield self._picture()
        else:
            yield Text("the first people come ...")

    def _picture(self) -> RenderableType:
        now = self._moments[-1]
        clock = f"{now['at_s']:.0f} of {self._seconds:.0f} s"
        title = (
            "checking ..." if self._phase else clock if now["at_s"] < self._seconds else f"{clock}: closed"
        )
        kept, due = now["promises"]
        table = Table(title=title, show_header=False, title_justify="left")
        table.add_row("came", f"{now['came']:,}", self._curve("came", rise=True))
        table.add_row("in line", f"{now['in_line']:,}", self._curve("in_line"))
        table.add_row("inside", f"{now['inside']:,}", self._curve("inside"))
        table.add_row("finished", f"{now['finished']:,}", self._curve("finished", rise=True))
        p95 = "none came" if now["p95_ms"] is None else f"{now['p95_ms']:,.0f} ms"
        table.add_row("p95 of the answers", p95, self._curve("p95_ms"))
        table.add_row("queue", f"{now['state'] or '?'}", f"{now['rate']:,} a minute")
        table.add_row("promises kept", f"{kept} of {due}", "")
        table.add_row("gave up, lost", f"{now['refused']}, {now['lost']}", "")
        return Group(table, *(_fault_line(fault) for fault in self._faults.values()))

    def _curve(self, name: str, *, rise: bool = False) -> str:
        values = [moment[name] or 0 for moment in self._moments[-self._shown - 1 :]]
        if rise:
            values = [after - before for before, after in pairwise(values)]
        top = max([*values, 1])
        return "".join(_BLOCKS[round(value / top * 8)] for value in values[-self._shown :])


def _fault_line(fault: dict[str, Any]) -> Text:
    name = fault["kind"].replace("_", " ")
    if not fault["fired"]:
        return Text(f"  {name}: did not fire {fault['note']}", style="red")
    if not fault["ended_s"]:
        return Text(f"  {name}: since {fault['began_s']:.0f} s", style="yellow")
    over = f"  {name}: over at {fault['ended_s']:.0f} s"
    if fault["pause_s"] is None:
        return Text(over, style="yellow")
    return Text(f"{over}, nobody was finished for {fault['pause_s']:.1f} s at most", "green")


def _show(outcome: dict[str, Any], report: Path) -> None:
    console = Console()
    console.print(
        f"{outcome['came']} came, {outcome['finished']} finished, {outcome['refused']} gave up without "
        f"paying or got the money back, {outcome['unfinished']} were left, {outcome['lost']} lost; "
        f"waited {outcome['waited_p50_s']} s (p50), {outcome['waited_p95_s']} s (p95)"
    )
    table = Table("fault", "began s", "lasted s", "fired", "pause s", "finished after")
    for fault in outcome["faults"]:
        lasted = f"{max(0.0, fault['ended_s'] - fault['began_s']):.1f}"
        table.add_row(
            fault["kind"].replace("_", " "),
            f"{fault['began_s']:.1f}",
            lasted,
            "yes" if fault["fired"] else "[red]no[/]",
            "-" if fault["pause_s"] is None else f"{fault['pause_s']:.1f}",
            f"{fault['finished_after']:,}",
        )
    console.print(table)
    for check in outcome["checks"]:
        state = "[green]holds[/]" if check["ok"] else "[red]fails[/]"
        console.print(check["name"]["en"], state, end=" ")
        console.print(check["words"]["en"], markup=False, highlight=False)
    for reason in outcome["reasons"]:
        console.print(reason["en"], style="red", markup=False)
    verdict = "[bold green]passed[/]" if outcome["ok"] else "[bold red]not passed[/]"
    console.print(f"{verdict}; report: {escape(str(report))}")
