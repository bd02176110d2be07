"""Acts on prices. Two officers set the service fee from a date on."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from meterai.bootstrap import ConsoleApp
from meterai.console.acts.forms import Line, Whole
from meterai.console.acts.model import ConsoleAct, Prepared
from meterai.kernel.money import format_rupiah
from meterai.kit.acting import Actor
from meterai.sales.use_cases import set_price as use_case
from meterai.sales.use_cases.set_price import NewPrice, look_at_price, read_rate
from meterai.texts import console_acts as words


class PriceForm(msgspec.Struct, frozen=True, kw_only=True):
    """A fee, and from when on."""

    valid_from: date
    fee: Whole
    vat: Line
    reason: Line

    def read(self) -> NewPrice:
        """The price that was typed. Raises: Refusal INVALID `price.no_rate`."""
        return NewPrice(
            valid_from=self.valid_from,
            fee=self.fee,
            vat_basis_points=read_rate(self.vat),
            reason=self.reason,
        )


async def _prepare(app: ConsoleApp, form: PriceForm) -> Prepared:
    new = form.read()
    async with app.db.connection() as connection:
        change = await look_at_price(connection, new, now=app.clock())
    before, face_value = change.before, change.face_value
    return Prepared(
        subject=new.subject,
        facts=new.facts(),
        figures=[
            (words.PRICE_BEFORE, _fee(before.fee, before.vat)),
            (words.PRICE_AFTER, _fee(new.fee, new.vat)),
            (words.PAID_BEFORE, format_rupiah(face_value + before.fee)),
            (words.PAID_AFTER, format_rupiah(face_value + new.fee)),
        ],
    )


def _fee(fee: int, vat: int) -> str:
    return f"{format_rupiah(fee)} (PPN {format_rupiah(vat)})"


async def _set(app: ConsoleApp, form: PriceForm, actor: Actor) -> None:
    await use_case.set_price(app.db, form.read(), actor=actor, now=app.clock())


ACTS: Final = (
    ConsoleAct(
        kind=use_case.KIND,
        path="tetapkan-biaya",
        group="prices",
        roles=frozenset({"finance"}),
        signatures=2,
        form=PriceForm,
        words=words.SET_PRICE,
        prepare=_prepare,
        carry_out=_set,
    ),
)
