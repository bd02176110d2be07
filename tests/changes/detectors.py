"""The functions of the verifier that can object to a file, and how to switch one off."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from meterai.pdf import signed
from meterai.verification import in_jail

_PACKAGES = (in_jail, signed)
_RAISES = ("raise Unreadable", "raise ShapeError", "raise SuspiciousModification", "yield CHANGED")
_ANSWERS = ("bool", "list[str]", "Iterator[str]")
_NOT_THE_VERIFIERS = (
    "meterai.pdf.signed.existing_signatures",
    "meterai.pdf.signed.seal_check",
    "meterai.pdf.signed.signature_fields",
)
"""They look at uploads and at what we sealed ourselves."""


def deciding() -> dict[str, Callable[..., Any]]:
    """Every function that answers yes or no, lists problems, or refuses a file, as `module:name`."""
    return {name: found for name, found in _functions() if _decides(found)}


def _functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in _modules():
        short = module.__name__.removeprefix("meterai.").removeprefix("verification.")
        for name, value in vars(module).items():
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(value):
                yield f"{short}:{name}", value
            elif inspect.isclass(value):
                for part, method in vars(value).items():
                    if inspect.isfunction(method) and method.__module__ == module.__name__:
                        yield f"{short}:{name}.{part}", method


def _modules() -> Iterator[Any]:
    for package in _PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if found.name not in _NOT_THE_VERIFIERS:
                yield importlib.import_module(found.name)


def _decides(function: Callable[..., Any]) -> bool:
    if function.__annotations__.get("return") in _ANSWERS:
        return True
    try:
        text = inspect.getsource(function)
    except OSError:  # written by a decorator
        return False
    return any(words in text for words in _RAISES)


@contextmanager
def switched_off(answers: dict[str, Any]) -> Iterator[None]:
    """Each named function gives this answer, wherever it is called from."""
    with ExitStack() as stack:
        for name, answer in answers.items():
            replaced = answer if callable(answer) else _always(answer)
            for holder, attribute in _uses(name):
                stack.enter_context(patch.object(holder, attribute, replaced))
        yield


def _always(answer: Any) -> Callable[..., Any]:
    return lambda *_, **__: answer


def _uses(name: str) -> Iterator[tuple[Any, str]]:
    """Where a function is known by a name: its class, or each module that imports it."""
    module, function = name.split(":")
    prefix = "meterai." if module.startswith("pdf.") else "meterai.verification."
    home = importlib.import_module(prefix + module)
    if "." in function:
        holder, attribute = function.split(".")
        yield getattr(home, holder), attribute
        return
    wanted = getattr(home, function)
    for known in [value for key, value in sys.modules.items() if key.startswith("meterai.")]:
        yield from ((known, key) for key, value in list(vars(known).items()) if value is wanted)
