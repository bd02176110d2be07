"""Reads the forms of a page, as a browser without JavaScript would send them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)


@dataclass(slots=True)
class Form:
    """A form: where it goes, its fields with the values they have now, its file inputs in page order."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether the form has all these fields (of any kind)."""
        known = {*self.fields, *self.files, *self.options, *(name for name, _ in self.buttons)}
        return all(name in known for name in names)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(values.get("action", ""), values.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, values)

    def _field(self, form: Form, tag: str, values: dict[str, str]) -> None:
        name = values.get("name", "")
        if tag == "input" and name:
            self._input(form, name, values)
        elif tag == "button" and name:
            form.buttons.append((name, values.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            form.fields[name] = ""
        elif tag == "option" and self._select:
            form.options.setdefault(self._select, []).append(values.get("value", ""))
            if "selected" in values or self._select not in form.fields:
                form.fields[self._select] = values.get("value", "")

    @staticmethod
    def _input(form: Form, name: str, values: dict[str, str]) -> None:
        kind = values.get("type", "text").lower()
        if kind == "file":
            form.files.append(name)
        elif kind in ("radio", "checkbox"):
            form.options.setdefault(name, []).append(values.get("value", "on"))
            if "checked" in values:
                form.fields[name] = values.get("value", "on")
        elif kind == "submit":
            form.buttons.append((name, values.get("value", "")))
        else:
            form.fields[name] = values.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""


def forms_of(html: str) -> list[Form]:
    """Every form of the page, in order."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def form_with(html: str, *names: str) -> Form:
    """The first form that has all these fields. Raises: LookupError naming what is missing.

    Reads that form alone: a crowd can't afford to read the rest of each page.
    """
    for chunk in _FORM.findall(html):
        if all(f'name="{name}"' in chunk for name in names):
            for form in forms_of(chunk):
                if form.has(*names):
                    return form
    raise LookupError(f"no form with {names} on the page")
