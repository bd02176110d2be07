"""Reads the forms of a page, as a browser without JavaScript would send them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

_TAG = re.compile(
    r"""<(form|input|button|select|option|textarea)\b((?:[^>"']|"[^"]*"|'[^']*')*)>|</(select)>""", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""([^\s"'=/>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")


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


def form_with(html: str, *names: str) -> Form:
    """The first form that has all these fields. Raises: LookupError naming what is missing.

    Reads that form alone, by regular expressions: a crowd can't afford a parser for each page.
    """
    end = 0
    while (at := html.find(f'name="{names[0]}"', end)) >= 0:
        end = html.find("</form>", at)
        form = _read(html[html.rfind("<form", 0, at) : end])
        if form.has(*names):
            return form
    raise LookupError(f"no form with {names} on the page")


def _read(html: str) -> Form:
    form, select = Form(), ""
    for tag in _TAG.finditer(html):
        values = _attributes(tag[2] or "")
        name = values.get("name", "")
        match tag[1]:
            case "form":
                form.action, form.method = values.get("action", ""), values.get("method", "get").lower()
            case "input" if name:
                _input(form, name, values)
            case "button" if name:
                form.buttons.append((name, values.get("value", "")))
            case "textarea" if name:
                content = html[tag.end() : html.index("</textarea>", tag.end())]
                form.fields[name] = unescape(content.removeprefix("\n"))
            case "option" if select:
                form.options.setdefault(select, []).append(values.get("value", ""))
                if "selected" in values or select not in form.fields:
                    form.fields[select] = values.get("value", "")
            case "select" | None:
                select = name
    return form


def _attributes(text: str) -> dict[str, str]:
    found = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        value = double or single or bare
        found[name] = unescape(value) if "&" in value else value
    return found


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
