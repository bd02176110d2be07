"""Says which layers a screen shows when a document is opened (ISO 32000-2 clause 8.11). Runs in the jail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pikepdf

from meterai.pdf.opening.structure import name_of, refuse

_DEPTH_MAX = 20
"""Depth of an expression over layers."""
_AS_OPENED = 1.0
"""The zoom at which a document is shown: real size."""


class LayerStates:
    """The state of each layer by the default configuration, for viewing at real size.

    Readers that let people choose language or user may differ: such layers are as the lists ON and OFF say.
    """

    def __init__(self, root: Any) -> None:
        """`root`: the catalog of the document."""
        properties = root.get("/OCProperties")
        found = properties if isinstance(properties, pikepdf.Dictionary) else pikepdf.Dictionary()
        default = found.get("/D")
        self._default: Any = default if isinstance(default, pikepdf.Dictionary) else pikepdf.Dictionary()
        self._states: dict[Any, bool] = {}
        at_first = name_of(self._default.get("/BaseState", "/ON")) != "/OFF"
        self._states = {group.objgen: at_first for group in _groups(found.get("/OCGs"))}
        for key, state in (("/ON", True), ("/OFF", False)):
            listed = {group.objgen for group in _groups(self._default.get(key))}
            self._states |= dict.fromkeys(listed & self._states.keys(), state)
        self._states |= dict(self._by_usage())

    def shows(self, value: Any) -> bool:
        """Whether content is visible that belongs to this layer, or to this rule over layers.

        Raises: Refusal INVALID `pdf.not_static` for a rule that is nested too deeply.
        """
        if not isinstance(value, pikepdf.Dictionary):
            return True
        if name_of(value.get("/Type", "/OCG")) != "/OCMD":
            return self._is_on(value)
        expression = value.get("/VE")
        if isinstance(expression, pikepdf.Array) and len(expression):
            return self._holds(expression, 0)
        return self._follows_policy(value)

    def _is_on(self, group: Any) -> bool:
        """A group that the document does not list, or that is not meant for viewing, hides nothing."""
        return not self._is_for_view(group) or self._states.get(group.objgen, True)

    def _is_for_view(self, group: Any) -> bool:
        wanted = _names(self._default.get("/Intent", pikepdf.Name.View))
        return "/All" in wanted or not wanted.isdisjoint(_names(group.get("/Intent", pikepdf.Name.View)))

    def _follows_policy(self, rule: Any) -> bool:
        states = [self._is_on(group) for group in _groups(rule.get("/OCGs"))]
        if not states:
            return True
        match name_of(rule.get("/P", "/AnyOn")):
            case "/AllOn":
                return all(states)
            case "/AnyOff":
                return not all(states)
            case "/AllOff":
                return not any(states)
            case _:
                return any(states)

    def _holds(self, expression: Any, depth: int) -> bool:
        """The value of a visibility expression (clause 8.11.2.2)."""
        if depth > _DEPTH_MAX:
            raise refuse("pdf.not_static")
        if not isinstance(expression, pikepdf.Array):
            return self.shows(expression) if isinstance(expression, pikepdf.Dictionary) else True
        if not len(expression):
            return True
        operands = [self._holds(item, depth + 1) for item in list(expression)[1:]]
        match name_of(expression[0]):
            case "/Not":
                return not all(operands[:1])
            case "/Or":
                return any(operands)
            case _:
                return all(operands)

    def _by_usage(self) -> Iterator[tuple[Any, bool]]:
        """The states that follow from how layers are used, where the document asks for that (8.11.4.4)."""
        events = self._default.get("/AS")
        for event in events if isinstance(events, pikepdf.Array) else ():
            if not isinstance(event, pikepdf.Dictionary) or event.get("/Event") != "/View":
                continue
            categories = _names(event.get("/Category", pikepdf.Array()))
            for group in _groups(event.get("/OCGs")):
                advice = list(_advice(group.get("/Usage"), categories))
                if advice and group.objgen in self._states:
                    yield group.objgen, all(advice)


def _advice(usage: Any, categories: set[str]) -> Iterator[bool]:
    if not isinstance(usage, pikepdf.Dictionary):
        return
    view, zoom = usage.get("/View"), usage.get("/Zoom")
    if "/View" in categories and isinstance(view, pikepdf.Dictionary) and "/ViewState" in view:
        yield view["/ViewState"] != "/OFF"
    if "/Zoom" in categories and isinstance(zoom, pikepdf.Dictionary):
        lowest, highest = (_number(zoom.get(key)) for key in ("/min", "/max"))
        yield (lowest or 0.0) <= _AS_OPENED and (highest is None or highest > _AS_OPENED)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _groups(value: Any) -> list[Any]:
    """The layers of a list, or the only one. A null is none."""
    listed = list(value) if isinstance(value, pikepdf.Array) else [value]
    return [item for item in listed if isinstance(item, pikepdf.Dictionary)]


def _names(value: Any) -> set[str]:
    return {name_of(item) for item in (value if isinstance(value, pikepdf.Array) else [value])}
