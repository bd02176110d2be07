"""Cuts hidden layers out of a content stream, and the marks of layers that are shown. Runs in the jail.

What is hidden draws nothing, but still moves and changes the state of what follows: colours, matrices, clips
(ISO 32000-2 clauses 8.11.3.2 and 14.6). So only what draws is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pikepdf

_BEGIN, _END = ("BMC", "BDC"), "EMC"
_PAINTS = frozenset({"S", "s", "f", "F", "f*", "B", "B*", "b", "b*"})
_DRAWS = frozenset({"sh", "Do", "INLINE IMAGE", "EI"})
_SHOWS = frozenset({"Tj", "TJ", "'", '"'})
_PLACES = frozenset({"Td", "TD", "Tm", "T*", "BT", "ET"})
_TRACKED = _PLACES | {"q", "Q", "Tr"}
_NOTHING, _CLIPS = 3, 7
"""Rendering modes of text that draws nothing, and that only clips (clause 9.3.6)."""

type Shows = Callable[[pikepdf.Name], bool]
"""Says of a name among the stream's properties whether its layer is shown. One without a layer is."""


def cut_hidden(content: Any, shows: Shows) -> bytes | None:
    """The content of a page or stream without hidden layers. None if it marks no layers.

    Raises: PdfError if the content can't be read.
    """
    cutter = _Cutter(shows)
    for instruction in pikepdf.parse_content_stream(content):
        cutter.take(instruction)
    return pikepdf.unparse_content_stream(cutter.kept) if cutter.found else None


class _Cutter:
    """Takes one instruction after the other. `found`: whether a layer was marked."""

    def __init__(self, shows: Shows) -> None:
        self.kept: list[Any] = []
        self.found = False
        self._shows = shows
        self._marks: list[bool | None] = []
        """The open marks: whether their layer is shown; None for marks of another kind."""
        self._mode, self._modes = 0, list[int]()
        self._waiting: list[tuple[int, Any]] = []
        """Hidden text, and where it stood. Text that follows it in its line begins where it ended."""

    def take(self, instruction: Any) -> None:
        operator = str(instruction.operator)
        if operator in _BEGIN:
            self._begin(operator, instruction)
        elif operator == _END:
            if (self._marks.pop() if self._marks else None) is None:
                self.kept.append(instruction)
        else:
            if operator in _TRACKED:
                self._follow(operator, instruction.operands)
            if False in self._marks:
                self._hide(operator, instruction)
            else:
                self._keep(operator, instruction)

    def _begin(self, operator: str, instruction: Any) -> None:
        operands, shown = list(instruction.operands), None
        named = operator == "BDC" and len(operands) == 2 and isinstance(operands[1], pikepdf.Name)
        if named and operands[0] == "/OC":
            shown = self._shows(operands[1])
        self._marks.append(shown)
        if shown is None:
            self.kept.append(instruction)
        else:
            self.found = True

    def _follow(self, operator: str, operands: Any) -> None:
        """Keeps track of what the rendering mode of text is."""
        if operator == "q":
            self._modes.append(self._mode)
        elif operator == "Q" and self._modes:
            self._mode = self._modes.pop()
        elif operator == "Tr" and len(operands) == 1:
            self._mode = int(operands[0])
        if operator in _PLACES:
            self._waiting.clear()

    def _hide(self, operator: str, instruction: Any) -> None:
        if operator in _PAINTS:
            self.kept.append(_instruction([], "n"))
        elif operator in _SHOWS:
            self._hide_text(operator, list(instruction.operands))
        elif operator not in _DRAWS:
            self.kept.append(instruction)

    def _hide_text(self, operator: str, operands: list[Any]) -> None:
        """Keeps what an operator does beside showing text: a new line, distances of words and letters."""
        if operator == '"' and len(operands) == 3:
            self.kept += [_instruction([operands[0]], "Tw"), _instruction([operands[1]], "Tc")]
        if operator in ("'", '"'):
            self.kept.append(_instruction([], "T*"))
            self._waiting.clear()
        shown = operands[-1:]
        self._waiting.append((len(self.kept), _instruction(shown, "TJ" if operator == "TJ" else "Tj")))
        if self._mode > _NOTHING:  # it clips what follows
            self._put_back()

    def _keep(self, operator: str, instruction: Any) -> None:
        if operator in ("'", '"'):
            self._waiting.clear()
        elif operator in _SHOWS and self._waiting:
            self._put_back()
        self.kept.append(instruction)

    def _put_back(self) -> None:
        """Puts hidden text back as text that draws nothing, so that what follows stays in its place."""
        unseen = _CLIPS if self._mode > _NOTHING else _NOTHING
        for at, shown in reversed(self._waiting):
            self.kept[at:at] = [_instruction([unseen], "Tr"), shown, _instruction([self._mode], "Tr")]
        self._waiting.clear()


def _instruction(operands: Iterable[Any], operator: str) -> Any:
    return pikepdf.ContentStreamInstruction(list(operands), pikepdf.Operator(operator))
