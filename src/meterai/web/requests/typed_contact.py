"""The contact that a person typed into a form. Likely slips are asked about once."""

from __future__ import annotations

from meterai.customers.slips import likely_meant
from meterai.kernel.refusals import Kind, Refusal
from meterai.web.requests.forms import Form

ASKED = "ditanya"
"""The field with the text that the page has asked about. People keep what they typed by sending it again."""


def typed_contact(form: Form) -> str:
    """Returns the text of the contact. Raises: Refusal INVALID `contact.slip` (`meant`)."""
    typed = form.text("kontak")
    meant = "" if form.text(ASKED) == typed else likely_meant(typed)
    if meant:
        raise Refusal(Kind.INVALID, "contact.slip", meant=meant, typed=typed)
    return typed
