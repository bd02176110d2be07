"""Jinja's environment for pages: their language, its translations, and strict names."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from meterai.texts.mechanism.catalogues import load_translations, names_of_languages


def page_environment(templates: Path, language: str) -> Environment:
    """Makes the environment of a language for the templates in a folder. Doors add what only they show."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        load_translations(language), newstyle=True
    )
    environment.globals |= {"language": language, "names_of_languages": names_of_languages()}
    return environment
