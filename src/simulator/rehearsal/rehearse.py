"""A rehearsal from its first arrival to the last check; says each second how it stands."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from simulator.crowd.browser import Browser
from simulator.crowd.figures import verify_sample
from simulator.crowd.papers import make_letter
from simulator.crowd.service import Service, find_service, see_reachable
from simulator.rehearsal.crowd import Crowd
from simulator.rehearsal.faults import FaultOutcome, Saboteur
from simulator.rehearsal.patience import TROUBLE
from simulator.rehearsal.report_words import Both, both, joined
from simulator.rehearsal.schedule import Schedule

EVENT: Final = "casn"
_DOCUMENT_BYTES: Final = 100_000
_CHECK_SECONDS_MAX: Final = 300
_PROBLEMS_MAX: Final = 20


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands, once a second."""

    at_s: float
    came: int
    in_line: int
    """People who came and are not let in yet, as the crowd counts."""
    inside: int
    finished: int
    refused: int
    lost: int
    p95_ms: float | None
    """Of the answers in the last ten seconds; None: there was none."""
    broken: list[str]
    state: str
    """Of the queue, as published; empty: no status could be fetched."""
    rate: int
    """Admissions a minute, as published."""
    promises: tuple[int, int]
    """Kept, and given, that are due."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One of the checks at the end."""

    name: Both
    ok: bool
    words: Both


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome."""

    ok: bool
    reasons: list[Both]
    """Why it is not ok."""
    seconds: float
    people_per_second: float
    came: int
    finished: int
    refused: int
    """Gave up without paying, or got the money back."""
    lost: int
    """Had paid and got no stamped file, or was left without word of a payment that was taken."""
    unfinished: int
    """Still in line or at work, unpaid, when the rehearsal ended."""
    reloads: int
    waited_p50_s: float
    waited_p95_s: float
    promises: tuple[int, int]
    faults: list[FaultOutcome]
    checks: list[Check]
    moments: list[Moment]
    problems: list[str]


@dataclass(slots=True)
class Stage:
    """Where and how. `say` hears of each moment and each change of a fault."""

    data: Path
    seconds: float
    peak: float
    schedule: Schedule
    drain_seconds: float
    seed: int
    say: Callable[[dict[str, Any]], None]


class _Status(msgspec.Struct):
    state: str = ""
    rate: int = 0
    kept: tuple[int, int] = (0, 0)


async def rehearse(stage: Stage) -> Rehearsal:
    """Plays it. Raises: ServiceMissing."""
    service = find_service(stage.data)
    await see_reachable(service)
    paper = await asyncio.to_thread(
        make_letter, "SURAT LAMARAN", "Pelamar Geladi", size_bytes=_DOCUMENT_BYTES
    )
    dice = random.Random(stage.seed)  # noqa: S311 - decides when simulated people come
    crowd = Crowd(service, paper, stage.peak, stage.seconds, dice)
    saboteur = Saboteur(
        service.pid,
        stage.schedule,
        stage.seconds,
        crowd.finished,
        on_change=lambda one: stage.say({"fault": msgspec.to_builtins(one)}),
        outcomes=[],
    )
    moments: list[Moment] = []
    watching = asyncio.create_task(_watch(stage, service, crowd, saboteur, moments))
    breaking = asyncio.create_task(saboteur.run())
    try:
        await crowd.come()
        unfinished = await crowd.go_home(stage.drain_seconds)
    finally:
        for task in (watching, breaking):
            task.cancel()
        await asyncio.gather(watching, breaking, return_exceptions=True)
    stage.say({"phase": "checking"})
    await crowd.look_after()
    saboteur.count()
    checks = await asyncio.to_thread(run_checks, stage.data, service.gate, crowd.files)
    return _outcome(stage, crowd, saboteur, moments, checks, unfinished)


async def _watch(
    stage: Stage, service: Service, crowd: Crowd, saboteur: Saboteur, moments: list[Moment]
) -> None:
    began, status = time.monotonic(), _Status()
    browser = Browser(service.gate, timeout_seconds=2)
    while True:
        await asyncio.sleep(max(0.0, began + len(moments) + 1 - time.monotonic()))
        seen = await _published(browser, service.gate)
        status = seen or status
        counts = crowd.counts
        gone = len(crowd.finished) + len(crowd.doubtful)
        gone += counts["refused"] + counts["lost"] + counts["unfinished"]
        moment = Moment(
            at_s=round(time.monotonic() - began, 1),
            came=counts["came"],
            in_line=max(0, counts["came"] - gone - counts["inside"]),
            inside=counts["inside"],
            finished=len(crowd.finished),
            refused=counts["refused"],
            lost=counts["lost"],
            p95_ms=crowd.p95_ms(),
            broken=[str(kind) for kind in saboteur.active()],
            state=seen.state if seen else "",
            rate=seen.rate if seen else 0,
            promises=status.kept,
        )
        moments.append(moment)
        stage.say({"moment": msgspec.to_builtins(moment)})


async def _published(browser: Browser, gate: str) -> _Status | None:
    try:
        answer = await browser.get(f"{gate}/antre/{EVENT}/d/status.json")
        return msgspec.json.decode(answer.body.partition(b"\n")[0], type=_Status)
    except (*TROUBLE, msgspec.MsgspecError):
        return None


def run_checks(data: Path, gate: str, files: list[bytes]) -> list[Check]:
    """The invariants, the queue's public log as anybody fetches it, and a sample of the files judged here."""
    genuine = verify_sample(files, data)
    words = both("genuine", genuine=genuine, files=len(files))
    return [
        _command("meterai check", "check", "--data", str(data)),
        _command("meterai queue audit", "queue", "audit", f"{gate}/antre/{EVENT}"),
        Check(name=both("files_judged"), ok=genuine == len(files) > 0, words=words),
    ]


def _command(name: str, *words: str) -> Check:
    command = Both(name, name)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "meterai.cli", *words, "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_CHECK_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        return Check(name=command, ok=False, words=both("not_ended", seconds=_CHECK_SECONDS_MAX))
    return Check(name=command, ok=run.returncode == 0, words=_what_failed(run.stdout, run.stderr))


def _what_failed(out: str, err: str) -> Both:
    """The invariants that fail, by name, or the audit's findings; else the last words."""
    try:
        told = json.loads(out)
        if "verdict" in told:
            found = [
                Both(f"{one['id']}: {one['findings']}", f"{one['check']}: {one['findings']}")
                for one in told["checks"]
                if one["findings"]
            ]
            return joined(found) if found else both(f"audit_{told['verdict']}", entries=told["entries"])
        broken = [
            both("broken", name=one["id"], count=one["violation_count"])
            for one in told["invariants"]
            if not one["ok"]
        ]
        return joined(broken) if broken else both("invariants_hold", count=len(told["invariants"]))
    except (ValueError, KeyError, TypeError):
        last = (out.strip() or err.strip())[-300:]
        return Both(last, last)


def _outcome(
    stage: Stage,
    crowd: Crowd,
    saboteur: Saboteur,
    moments: list[Moment],
    checks: list[Check],
    unfinished: int,
) -> Rehearsal:
    reasons = [
        Both(f"{check.name.id}: {check.words.id}", f"{check.name.en}: {check.words.en}")
        for check in checks
        if not check.ok
    ]
    for fault in saboteur.outcomes:
        name = both(str(fault.kind))
        if not fault.fired:
            reasons.append(both("did_not_fire", fault=name, note=fault.note))
        elif not fault.came_back:
            reasons.append(both("did_not_come_back", fault=name))
        elif not fault.finished_after:
            reasons.append(both("nobody_after", fault=name))
    if crowd.counts["lost"]:
        reasons.append(both("had_paid", count=crowd.counts["lost"]))
    if crowd.counts["twice"]:
        reasons.append(both("came_twice", count=crowd.counts["twice"]))
    if not crowd.finished:
        reasons.append(both("nobody_finished"))
    waits = sorted(crowd.waits) or [0.0]
    return Rehearsal(
        ok=not reasons,
        reasons=reasons,
        seconds=stage.seconds,
        people_per_second=stage.peak,
        came=crowd.counts["came"],
        finished=len(crowd.finished),
        refused=crowd.counts["refused"],
        lost=crowd.counts["lost"],
        unfinished=unfinished,
        reloads=crowd.counts["reloads"],
        waited_p50_s=round(waits[len(waits) // 2], 1),
        waited_p95_s=round(waits[min(len(waits) - 1, len(waits) * 95 // 100)], 1),
        promises=moments[-1].promises if moments else (0, 0),
        faults=saboteur.outcomes,
        checks=checks,
        moments=moments,
        problems=[f"{count} × {what}" for what, count in crowd.problems.most_common(_PROBLEMS_MAX)],
    )
