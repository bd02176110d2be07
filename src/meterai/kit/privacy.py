"""How long each class of personal data is kept, and who answers for it, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from meterai.kit.settings import Settings, contact_link


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """The terms of classes whose end the operator may set. docs/security.md has the table of all classes."""

    stamped_days: int
    books_years: int
    bank_account_days: int
    order_contact_days: int
    removed_contact_days: int
    idle_contact_days: int
    case_days: int
    line_days: int
    audit_value_days: int
    notice_days: int
    log_days: int


@dataclass(frozen=True, slots=True)
class Privacy:
    """What the privacy page says of this installation."""

    officer: str
    """Data protection officer; empty: the operator answers itself."""
    contact: str
    """Where people reach them; empty: not at all."""
    terms: RetentionTerms

    @property
    def contact_link(self) -> str:
        """The target of a link to `contact`."""
        return contact_link(self.contact)


def terms_of(settings: Settings) -> RetentionTerms:
    """The terms as set: each is the setting `keep_...`."""
    names = [field.name for field in fields(RetentionTerms)]
    return RetentionTerms(**{name: getattr(settings, f"keep_{name}") for name in names})


def privacy_of(settings: Settings) -> Privacy:
    """What the settings say."""
    return Privacy(
        officer=settings.privacy_officer,
        contact=settings.privacy_contact or settings.contact,
        terms=terms_of(settings),
    )


NOT_SET: Final = privacy_of(Settings())
