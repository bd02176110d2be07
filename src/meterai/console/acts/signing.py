"""The stop switch of signing."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import ConsoleAct, Prepared, Word
from meterai.kit.acting import Actor
from meterai.kit.stop_switches import SEALING_STOPPED
from meterai.operations.use_cases.stop_signing import signing, stop_signing
from meterai.texts import console_acts as words


class StopForm(msgspec.Struct, frozen=True, kw_only=True):
    """Why signing stops."""

    reason: Line


async def _prepare(app: ConsoleApp, form: StopForm) -> Prepared:
    found = await signing(app.db)
    return Prepared(
        subject=SEALING_STOPPED,
        facts={"reason": form.reason},
        figures=[
            (words.SWITCH, Word(words.SWITCH_ON if found.stopped else words.SWITCH_OFF)),
            (words.WAITING, found.waiting),
        ],
    )


async def _stop(app: ConsoleApp, form: StopForm, actor: Actor) -> None:
    await stop_signing(app.db, reason=form.reason, actor=actor, now=app.clock())


ACTS: Final = (
    ConsoleAct(
        kind="sealing.stop",
        path="hentikan-tanda-tangan",
        group="signing",
        roles=frozenset({"admin", "keys", "finance"}),
        signatures=1,
        form=StopForm,
        words=words.STOP_SIGNING,
        prepare=_prepare,
        carry_out=_stop,
    ),
)
