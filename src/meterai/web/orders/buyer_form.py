"""The fields for name and NPWP, on three pages."""

from __future__ import annotations

from typing import NamedTuple

from meterai.sales.buyer import Buyer, read_buyer
from meterai.web.requests.forms import Form


class BuyerFields(NamedTuple):
    """What the fields show."""

    name: str = ""
    npwp: str = ""


def typed_buyer(form: Form) -> Buyer | None:
    """The buyer in a form; None when the fields are empty. Raises: what `read_buyer` says."""
    return read_buyer(form.text("pembeli"), form.text("npwp"))


def fields_of_form(form: Form) -> BuyerFields:
    """What was typed, to be shown again."""
    return BuyerFields(form.text("pembeli"), form.text("npwp"))


def fields_of(buyer: Buyer | None) -> BuyerFields:
    """What was stored."""
    return BuyerFields(buyer.name, buyer.npwp_text) if buyer else BuyerFields()
