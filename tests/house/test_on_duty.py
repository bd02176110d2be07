"""docs/on-duty.md has every event that the logs tell of as a warning or worse."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEVELS = {"warning", "error", "exception", "critical"}
TOLD_BY_LOG_TROUBLE = {"outage", "fault"}


def test_every_event_that_an_officer_sees_has_a_row() -> None:
    page = (ROOT / "docs" / "on-duty.md").read_text()
    named = set(re.findall(r"`([^`\n]+)`", page))
    events = {
        event
        for path in (ROOT / "src" / "meterai").rglob("*.py")
        for event in events_in(ast.parse(path.read_text()))
    }
    assert len(events) > 60
    assert events - named == set()


def events_in(module: ast.Module) -> Iterator[str]:
    """What a module logs from warning on, by `log` itself or by `log_trouble`."""
    constants = {
        target.id: assigned.value
        for assigned in module.body
        if isinstance(assigned, ast.Assign)
        for target in assigned.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(module):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name("log"), attr=level)) if level in LEVELS:
                names = call.args[:1]
            case ast.Call(func=ast.Name("log_trouble")):
                names = [word.value for word in call.keywords if word.arg in TOLD_BY_LOG_TROUBLE]
                assert len(names) == len(TOLD_BY_LOG_TROUBLE), "named in the call, to be found here"
            case _:
                continue
        for name in names:
            event = constants.get(name.id, name) if isinstance(name, ast.Name) else name
            if isinstance(event, ast.Name):
                continue  # `log_trouble` itself, which is told
            assert isinstance(event, ast.Constant)
            assert isinstance(event.value, str)
            yield event.value
