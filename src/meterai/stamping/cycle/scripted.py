"""Plays the scripted outcomes of the sandbox, at the steps where such trouble happens."""

from __future__ import annotations

from collections.abc import Sequence

from meterai.stamping.cycle.batch import Run, Tools, going, leaving
from meterai.stamping.store.scenarios import scripts_of


async def begin_scripted(tools: Tools, runs: Sequence[Run]) -> None:
    """Reads the scripts of jobs. Those that begin before the file is prepared make their job leave."""
    some = going(runs)
    if not tools.settings.plays_scenarios or not some:
        return
    async with tools.db.connection() as connection:
        scripts = await scripts_of(connection, [run.job.id for run in some])
    for run in some:
        run.script = scripts.get(run.job.id)
        if run.script is not None:
            with leaving(run):
                run.script.refuse_start(tools.clock())


def refuse_scripted_seals(tools: Tools, runs: Sequence[Run]) -> None:
    """Lets jobs leave for which the signer shall be down."""
    for run in runs:
        if run.script is not None:
            with leaving(run):
                run.script.refuse_seal(tools.clock())
