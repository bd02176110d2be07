"""What a person chose on the page of a bundle that was not started, and which part of it they see."""

from __future__ import annotations

from uuid import UUID

import msgspec

from meterai.pdf.profiles import Profile
from meterai.stamping.bundles.model import Rule
from meterai.stamping.placement import Position
from meterai.web.placing.placing_form import PROFILES
from meterai.web.requests.forms import Form, position_named

FILES_SHOWN = 24
"""Pictures on one page of a bundle."""
_FIRST, _LATER, _AGAIN = "pertama", "tanda_tangan", "lagi"


class BundleView(msgspec.Struct, frozen=True, kw_only=True):
    """The choices that addresses and forms carry, so that nothing is lost on the way to one file and back."""

    page: int = 1
    position: Position | None = None
    """One place for all documents. None: the proposed places."""
    on_first: bool = False
    sign_later: bool = False
    again: bool = False
    """Whether documents that carry a stamp get another one."""

    @property
    def rule(self) -> Rule:
        """The rule for the places of all documents."""
        return Rule(
            position=self.position,
            page="first" if self.on_first else "last",
            profile=Profile.SIGN_LATER if self.sign_later else Profile.FINAL,
        )

    @property
    def text(self) -> str:
        """The view as addresses carry it."""
        named = [self.position.form_value] if self.position else []
        chosen = {_FIRST: self.on_first, _LATER: self.sign_later, _AGAIN: self.again}
        return ".".join([str(self.page), *named, *(name for name, is_so in chosen.items() if is_so)])

    def address(self, bundle_id: UUID, file_id: UUID | None = None) -> str:
        """The address of the bundle's page, and there of one file."""
        query = f"?lihat={self.text}" if self != BundleView() else ""
        return f"/saya/banyak/{bundle_id}{query}" + (f"#f-{file_id}" if file_id else "")


def place_address(bundle_id: UUID, file_id: UUID, view: BundleView) -> str:
    """The address of the page on which the stamp of one file is moved."""
    return f"/saya/banyak/{bundle_id}/letak/{file_id}/{view.text}"


def view_named(text: str) -> BundleView:
    """Reads a view from an address. What it does not know is left out."""
    page, *names = text.split(".")
    return BundleView(
        page=position_named(page),
        position=next((found for name in names if (found := Position.from_form(name))), None),
        on_first=_FIRST in names,
        sign_later=_LATER in names,
        again=_AGAIN in names,
    )


def view_in(form: Form) -> BundleView:
    """Reads the view from the form that starts a bundle."""
    return BundleView(
        page=position_named(form.text("hal")),
        position=Position.from_form(form.text("letak")),
        on_first=form.text("halaman") == _FIRST,
        sign_later=PROFILES.get(form.text("sesudah")) is Profile.SIGN_LATER,
        again=form.number("lagi") > 0,
    )
