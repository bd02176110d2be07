"""The stop switch of signing. One officer throws it, two release it."""

from __future__ import annotations

from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line
from meterai.console.acts.model import ConsoleAct, Prepared, Word
from meterai.kit.acting import Actor
from meterai.kit.stop_switches import SEALING_STOPPED
from meterai.operations.use_cases.stop_signing import resume_signing, signing, stop_signing
from meterai.texts import console_acts as words


class SwitchForm(msgspec.Struct, frozen=True, kw_only=True):
    """Why the switch is thrown or released."""

    reason: Line


async def _prepare(app: ConsoleApp, form: SwitchForm) -> Prepared:
    found = await signing(app.db)
    return Prepared(
        subject=SEALING_STOPPED,
        facts={"reason": form.reason},
        figures=[
            (words.SWITCH, Word(words.SWITCH_ON if found.stopped else words.SWITCH_OFF)),
            (words.WAITING, found.waiting),
        ],
    )


async def _stop(app: ConsoleApp, form: SwitchForm, actor: Actor) -> None:
    await stop_signing(app.db, reason=form.reason, actor=actor, now=app.clock())


async def _resume(app: ConsoleApp, form: SwitchForm, actor: Actor) -> None:
    await resume_signing(app.db, reason=form.reason, actor=actor, now=app.clock())


ACTS: Final = (
    ConsoleAct(
        kind="sealing.stop",
        path="hentikan-tanda-tangan",
        group="signing",
        roles=frozenset({"admin", "keys", "finance"}),
        signatures=1,
        form=SwitchForm,
        words=words.STOP_SIGNING,
        prepare=_prepare,
        carry_out=_stop,
    ),
    ConsoleAct(
        kind="sealing.resume",
        path="lanjutkan-tanda-tangan",
        group="signing",
        roles=frozenset({"admin", "keys"}),
        signatures=2,
        form=SwitchForm,
        words=words.RESUME_SIGNING,
        prepare=_prepare,
        carry_out=_resume,
    ),
)
