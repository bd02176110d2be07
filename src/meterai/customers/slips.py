"""Likely slips in e-mail addresses: a domain that is nearly that of a large provider."""

from __future__ import annotations

from functools import lru_cache

from meterai.kit.formats.pasted_text import seen

_PROVIDERS = (
    "gmail.com", "yahoo.com", "yahoo.co.id", "hotmail.com", "outlook.com", "outlook.co.id", "icloud.com",
    "rocketmail.com",
)  # fmt: skip
"""The providers of most addresses in Indonesia, the most frequent first."""
_REAL = frozenset(
    (
        *_PROVIDERS,
        "mail.com",
        "email.com",
        "ymail.com",
        "yahoo.co.uk",
        "yahoo.co.in",
        "yahoo.co.jp",
        "yahoo.ca",
    )
)
"""Domains that are near one of the providers, and exist."""
_ONE_NAME = ("gmail", "icloud")
"""Providers with one domain: another ending is a slip."""


def likely_meant(typed: str) -> str:
    """The e-mail address that a person probably meant; empty when nothing looks like a slip.

    It is a question to ask, and no correction: the person may keep what they typed.
    """
    local, _, domain = seen(typed).strip().lower().rpartition("@")
    meant = _likely_domain(domain) if local else ""
    return f"{local}@{meant}" if meant else ""


@lru_cache(4_096)
def _likely_domain(domain: str) -> str:
    if domain in _REAL:
        return ""
    name, _, ending = domain.partition(".")
    if name in _ONE_NAME:
        return f"{name}.com"
    return next((known for known in _PROVIDERS if _is_near(domain, known, name, ending)), "")


def _is_near(domain: str, known: str, name: str, ending: str) -> bool:
    """Whether a domain differs by one slip from a known one, or by one in each part."""
    known_name, _, known_ending = known.partition(".")
    if not ending:
        return name == known_name or _is_one_slip(domain, known)
    parts = (name, known_name), (ending, known_ending)
    return _is_one_slip(domain, known) or all(a == b or _is_one_slip(a, b) for a, b in parts)


def _is_one_slip(typed: str, meant: str) -> bool:
    """Whether one letter is strange, missing or too many, or two neighbours have changed places."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), len(meant))
    rest, wanted = typed[at:], meant[at:]
    swapped = rest[1:2] + rest[:1] + rest[2:]
    return rest[1:] in (wanted, wanted[1:]) or wanted[1:] == rest or wanted == swapped
