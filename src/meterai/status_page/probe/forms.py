"""Reads the forms of a page, as a browser without JavaScript would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit


@dataclass(slots=True)
class Form:
    """A form: where it goes, and its fields with the values that they have on the page."""

    action: str
    is_multipart: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def read_forms(page: str) -> list[Form]:
    """The forms of a page that are sent by POST."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_with(page: str, *names: str) -> Form:
    """The first form that has all these fields. Raises: LookupError when there is none."""
    for form in read_forms(page):
        if all(name in form.fields or name in form.files for name in names):
            return form
    raise LookupError(f"no form with {names}")


def form_to(page: str, ending: str) -> Form:
    """The first form whose address ends so. Raises: LookupError when there is none."""
    for form in read_forms(page):
        if urlsplit(form.action).path.endswith(ending):
            return form
    raise LookupError(f"no form to {ending}")


class _Reader(HTMLParser):
    """Buttons are left out: each form that the probe sends has one that says nothing more, or takes any."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._begin(told)
        elif self._form is not None and "disabled" not in told and "form" not in told:
            if tag == "input":
                _add_input(self._form, told)
            elif tag == "select":
                self._select = told.get("name", "")
            elif tag == "textarea":
                self._form.fields[told.get("name", "")] = ""
            elif tag == "option" and self._select:
                self._add_option(told, self._form.fields)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""

    def _add_option(self, told: dict[str, str], fields: dict[str, str]) -> None:
        if "selected" in told or self._select not in fields:
            fields[self._select] = told.get("value", "")

    def _begin(self, told: dict[str, str]) -> None:
        self._form = Form(
            told.get("action", ""), is_multipart=told.get("enctype", "").startswith("multipart/")
        )
        if told.get("method", "").lower() == "post":
            self.forms.append(self._form)


def _add_input(form: Form, told: dict[str, str]) -> None:
    name, kind = told.get("name", ""), told.get("type", "text").lower()
    if not name or kind in ("submit", "button", "reset", "image"):
        return
    if kind == "file":
        form.files.append(name)
    elif kind not in ("radio", "checkbox"):
        form.fields[name] = told.get("value", "")
    elif "checked" in told:
        form.fields[name] = told.get("value", "on")
