"""What makes rendering cheap: templates call their functions directly, and a text is looked up once."""

from __future__ import annotations

import gettext
from collections.abc import Callable
from typing import Any

from jinja2.runtime import Context, Macro
from markupsafe import Markup


class PlainContext(Context):
    """Calls what a template calls. Jinja's own way asks each function five questions first, 2 us a call."""

    def call(self, called: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
        """The answer of `called`; macros and functions that want the context get what Jinja gives them."""
        if isinstance(called, Macro) or getattr(called, "jinja_pass_arg", None) is not None:
            return super().call(called, *arguments, **named)
        named.pop("_loop_vars", None)
        named.pop("_block_vars", None)
        return called(*arguments, **named)


def translator(translations: gettext.NullTranslations) -> Callable[..., Markup]:
    """What templates know as `_`: gettext, newstyle, that is with the facts put in and escaped.

    Only for texts that stand in templates: each is kept for ever.
    """
    patterns: dict[str, Markup] = {}
    finished: dict[str, Markup] = {}

    def translate(text: str, **facts: Any) -> Markup:
        if not facts and (known := finished.get(text)) is not None:
            return known
        pattern = patterns.get(text)
        if pattern is None:
            pattern = patterns[text] = Markup(translations.gettext(text))  # noqa: S704 - our own catalogue
        if facts:
            return pattern % facts
        finished[text] = pattern % facts
        return finished[text]

    return translate
