"""Acts on an order that need a fresh code: giving stamps back, naming the account of a refund.

What was typed is tagged with our secret and travels through the code's pages. So what is done is exactly what
those pages showed.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

from meterai.kernel.refusals import Kind, Refusal
from meterai.sales.bank_account import BankAccount, read_bank_account
from meterai.web.requests.forms import Form, id_in
from meterai.web.requests.mac import read_tagged_text, to_tagged_text

ACT_COOKIE = "tindakan"
ACT_FIELD = "tindakan"
ACT_SECONDS = 15 * 60
_PURPOSE = b"order act"


class OrderAct(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants done with an order, as they typed it and as the pages show it."""

    kind: Literal["ask", "name"]
    """`ask`: give stamps of the item `target` back. `name`: name the account of the refund `target`."""
    target: UUID
    amount: int
    """Rupiah that go back."""
    pieces: int = 0
    given_back: int = 0
    """How many pieces of the item had been given back when the person decided."""
    account: BankAccount | None = None
    code_id: UUID | None = None
    """The code that was sent for it."""
    sent_to: str = ""
    """The masked contact to which it was sent."""
    tries_from: int = 0
    """The second of the epoch from which a try of the code counts."""
    sent_before: int = 0
    """When an earlier request brought the message with the code; 0: this one did."""
    next_at: int = 0
    """When the contact gets the next message."""


def seal_act(secret: bytes, order_id: UUID, act: OrderAct) -> str:
    """Writes an act as text that nobody else can make, and that is good for this order only."""
    return to_tagged_text(secret, _PURPOSE, msgspec.json.encode(act), about=order_id.bytes)


def open_act(secret: bytes, order_id: UUID, text: str) -> OrderAct | None:
    """Reads what `seal_act` wrote; None for anything else."""
    body = read_tagged_text(secret, _PURPOSE, text, about=order_id.bytes)
    return None if body is None else msgspec.json.decode(body, type=OrderAct)


def typed_account(form: Form) -> BankAccount | None:
    """The account in a form, in the spelling in which it is used; None when a field is empty.

    Raises: what `read_bank_account` raises.
    """
    bank, number, holder = form.text("bank"), form.text("rekening"), form.text("pemilik")
    return read_bank_account(bank, number, holder) if bank and number and holder else None


def typed_id(text: str) -> UUID:
    """An id in a form. Raises: Refusal NOT_FOUND `order.no_such_item`."""
    id = id_in(text)
    if id is None:
        raise Refusal(Kind.NOT_FOUND, "order.no_such_item")
    return id
